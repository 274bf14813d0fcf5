"""What other programs start us with: the action's step, the hooks of pre-commit, GitLab's job."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dockerslim_rewrite.workspace.discovery import Covered, discover

ROOT = Path(__file__).parents[2]


def read(name: str) -> object:
    return YAML(typ="safe").load(ROOT.joinpath(name).read_text())


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A pull request that adds an install without cleanup, with a quote in its folder's name."""
    folder = tmp_path / "it's here"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    folder.joinpath("Dockerfile").write_text('FROM debian:12\nCMD ["sh"]\n')
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "a")
    git(folder, "checkout", "-qb", "feature")
    folder.joinpath("Dockerfile").write_text(
        'FROM debian:12\nRUN apt-get update && apt-get install -y make\nCMD ["sh"]\n'
    )
    git(folder, "commit", "-qam", "b")
    return folder


def step(folder: Path, runner: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """The action's step as the runner starts it: inputs as variables, results in files."""
    runner.mkdir(exist_ok=True)
    action = read("action.yml")
    assert isinstance(action, dict)
    (only,) = action["runs"]["steps"]
    named = dict.fromkeys(only["env"], "")
    defaults = {
        "DOCKERSLIM_MODE": action["inputs"]["mode"]["default"],
        "DOCKERSLIM_SCOPE": action["inputs"]["scope"]["default"],
        "DOCKERSLIM_FAIL": action["inputs"]["fail"]["default"],
        "DOCKERSLIM_ACTION": str(ROOT),
    }
    files = {"GITHUB_OUTPUT": str(runner / "output"), "GITHUB_STEP_SUMMARY": str(runner / "summary")}
    program = {"DOCKERSLIM": str(Path(sys.executable).parent / "dockerslim"), "RUNNER_TEMP": str(runner)}
    assert set(given) <= set(named)
    return subprocess.run(
        ["bash", "-c", only["run"]],
        cwd=folder,
        env={**os.environ, **named, **defaults, **files, **program, **given},
        capture_output=True,
        text=True,
    )


def test_the_step_annotates_and_reports(checkout: Path, tmp_path: Path) -> None:
    done = step(checkout, tmp_path / "runner", DOCKERSLIM_BASE="main")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("::warning file=Dockerfile,line=2,title=DS201::")
    outputs = dict(line.split("=", 1) for line in (tmp_path / "runner/output").read_text().splitlines())
    assert outputs["changes"] == "1"
    (file,) = json.loads(Path(outputs["report"]).read_text())["files"]
    assert [one["rule"] for one in file["changes"]] == ["DS201"]
    assert "rm -rf /var/lib/apt/lists/*" in (tmp_path / "runner/summary").read_text()


def test_the_step_fails_where_it_is_told_to(checkout: Path, tmp_path: Path) -> None:
    assert step(checkout, tmp_path / "one", DOCKERSLIM_BASE="main", DOCKERSLIM_FAIL="true").returncode == 1
    # Nothing to say of what the branch does not touch.
    nowhere = step(checkout, tmp_path / "two", DOCKERSLIM_BASE="HEAD", DOCKERSLIM_FAIL="true")
    assert (nowhere.returncode, nowhere.stdout) == (0, "")


def test_inputs_are_words_not_code(checkout: Path, tmp_path: Path) -> None:
    done = step(checkout, tmp_path / "runner", DOCKERSLIM_BASE="main", DOCKERSLIM_PATHS="$(touch owned)\n--post=github")
    assert not checkout.joinpath("owned").exists()
    assert "posted" not in done.stdout
    assert step(checkout, tmp_path / "mode", DOCKERSLIM_BASE="main", DOCKERSLIM_MODE="x; true").returncode == 2


def test_every_input_reaches_the_step() -> None:
    action = read("action.yml")
    assert isinstance(action, dict)
    (only,) = action["runs"]["steps"]
    used = set(re.findall(r"inputs\.([a-z]+)", " ".join(only["env"].values())))
    assert used == set(action["inputs"])
    script = ROOT.joinpath("ci/review.sh").read_text()
    assert all(name in script for name in only["env"] if name.startswith("DOCKERSLIM"))


NAMES = {
    "Dockerfile": True,
    "a/Dockerfile": True,
    "Dockerfile.dev": True,
    "Dockerfile-alpine": True,
    "dockerfile": True,
    "api.dockerfile": True,
    "api.Dockerfile": True,
    "Containerfile": True,
    "Containerfile.dev": True,
    "Dockerfile.dockerignore": False,
    "Dockerfile.md": False,
    "Dockerfile.j2": False,
    "dockerfile_lint.py": False,
    "docker-compose.yml": False,
    "README.md": False,
}


@pytest.mark.parametrize(("name", "wanted"), NAMES.items())
def test_hooks_see_the_files_that_the_command_finds(name: str, wanted: bool, tmp_path: Path) -> None:
    hooks = read(".pre-commit-hooks.yaml")
    assert isinstance(hooks, list)
    for hook in hooks:
        seen = re.search(hook["files"], name) is not None and re.search(hook["exclude"], name) is None
        assert seen is wanted
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    # A template that holds no marks is found by its content, which a hook's patterns cannot read.
    file.write_text("FROM {{ base }}\n" if name.endswith(".j2") else "FROM debian:12\nRUN true\n")
    assert any(isinstance(one, Covered) for one in discover([str(tmp_path)])) is wanted


def test_gitlab_fetches_what_the_comparison_needs() -> None:
    job = read("ci/gitlab.yml")
    assert isinstance(job, dict)
    assert job["dockerslim"]["variables"]["GIT_DEPTH"] == "0"
    assert all("origin/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME" in line for line in job["dockerslim"]["script"])
