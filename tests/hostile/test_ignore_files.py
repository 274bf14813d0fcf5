"""Ignore files that nobody wrote: what they cost has a bound, and that they are not followed is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.context.dockerignore import TooManyPatterns, read_dockerignore
from dockerslim_rewrite.workspace.builds.graph import build_graph
from dockerslim_rewrite.workspace.discovery import Skipped, discover
from dockerslim_rewrite.workspace.ignored import _spec
from dockerslim_rewrite.workspace.repository import Repository
from dockerslim_rewrite.workspace.walk import walk

pytestmark = pytest.mark.usefixtures("soon")
WORDS = "abcdefghijklmnopqrstuvwxyz"


NOBODYS = {
    "patterns": "".join(f"p{number}\n" for number in range(140_000)),
    "exceptions": "".join(f"!p{number}\n" for number in range(120_000)),
    "stars": ("*a" * 2_000 + "\n") * 3,
    "letters": "a" * 1_000_000,
    "one_line_of_stars": "*a" * 500_000,
    "question_marks": "?" * 1_000_000,
    "brackets": "(" * 1_000_000,
    "long_lines": "".join("(" * 4_000 + f"{number}\n" for number in range(250)),
    "long_lines_of_question_marks": "".join("?" * 4_000 + f"{number}\n" for number in range(250)),
}


@pytest.mark.parametrize("name", NOBODYS)
def test_a_gitignore_that_nobody_wrote_is_not_followed_and_told_once(name: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text(NOBODYS[name])
    (tmp_path / "Dockerfile").write_text("FROM debian:12\n")
    repository = Repository(tmp_path)
    for _ in range(2):
        build_graph(repository)
    assert list(repository.complaints) == [".gitignore"]
    assert repository.complaints[".gitignore"].endswith("; not followed")
    skipped = [one for one in discover([str(tmp_path)]) if isinstance(one, Skipped)]
    assert [one.path.rpartition("/")[2] for one in skipped] == [".gitignore"]


def test_all_ignore_files_of_a_repository_have_one_bound(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"d{number}").mkdir()
        lines = (f"p{number}-{line}\n" for line in range(1_900))
        (tmp_path / f"d{number}" / ".gitignore").write_text("".join(lines))
    (tmp_path / "d8" / "p8-7").write_text("")
    (tmp_path / "d0" / "p0-7").write_text("")
    seen = {one.path: one.skipped for one in walk(tmp_path)}
    assert seen["d0/p0-7"] == "ignored by Git"
    assert seen["d8/p8-7"] is None
    refused = [path for path, skipped in seen.items() if (skipped or "").endswith("not followed")]
    assert refused == [f"d{number}/.gitignore" for number in range(5, 9)]


def test_ignore_files_that_say_the_same_count_once(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}" / ".gitignore").write_text("".join(f"p{line}\n" for line in range(1_900)))
        (tmp_path / f"d{number}" / "p7").write_text("")
    assert sum(one.skipped == "ignored by Git" for one in walk(tmp_path)) == 50


def test_patterns_at_the_bound_are_compiled_in_time() -> None:
    for sign in "(?a":
        _spec(tuple(sign * 4_000 + str(number) for number in range(32)))
    _spec(tuple(f"{number}" + "*a" * 1_000 for number in range(4)))


@pytest.mark.parametrize(
    "text",
    [
        "*a" * 400_000,
        "a" * 900_000 + "*b*",
        "?" * 900_000 + "*a*",
        "[" + "a-z" * 300_000 + "]*b*",
        "".join(f"*{WORDS * 22}*{number}\n" for number in range(740)),
        "".join(f"**/{WORDS * 22}*{number}\n" for number in range(740)),
    ],
)
def test_stars_of_a_dockerignore_that_nobody_wrote_are_not_even_compiled(text: str) -> None:
    with pytest.raises(TooManyPatterns):
        read_dockerignore(text)


def test_a_dockerignore_that_is_full_gets_no_line_more(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("".join(f"x{number}*\n" for number in range(1_999)))
    (tmp_path / ".env").write_text("A=b\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    result = rewrite("FROM debian:12\nCOPY . /a\n", Options(context=tmp_path))
    assert result.bugs == ()
