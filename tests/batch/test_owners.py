"""CODEOWNERS as GitHub and GitLab document it."""

from __future__ import annotations

from cProfile import Profile

import pytest

from dockerslim_rewrite.batch.plan.owners import read_owners

GITHUB = """\
# who owns what
*           @all
*.go        @go  # the language
/build/     @builders
docs/*      docs@example.com
apps/       @apps @more
/apps/free
**/logs     @logs
/with\\ blank/ @blank
"""
GITLAB = """\
* @default
[Database][2] @dba
db/
*.sql @sql
!old.sql
^[Docs] @writers @editors
docs/ @author
*.md
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("Dockerfile", ("@all",)),
        ("a/b/main.go", ("@go",)),
        ("build/x/Dockerfile", ("@builders",)),
        ("a/build/Dockerfile", ("@all",)),
        ("docs/Dockerfile", ("docs@example.com",)),
        ("docs/deep/Dockerfile", ("@all",)),
        ("x/apps/y/Dockerfile", ("@apps", "@more")),
        ("apps/free/Dockerfile", ()),
        ("build/logs/Dockerfile", ("@logs",)),
        ("with blank/Dockerfile", ("@blank",)),
    ],
)
def test_at_github_the_last_match_wins(path: str, owners: tuple[str, ...]) -> None:
    assert read_owners(GITHUB).of(path) == owners


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("Dockerfile", ("@default",)),
        ("db/Dockerfile", ("@default", "@dba")),
        ("db/new.sql", ("@default", "@sql")),
        ("db/old.sql", ("@default",)),
        ("docs/Dockerfile", ("@default", "@author")),
        ("docs/a.md", ("@default", "@writers", "@editors")),
    ],
)
def test_at_gitlab_each_section_has_its_own_last_match(path: str, owners: tuple[str, ...]) -> None:
    assert read_owners(GITLAB).of(path) == owners


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("r/Dockerfile", ("@any",)),
        ("r/a/Dockerfile", ("@any",)),
        ("r/a/b/Dockerfile", ("@any",)),
        ("rr/Dockerfile", ("@all",)),
        ("x/r/Dockerfile", ("@all",)),
        ("s/x", ("@below",)),
        ("s/x/y", ("@below",)),
        ("t/one/u/Dockerfile", ("@deep",)),
        ("t/u/v/Dockerfile", ("@deep",)),
        ("t/w/Dockerfile", ("@all",)),
    ],
)
def test_two_stars_stand_for_no_folder_as_well(path: str, owners: tuple[str, ...]) -> None:
    text = "* @all\n/r/**/Dockerfile @any\n/s/** @below\n/t/**/u/**/Dockerfile @deep\n"
    assert read_owners(text).of(path) == owners


def test_github_skips_exclusions_and_reads_no_pattern_as_a_section() -> None:
    text = "* @all\n/r/ @some\n!/r/a/ @nobody\n!Dockerfile\n[ab].Dockerfile @bracket\n"
    assert read_owners(text).of("r/a/Dockerfile") == ("@some",)
    assert read_owners(text).of("!Dockerfile") == ("@all",)
    assert read_owners(text).of("a.Dockerfile") == ("@all",)
    assert read_owners("[Docs] @writers\n* \n!a\n").of("a") == ()


def test_nobody_owns_anything_without_entries() -> None:
    assert read_owners("# nothing\n\n").of("Dockerfile") == ()


def test_patterns_that_cannot_match_are_not_compiled() -> None:
    """A file of a megabyte has forty thousand: to compile them took most of the time of a batch."""
    lines = "".join(f"/a{n}/**/b*{n} @c{n}\n*{n}*d*e @f{n}\n" for n in range(500))
    profile = Profile()
    found = profile.runcall(lambda: read_owners(f"{lines}/a7/ @g\n").of("a7/x/Dockerfile"))
    assert found == ("@g",)
    assert sum(one.callcount for one in profile.getstats() if "_parse_sub" in str(one.code)) < 100


def test_any_directories_twice_are_any_directories() -> None:
    owners = read_owners("a/**/**/b @deep\n**/**/c @c\nd/**/** @below\n")
    found = {path: owners.of(path) for path in ("a/b", "a/x/b", "a/x/y/b", "c", "x/y/c", "d/x", "d/x/y", "d", "a/x")}
    assert found == {
        **dict.fromkeys(("a/b", "a/x/b", "a/x/y/b"), ("@deep",)),
        **dict.fromkeys(("c", "x/y/c"), ("@c",)),
        **dict.fromkeys(("d/x", "d/x/y"), ("@below",)),
        **dict.fromkeys(("d", "a/x"), ()),
    }


def test_a_pattern_that_nobody_wrote_is_passed_over() -> None:
    assert read_owners("*a" * 100_000 + " @x\n*b @y\n").of("a" * 200 + "b") == ("@y",)
