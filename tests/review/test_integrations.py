"""The files for runners, run the way that runners run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Repo
from .forge import GitLab, served
from .runner import ROOT, read
from .test_review import BASE

Make = Callable[[dict[str, str], dict[str, str]], Repo]


POOR = "FROM debian:12\nENV A 1\n"
BETTER = "FROM debian:12\nENV A=1\n"


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
    for hook in read(".pre-commit-hooks.yaml"):
        seen = re.search(hook["files"], name) is not None and re.search(hook["exclude"], name) is None
        assert seen is taken
        assert hook["require_serial"] is True


def step(made: Repo, tmp_path: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """The action's step, as the runner starts it: inputs as variables, results in files."""
    action = read("action.yml")
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


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has the program installed."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "dockerslim").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dockerslim_rewrite "$@"\n')
    (folder / "dockerslim").chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def called(made: Repo, tools: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=made.root, env=tools, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_step_of_the_action_that_installs_leaves_the_program(
    project: Repo, offline: dict[str, str], tmp_path: Path
) -> None:
    (step,) = [one for one in read("action.yml")["runs"]["steps"] if one["name"] == "Install"]
    given = {"ACTION": str(project.root), "PYTHON": sys.executable, "RUNNER_TEMP": str(tmp_path / "temp")}
    assert set(step["env"]) <= set(given)
    (tmp_path / "temp").mkdir()
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, env=offline | given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    program = tmp_path / "temp" / "dockerslim" / "bin" / "dockerslim"
    told = subprocess.run([program, "--version"], env=offline, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("dockerslim-rewrite ")


def script(lines: list[str]) -> str:
    """*lines* without those that install: the program is here."""
    return "\n".join(one for one in lines if "pip install" not in one and "apt-get" not in one)


@pytest.mark.parametrize("token", ["glpat-secret", ""])
def test_the_job_of_gitlab_posts_and_leaves_its_report(repo: Make, tools: dict[str, str], token: str) -> None:
    job = read("ci/gitlab.yml")["dockerslim"]
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    with served(GitLab()) as forge:
        forge.head = made.git("rev-parse", "topic").strip()
        forge.show("Dockerfile", made.git("diff", "main", "topic"))
        variables = {
            "CI_API_V4_URL": forge.address,
            "CI_COMMIT_SHA": forge.head,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": made.git("rev-parse", "main").strip(),
            "CI_MERGE_REQUEST_IID": "4",
            "CI_PROJECT_ID": "12",
            "GITLAB_TOKEN": token,
        }
        done = called(made, tools | variables, "sh", "-ec", script(job["script"]))
    assert done.returncode == 0, done.stderr
    report = job["artifacts"]["reports"]["codequality"]
    assert json.loads((made.root / report).read_text())[0]["check_name"] == "DS604"
    assert len(forge.review) == (1 if token else 0)
    assert "secret" not in done.stdout + done.stderr


def test_the_step_of_azure_warns_on_lines(repo: Make, tools: dict[str, str]) -> None:
    (step,) = [one for one in read("ci/azure.yml")["steps"] if "review" in one.get("script", "")]
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    made.git("update-ref", "refs/remotes/origin/main", "main")
    done = called(made, tools | dict.fromkeys(step["env"], "main"), "bash", "-ec", step["script"])
    assert "##vso[task.logissue type=warning;sourcepath=Dockerfile;linenumber=9;" in done.stdout


def test_the_step_of_bitbucket_sends_annotations_in_batches(repo: Make, tools: dict[str, str], tmp_path: Path) -> None:
    (only,) = read("ci/bitbucket.yml")["pipelines"]["pull-requests"]["**"]
    many = "FROM debian:12\n" + "".join(f'ENV A{n} {n}\nCMD ["{n}"]\n' for n in range(120))
    made = repo({"x": ""}, {"Dockerfile": many})
    made.git("update-ref", "refs/remotes/origin/main", "main")
    # In place of curl: what it was called with, and the data.
    (tmp_path / "tools" / "curl").write_text(
        '#!/bin/sh\necho "$*" >> "$SENT"\nfor one; do case $one in @*) (cat "${one#@}"; echo) >> "$SENT";; esac; done\n'
    )
    (tmp_path / "tools" / "curl").chmod(0o755)
    variables = {
        "BITBUCKET_COMMIT": "abc",
        "BITBUCKET_PR_DESTINATION_BRANCH": "main",
        "BITBUCKET_REPO_FULL_NAME": "o/r",
        "SENT": str(tmp_path / "sent"),
    }
    done = called(made, tools | variables, "bash", "-ec", script(only["step"]["script"]))
    assert done.returncode == 0, done.stderr
    sent = (tmp_path / "sent").read_text()
    batches = [json.loads(one) for one in re.findall(r"^\[.*\]$", sent, re.M)]
    assert sent.count("/commit/abc/reports/dockerslim/annotations") == len(batches) == 3
    assert max(map(len, batches)) == 100
    assert all(one["path"] == "Dockerfile" for batch in batches for one in batch)


def test_megalinter_lints_reports_and_fixes(repo: Make, tools: dict[str, str]) -> None:
    path = "ci/mega-linter-plugin-dockerslim/dockerslim.megalinter-descriptor.yml"
    (linter,) = read(path)["linters"]
    names = read(path)["file_names_regex"]
    for name, taken in (("Dockerfile", True), ("Dockerfile-alpine", True), ("x.dockerfile", True), ("a.txt", False)):
        assert any(re.fullmatch(one, name) for one in names) is taken
    made = repo({"a/Dockerfile": POOR, "b/x.dockerfile": POOR}, {"dockerslim.toml": 'level = "safe"\n'})
    files = ["a/Dockerfile", "b/x.dockerfile"]
    config = [linter["cli_config_arg_name"], linter["config_file_name"]]
    # As MegaLinter puts it together: the executable, extra arguments, the configuration, those of SARIF, the files.
    linted = called(made, tools, linter["linter_name"], *linter["cli_lint_extra_args"], *config, *files)
    assert linted.returncode == 1
    counts = re.findall(linter["cli_lint_errors_regex"], linted.stdout + linted.stderr)
    assert sum(map(int, counts)) == 2
    sarif = [*linter["cli_lint_extra_args"], *config, *linter["cli_sarif_args"]]
    report = json.loads(called(made, tools, linter["linter_name"], *sarif, *files).stdout)
    assert len(report["runs"][0]["results"]) == 2
    left = [one for one in linter["cli_lint_extra_args"] if one not in linter["cli_lint_fix_remove_args"]]
    fixed = called(made, tools, linter["linter_name"], *left, linter["cli_lint_fix_arg_name"], *config, *files)
    assert fixed.returncode == 0
    assert {(made.root / name).read_text() for name in files} == {BETTER}


def test_trunk_lints_and_formats(repo: Make, tools: dict[str, str]) -> None:
    (linter,) = read("ci/trunk.yaml")["lint"]["definitions"]
    commands = {one["name"]: one for one in linter["commands"]}
    made = repo({"a/Dockerfile": POOR}, {})
    lint, form = (commands[name]["run"].replace("${target}", "a/Dockerfile").split() for name in ("lint", "format"))
    linted = called(made, tools, *lint)
    assert linted.returncode == 1
    assert linted.returncode in commands["lint"]["success_codes"]
    (result,) = json.loads(linted.stdout)["runs"][0]["results"]
    assert result["fixes"]
    assert called(made, tools, *form).returncode in commands["format"]["success_codes"]
    assert (made.root / "a/Dockerfile").read_text() == BETTER


def test_reviewdog_gets_diagnostics_with_suggestions(repo: Make, tools: dict[str, str]) -> None:
    runner = read("ci/reviewdog.yml")["runner"]["dockerslim"]
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD")})
    done = called(made, tools | {"BASE": "main"}, "sh", "-c", runner["cmd"])
    (found,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert runner["format"] == "rdjsonl"
    assert found["location"]["range"] == found["suggestions"][0]["range"]
    assert found["suggestions"][0]["text"] == "ENV A=1"
