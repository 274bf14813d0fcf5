"""The files for runners, run the way that runners run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from .conftest import Repo
from .test_review import BASE

ROOT = Path(__file__).parents[2]
Make = Callable[[dict[str, str], dict[str, str]], Repo]


def read(path: str) -> object:
    return YAML(typ="safe").load((ROOT / path).read_text())


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("Dockerfile", True),
        ("a/dockerfile", True),
        ("Dockerfile-alpine", True),
        ("Dockerfile.dev", True),
        ("dev.Dockerfile", True),
        ("x.dockerfile", True),
        ("b/Containerfile", True),
        ("Dockerfiles/readme", False),
        ("docker-compose.yml", False),
        ("MyDockerfileNotes", False),
        ("Dockerfile.dockerignore", False),
        ("Dockerfile.md", False),
        ("Dockerfile.j2", False),
        ("dockerfile_lint.py", False),
    ],
)
def test_hooks_take_the_names_that_people_give(name: str, taken: bool) -> None:
    hooks = read(".pre-commit-hooks.yaml")
    assert isinstance(hooks, list)
    for hook in hooks:
        seen = re.search(hook["files"], name) is not None and re.search(hook["exclude"], name) is None
        assert seen is taken
        assert hook["require_serial"] is True


def step(made: Repo, tmp_path: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """The action's step, as the runner starts it: inputs as variables, results in files."""
    action = read("action.yml")
    assert isinstance(action, dict)
    only = next(one for one in action["runs"]["steps"] if one.get("id") == "review")
    tools = tmp_path / "temp" / "dockerslim" / "bin"
    tools.mkdir(parents=True)
    (tools / "python").symlink_to(sys.executable)
    (tools / "dockerslim").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dockerslim_rewrite "$@"\n')
    (tools / "dockerslim").chmod(0o755)
    inputs = {name.upper(): one["default"] for name, one in action["inputs"].items() if name not in ("python", "token")}
    assert set(inputs) | {"GITHUB_TOKEN"} == set(only["env"])
    inputs |= {"BASE": "main", "NUMBER": "", **given}
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    environment = os.environ | inputs | files | {"RUNNER_TEMP": str(tmp_path / "temp"), "PYTHONPATH": str(ROOT)}
    # As the runner starts `shell: bash`.
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", only["run"]]
    return subprocess.run(command, cwd=made.root, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mode", ["annotations", "none"])
def test_the_step_of_the_action_leaves_what_the_runner_reads(repo: Make, tmp_path: Path, mode: str) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    done = step(made, tmp_path, MODE=mode, FAIL="true")
    assert done.returncode == 1, done.stderr
    assert ("::warning file=Dockerfile,line=9," in done.stdout) is (mode == "annotations")
    output = dict(line.split("=", 1) for line in (tmp_path / "GITHUB_OUTPUT").read_text().splitlines())
    assert output["suggestions"] == "1"
    assert Path(output["report"]).is_file()
    assert "1 change" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()


def test_inputs_of_the_action_are_words_not_code(repo: Make, tmp_path: Path) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    done = step(made, tmp_path, PATHS="$(touch owned)\n--post=github\n", LEVEL="")
    assert not (made.root / "owned").exists()
    assert "posted" not in done.stdout


def test_the_action_refuses_a_mode_that_it_does_not_know(repo: Make, tmp_path: Path) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE})
    done = step(made, tmp_path, MODE="x; true")
    assert (done.returncode, "choose from" in done.stderr) == (2, True)


def test_the_action_keeps_to_the_configured_level(repo: Make, tmp_path: Path) -> None:
    files = {"Dockerfile": BASE, "dockerslim.toml": 'ignore = ["all"]\n'}
    made = repo(files, files | {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    done = step(made, tmp_path, FAIL="true")
    assert (done.returncode, done.stdout) == (0, "")
