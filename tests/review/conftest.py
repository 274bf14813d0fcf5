"""Repositories with a branch to review."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from dockerslim_rewrite.pipeline.parts import Replacement


class Repo:
    """A repository with `main`, and a branch `topic` that is checked out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "jane@example.com")
        self.git("config", "user.name", "Jane")
        self.git("config", "core.autocrlf", "false")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())

    def commit(self, message: str = "change") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)


def apply_lines(text: str, replacements: Iterable[Replacement]) -> str:
    """*text* with *replacements* made the way a forge makes them: whole lines are exchanged. They share no line."""
    lines = text.split("\n")
    for one in sorted(replacements, key=lambda one: -one.first):
        lines[one.first - 1 : one.last] = [] if one.text is None else one.text.split("\n")
    return "\n".join(lines)


@pytest.fixture
def repo(tmp_path: Path) -> Callable[[dict[str, str], dict[str, str]], Repo]:
    """Makes a repository of the files on `main` and those that `topic` writes."""

    def make(before: dict[str, str], after: dict[str, str]) -> Repo:
        made = Repo(tmp_path / "repo")
        made.write(before)
        made.commit("base")
        made.git("checkout", "-q", "-b", "topic")
        made.write(after)
        made.commit()
        return made

    return make
