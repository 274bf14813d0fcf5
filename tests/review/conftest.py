"""Repositories with a branch to review."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from dockerslim_rewrite.pipeline.parts import Replacement

from .runner import ROOT


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


@pytest.fixture
def offline(tmp_path: Path) -> dict[str, str]:
    """Variables with which pip installs this project from what is installed here, without an index."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for one in Path(sysconfig.get_path("purelib")).iterdir():
        # The project itself has to come from what is installed.
        if "dockerslim" not in one.name and one.suffix != ".pth":
            (shelf / one.name).symlink_to(one)
    # Of an option that takes something away pip stores the opposite: 0 is without.
    switches = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1"}
    home = {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PYTHONPATH": str(shelf)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PIP_", "PYTHON"))}
    return kept | switches | home


@pytest.fixture
def project(tmp_path: Path) -> Repo:
    """This project as a repository, as far as it is installed from one."""
    made = Repo(tmp_path / "project")
    for name in ("dockerslim_rewrite", "templates", "tests/passes"):
        shutil.copytree(ROOT / name, made.root / name, ignore=shutil.ignore_patterns("__pycache__", "_compiled"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, made.root / name)
    made.commit()
    return made
