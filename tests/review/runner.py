"""A runner of workflows: jobs, steps, expressions, environment files, artifacts as folders, tokens with their rights.

It plays GitHub's runner as far as the workflows below ``ci/`` go. Steps of shell are really run; the actions of GitHub
that they use are played, and the action of this project is run from its own file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from .expressions import evaluated, filled

ROOT = Path(__file__).parents[2]
OWN = "OWNER/dockerslim-rewrite@COMMIT"
#: What GitHub hands out to a run that may write, and to one that may not.
WRITES, READS = "token-that-writes", "token-that-reads"


def read(path: str) -> Any:
    """The YAML file *path* of this project, as YAML 1.2."""
    return YAML(typ="safe").load((ROOT / path).read_text(encoding="utf-8"))


class StepError(AssertionError):
    """A step failed: what it printed."""


@dataclass
class Run:
    """One run of a job: its folders, what its steps left, and what they printed."""

    workspace: Path
    temp: Path
    token: str
    printed: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    summary: str = ""


class Runner:
    """Runs workflows on the repository *origin*, a bare one, with the API at *address*; *folder* is for its files."""

    def __init__(self, folder: Path, origin: Path, address: str) -> None:
        self.folder, self.origin, self.address = folder, origin, address
        self.artifacts: dict[tuple[str, str], Path] = {}
        #: Actions that take the place of a step: by name, given its inputs and the run.
        self.actions: dict[str, Callable[[dict[str, Any], Run], None]] = {
            "actions/checkout": self._checkout,
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
        }
        self._number = 0

    def run(self, workflow: Any, github: dict[str, Any], *, fork: bool = False) -> Run | None:
        """Run the only job of *workflow* for the event in *github*; None where its condition does not hold.

        *fork* says that the event is a pull request from one: then no token may write. Raises ``StepError``.
        """
        ((_, job),) = workflow["jobs"].items()
        if "if" in job and not evaluated(job["if"], {"github": github}):
            return None
        rights = {**(workflow.get("permissions") or {}), **job.get("permissions", {})}
        writes = rights.get("pull-requests") == "write" and not fork
        self._number += 1
        folder = self.folder / str(self._number)
        run = Run(folder / "work", folder / "temp", WRITES if writes else READS)
        run.workspace.mkdir(parents=True)
        run.temp.mkdir()
        context = github | {"token": run.token, "run_id": str(self._number)}
        for step in job["steps"]:
            self._step(step, run, {"github": context, "runner": {"temp": str(run.temp)}})
        return run

    def _step(self, step: Mapping[str, Any], run: Run, known: dict[str, Any]) -> None:
        steps = {name: {"outputs": outputs} for name, outputs in run.outputs.items()}
        known = known | {"steps": steps}
        if "run" in step:
            self._shell(step, run, known)
            return
        given = {name: filled(value, known) for name, value in step.get("with", {}).items()}
        if step["uses"] == OWN:
            self._composite(given, run, known)
        else:
            self.actions[step["uses"].partition("@")[0]](given, run)

    def _composite(self, given: dict[str, Any], run: Run, known: dict[str, Any]) -> None:
        action = read("action.yml")
        unknown = set(given) - set(action["inputs"])
        if unknown:
            raise StepError(f"inputs that the action does not have: {unknown}")
        defaults = {name: filled(one.get("default", ""), known) for name, one in action["inputs"].items()}
        inner = known | {"inputs": defaults | given, "github": known["github"] | {"action_path": str(ROOT)}}
        self.installed(run)
        for step in action["runs"]["steps"]:
            if step["name"] != "Install":
                self._step(step, run, inner)

    def installed(self, run: Run) -> None:
        """In place of the step that installs: the program as it is here."""
        tools = run.temp / "dockerslim" / "bin"
        tools.mkdir(parents=True)
        (tools / "python").symlink_to(sys.executable)
        (tools / "dockerslim").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dockerslim_rewrite "$@"\n')
        (tools / "dockerslim").chmod(0o755)

    def _shell(self, step: Mapping[str, Any], run: Run, known: dict[str, Any]) -> None:
        if "${{" in step["run"]:
            raise StepError("an expression within a script")
        output, summary = run.temp / "output", run.temp / "summary"
        output.write_text("")
        summary.write_text("")
        variables = {name: filled(value, known) for name, value in step.get("env", {}).items()}
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment |= {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.address,
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REF": known["github"].get("ref", ""),
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_WORKSPACE": str(run.workspace),
            "PYTHONPATH": str(ROOT),
            "RUNNER_TEMP": str(run.temp),
        }
        script = run.temp / "script.sh"
        script.write_text(step["run"])
        # A step that names its shell gets pipefail, one that does not goes without.
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["bash", "-e"]
        done = subprocess.run(
            [*shell, str(script)],
            cwd=run.workspace,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        run.printed += done.stdout + done.stderr
        run.summary += summary.read_text()
        if "id" in step:
            run.outputs[step["id"]] = dict(line.split("=", 1) for line in output.read_text().splitlines())
        if done.returncode:
            raise StepError(run.printed)

    def _checkout(self, given: dict[str, Any], run: Run) -> None:
        def git(*arguments: str) -> None:
            subprocess.run(["git", *arguments], cwd=run.workspace, check=True, capture_output=True)

        git("init", "-q")
        git("remote", "add", "origin", self.origin.as_uri())
        git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
        if given.get("ref"):
            git("fetch", "-q", "origin", given["ref"])
            git("checkout", "-q", given["ref"])
        else:
            git("checkout", "-q", "-B", "main", "origin/main")
        assert given["fetch-depth"] == 0

    def _upload(self, given: dict[str, Any], run: Run) -> None:
        kept = self.folder / "artifacts" / str(self._number) / given["name"]
        shutil.copytree(given["path"], kept)
        self.artifacts[str(self._number), given["name"]] = kept

    def _download(self, given: dict[str, Any], run: Run) -> None:
        shutil.copytree(self.artifacts[given["run-id"], given["name"]], given["path"])
