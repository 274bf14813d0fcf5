"""Runs jobs in the sandbox process and brings back their traces."""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO, cast

from tests.trace import toolchain
from tests.trace.driver import program_for
from tests.trace.frames import read_frame, write_frame
from tests.trace.model import NOTHING, Allowance, Body, Job, Parse, Trace
from tests.trace.places import places
from tests.trace.toolchain import Unavailable

MODES = ("user", "root")


class Sandbox:
    """One sandbox process, which runs one body at a time; several may be used side by side.

    modes: ways of isolation to try in turn: "user" is a user namespace, "root" needs a root who may make the others.
    Raises Unavailable when the machine offers none of them.
    """

    def __init__(self, modes: Sequence[str] = MODES) -> None:
        files = toolchain.files()
        reasons: list[str] = []
        for mode in modes:
            if mode == "root" and os.geteuid() != 0:
                reasons.append("not root")
                continue
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.trace.process", mode],
                cwd=Path(__file__).parents[2],
                env={"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},  # the bodies can read it in /proc/1
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            self._to, self._from = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)
            with contextlib.suppress(BrokenPipeError):
                write_frame(self._to, files)
            answer = read_frame(self._from)
            if answer == "":
                return
            reasons.append(str(answer or "the sandbox process ended at once"))
            self.close()
        raise Unavailable("; ".join(reasons))

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._to.close()
        self._process.wait()
        self._from.close()

    def run_all(self, jobs: Sequence[Job]) -> list[Trace]:
        """The traces of `jobs`, in order. Raises UnsupportedShell for a body of a shell that is not there."""
        for job in jobs:
            for body in job.bodies:
                program_for(body, job.shell)
        return cast(list[Trace], self._ask(jobs))

    def parses(self, bodies: Sequence[Body], shell: str) -> bool:
        """Whether all bodies are syntactically right where /bin/sh is `shell`."""
        return cast(list[bool], self._ask([Parse(tuple(bodies), shell)]))[0]

    def _ask(self, batch: Sequence[Job | Parse]) -> object:
        write_frame(self._to, list(batch))
        answer = read_frame(self._from)
        if answer is None:
            raise RuntimeError(f"the sandbox process ended with status {self._process.wait()}")
        return answer


@cache
def shared() -> Sandbox:
    """The sandbox of this process, ended with it."""
    sandbox = Sandbox()
    atexit.register(sandbox.close)
    return sandbox


@cache
def unavailable() -> str | None:
    """Why there can be no sandbox here, or None."""
    try:
        shared()
    except Unavailable as reason:
        return str(reason)
    return None


def run(bodies: Sequence[Body], shell: str, seed: int, allow: Allowance = NOTHING) -> Trace:
    """The trace of one build in the shared sandbox: `bodies` in turn, /bin/sh played by `shell` (one of SHELLS)."""
    return shared().run_all([Job(tuple(bodies), shell, seed, allow, places(bodies))])[0]
