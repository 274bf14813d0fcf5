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
    ],
)
def test_hooks_take_the_names_that_people_give(name: str, taken: bool) -> None:
    hooks = read(".pre-commit-hooks.yaml")
    assert isinstance(hooks, list)
    for hook in hooks:
        assert (re.search(hook["files"], name) is not None) is taken
        assert hook["require_serial"] is True


@pytest.mark.parametrize("mode", ["annotations", "none"])
def test_the_step_of_the_action_leaves_what_the_runner_reads(repo: Make, tmp_path: Path, mode: str) -> None:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    action = read("action.yml")
    assert isinstance(action, dict)
    step = next(one for one in action["runs"]["steps"] if one.get("id") == "review")
    tools = tmp_path / "temp" / "dockerslim" / "bin"
    tools.mkdir(parents=True)
    (tools / "python").symlink_to(sys.executable)
    (tools / "dockerslim").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dockerslim_rewrite "$@"\n')
    (tools / "dockerslim").chmod(0o755)
    given = {"BASE": "main", "SCOPE": "changed-lines", "LEVEL": "standard", "MODE": mode, "NUMBER": "", "FAIL": "true"}
    assert set(given) | {"GITHUB_TOKEN"} == set(step["env"])
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    environment = os.environ | given | files | {"RUNNER_TEMP": str(tmp_path / "temp"), "PYTHONPATH": str(ROOT)}
    # As the runner starts `shell: bash`.
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, cwd=made.root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert ("::warning file=Dockerfile,line=9," in done.stdout) is (mode == "annotations")
    output = dict(line.split("=", 1) for line in (tmp_path / "GITHUB_OUTPUT").read_text().splitlines())
    assert output["suggestions"] == "1"
    assert Path(output["report"]).is_file()
    assert "1 change" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()


@pytest.mark.parametrize("path", ["ci/gitlab.yml", "ci/azure.yml", "ci/bitbucket.yml", "action.yml"])
def test_templates_are_yaml(path: str) -> None:
    assert isinstance(read(path), dict)
