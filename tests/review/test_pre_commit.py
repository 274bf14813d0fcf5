"""The hooks, installed and run by pre-commit itself on a repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.judges import tool

from .conftest import Repo
from .runner import ROOT

Make = Callable[[dict[str, str], dict[str, str]], Repo]
POOR = "FROM debian:12\nENV A 1\n"
BETTER = "FROM debian:12\nENV A=1\n"


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
def hooks(tmp_path: Path) -> Repo:
    """The repository that hooks come from."""
    made = Repo(tmp_path / "hooks")
    for name in ("dockerslim_rewrite", "templates", "tests/passes"):
        shutil.copytree(ROOT / name, made.root / name, ignore=shutil.ignore_patterns("__pycache__", "_compiled"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, made.root / name)
    made.commit()
    return made


@pytest.mark.slow
def test_pre_commit_installs_the_hooks_and_runs_them(
    repo: Make, hooks: Repo, offline: dict[str, str], tmp_path: Path
) -> None:
    config = (
        f"repos:\n- repo: {hooks.root.as_uri()}\n  rev: {hooks.git('rev-parse', 'HEAD').strip()}\n"
        "  hooks:\n  - {id: dockerslim-rewrite-check}\n  - {id: dockerslim-rewrite, args: [--level, safe]}\n"
    )
    names = ("Dockerfile", "app/api.dockerfile", "web/Dockerfile-alpine")
    made = repo({".pre-commit-config.yaml": config}, {**dict.fromkeys(names, POOR), "notes.md": POOR})

    def run(hook: str) -> subprocess.CompletedProcess[str]:
        command = [tool("pre-commit"), "run", "--all-files", "--color=never", "--verbose", hook]
        return subprocess.run(command, cwd=made.root, env=offline, capture_output=True, text=True, check=False)

    held = run("dockerslim-rewrite-check")
    assert held.returncode == 1, held.stdout
    assert "- exit code: 1" in held.stdout
    for name in names:
        assert f"{name}:2: DS604 " in held.stdout
    assert {name: (made.root / name).read_text() for name in names} == dict.fromkeys(names, POOR)

    changed = run("dockerslim-rewrite")
    assert changed.returncode == 1
    assert "- files were modified by this hook" in changed.stdout
    assert {name: (made.root / name).read_text() for name in names} == dict.fromkeys(names, BETTER)
    assert (made.root / "notes.md").read_text() == POOR
    assert [run(one).returncode for one in ("dockerslim-rewrite", "dockerslim-rewrite-check")] == [0, 0]
