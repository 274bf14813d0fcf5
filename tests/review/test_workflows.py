"""The workflows below ``ci/``, linted, and run against a server that plays GitHub: branches, forks, hostile forks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.judges import tool

from .conftest import Repo
from .forge import Forge, served
from .runner import OWN, READS, ROOT, WRITES, Run, Runner, StepError, read
from .test_review import BASE

Make = Callable[[dict[str, str], dict[str, str]], Repo]
WORKFLOWS = ("ci/github.yml", "ci/github-forks.yml", "ci/github-forks-post.yml")
CHANGED = BASE.replace("CMD", "ENV A 1\nCMD")


class Scene:
    """A repository on the forge with one pull request, and the runner."""

    def __init__(self, made: Repo, folder: Path, forge: Forge) -> None:
        self.made, self.forge = made, forge
        origin = folder / "origin.git"
        made.git("clone", "-q", "--bare", str(made.root), str(origin))
        self.origin = origin
        self.git("symbolic-ref", "HEAD", "refs/heads/main")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.head = made.git("rev-parse", "topic").strip()
        # A fork has its branch elsewhere: here is only what the forge calls the head of the request.
        self.git("update-ref", "refs/pull/7/head", self.head)
        self.git("update-ref", "-d", "refs/heads/topic")
        forge.head, forge.hunks, forge.writers = self.head, {}, {f"Bearer {WRITES}"}
        for name in made.git("diff", "--name-only", "--diff-filter=d", "main", "topic").splitlines():
            forge.show(name, made.git("diff", "main", "topic", "--", name))
        self.runner = Runner(folder / "runner", origin, forge.address)

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.origin, check=True, capture_output=True)

    def requested(self, workflow: str, *, fork: bool) -> Run | None:
        """The run for the event of the pull request."""
        pull = {"number": 7, "head": {"sha": self.head}}
        github = {"base_ref": "main", "ref": "refs/pull/7/merge", "event": {"pull_request": pull}}
        return self.runner.run(read(workflow), github, fork=fork)

    def completed(self, run_id: str = "1", conclusion: str = "success") -> Run | None:
        """The run for the event that the first workflow has ended."""
        ended = {"id": run_id, "event": "pull_request", "conclusion": conclusion, "head_sha": self.head}
        github = {"base_ref": "", "ref": "refs/heads/main", "event": {"workflow_run": ended}}
        return self.runner.run(read("ci/github-forks-post.yml"), github)


@pytest.fixture
def scene(repo: Make, tmp_path: Path) -> Iterator[Scene]:
    with served(Forge()) as forge:
        yield Scene(repo({"Dockerfile": BASE}, {"Dockerfile": CHANGED}), tmp_path, forge)


def test_a_branch_of_the_repository_gets_its_review(scene: Scene) -> None:
    run = scene.requested("ci/github.yml", fork=False)
    assert run is not None
    assert run.outputs["review"]["suggestions"] == "1"
    assert "write ENV A with =" in run.summary
    assert [one["line"] for one in scene.forge.review] == [9]
    assert len(scene.forge.issue) == 1


def test_a_fork_is_told_what_to_do_instead(scene: Scene) -> None:
    with pytest.raises(StepError, match="from a fork: post from a second workflow"):
        scene.requested("ci/github.yml", fork=True)
    assert scene.forge.review == []


def test_a_fork_gets_its_review_from_the_second_workflow(scene: Scene) -> None:
    first = scene.requested("ci/github-forks.yml", fork=True)
    assert first is not None
    assert first.token == READS
    assert scene.forge.review == []
    second = scene.completed()
    assert second is not None
    assert second.token == WRITES
    assert second.printed.endswith("posted 1, kept 0, removed 0\n")
    (posted,) = scene.forge.review
    assert (posted["path"], posted["line"]) == ("Dockerfile", 9)
    assert "```suggestion\nENV A=1\n```" in posted["body"]
    # Nothing of the pull request lies where the token is.
    assert (second.workspace / "Dockerfile").read_text() == BASE
    assert WRITES not in first.printed + second.printed
    # A second run of both says nothing twice.
    scene.requested("ci/github-forks.yml", fork=True)
    scene.completed("3")
    assert len(scene.forge.review) == len(scene.forge.issue) == 1


def test_only_a_pull_request_that_was_read_is_posted(scene: Scene) -> None:
    scene.requested("ci/github-forks.yml", fork=True)
    assert scene.completed(conclusion="failure") is None


@pytest.mark.parametrize(
    ("number", "base", "said"),
    [
        ("8", "main", "Pull request 8 is not at"),
        ("7; touch /tmp/owned", "main", "left no number and branch"),
        ("$(id)", "main", "left no number and branch"),
        ("7\n8", "main", "left no number and branch"),
        ("7", "main\nnumber=8", "left no number and branch"),
        ("7", "--upload-pack=id", "left no number and branch"),
        ("7", "nowhere", "there is no such commit here"),
        ("", "main", "left no number and branch"),
    ],
)
def test_what_a_fork_leaves_behind_is_not_trusted(scene: Scene, number: str, base: str, said: str) -> None:
    scene.requested("ci/github-forks.yml", fork=True)
    # Another pull request, at another commit.
    other = scene.made.git("rev-parse", "main").strip()
    scene.git("update-ref", "refs/pull/8/head", other)
    left = scene.runner.artifacts["1", "dockerslim"]
    (left / "number").write_text(f"{number}\n")
    (left / "base").write_text(f"{base}\n")
    with pytest.raises(StepError, match=said):
        scene.completed()
    assert scene.forge.writes == []


def steps(workflow: Any) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS)
def test_workflows_ask_for_no_more_than_they_need(path: str) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    ((_, job),) = workflow["jobs"].items()
    rights = {name for name, level in job["permissions"].items() if level == "write"}
    assert rights == (set() if path == "ci/github-forks.yml" else {"pull-requests"})
    assert "pull_request_target" not in (workflow["on"] if isinstance(workflow["on"], dict) else [workflow["on"]])
    for step in steps(workflow):
        used = step.get("uses")
        # Actions are named by their commit; the project's own by what its user has to fill in.
        assert used is None or used == OWN or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", used)
        assert "${{" not in step.get("run", "")
        if used is not None and used.startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_the_workflow_that_may_write_checks_out_nothing_of_the_pull_request() -> None:
    (checkout,) = [one for one in steps(read("ci/github-forks-post.yml")) if "checkout" in one.get("uses", "")]
    assert "ref" not in checkout["with"]
    assert "repository" not in checkout["with"]


def test_the_documentation_shows_the_files_as_they_are() -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs/review.md").read_text(encoding="utf-8"), re.M | re.S)
    for path in WORKFLOWS:
        assert (ROOT / path).read_text(encoding="utf-8") in shown


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_scripts_of_runners_are_sound() -> None:
    scripts = [one["run"] for one in read("action.yml")["runs"]["steps"]]
    scripts += [step["run"] for path in WORKFLOWS for step in steps(read(path)) if "run" in step]
    for script in scripts:
        command = ["shellcheck", "--shell=bash", "--severity=warning", "-"]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        *(("github-workflows", path) for path in WORKFLOWS),
        ("github-actions", "action.yml"),
        ("gitlab-ci", "ci/gitlab.yml"),
        ("azure-pipelines", "ci/azure.yml"),
        ("bitbucket-pipelines", "ci/bitbucket.yml"),
    ],
)
def test_files_keep_to_the_schema_of_their_runner(kind: str, path: str) -> None:
    command = ["check-jsonschema", "--builtin-schema", f"vendor.{kind}", str(ROOT / path)]
    done = subprocess.run([tool(command[0]), *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing_to_attack(tmp_path: Path) -> None:
    for path in WORKFLOWS:
        target = tmp_path / ".github" / "workflows" / Path(path).name
        target.parent.mkdir(parents=True, exist_ok=True)
        # Whoever copies the files names a commit.
        target.write_text((ROOT / path).read_text(encoding="utf-8").replace("@COMMIT", f"@{'0' * 40}"))
    (tmp_path / "action.yml").write_text((ROOT / "action.yml").read_text(encoding="utf-8"))
    command = [tool("zizmor"), "--offline", "--no-config", "--persona=auditor", "--min-severity=medium", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
