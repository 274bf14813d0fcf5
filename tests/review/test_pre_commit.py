"""The hooks, installed and run by pre-commit itself on a repository."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests.corpus.judges import tool

from .conftest import Repo

Make = Callable[[dict[str, str], dict[str, str]], Repo]
POOR = "FROM debian:12\nENV A 1\n"
BETTER = "FROM debian:12\nENV A=1\n"


@pytest.mark.slow
def test_pre_commit_installs_the_hooks_and_runs_them(repo: Make, project: Repo, offline: dict[str, str]) -> None:
    config = (
        f"repos:\n- repo: {project.root.as_uri()}\n  rev: {project.git('rev-parse', 'HEAD').strip()}\n"
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
