"""CODEOWNERS as GitHub and GitLab document it."""

from __future__ import annotations

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


def test_nobody_owns_anything_without_entries() -> None:
    assert read_owners("# nothing\n\n").of("Dockerfile") == ()
