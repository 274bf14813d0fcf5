"""CMD, ENTRYPOINT and RUN that look like JSON and are none: a shell gets them, and looks for a command ``[sleep,``.

Source: Dockerfile reference, "Shell and exec form": "The exec form is parsed as a JSON array, which means that you must
use double-quotes".
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Sequence

from ..analysis.flow.state import State, states
from ..change import Remark
from ..ir.build import Build
from ..ir.steps import Exec, Run, Step
from ..patterns import re
from ..shell.names import POSIX_SHELLS
from ..shell.script import Opaque, Script
from .breaks import Version, only_for, remark
from .undeclared import SLIPS

#: What ends a command, and what only other shells than POSIX's read as people mean it.
_OTHER_SYNTAX = re.compile(r"[;|&`$\n\\]")
#: So much of what the shell looks for is shown.
_SHOWN = 40


def not_json(before: Version | None, after: Version) -> Iterator[Remark]:
    """Remarks on instructions of *after* that look like JSON, are none, and were not in *before* (None: a new file)."""
    known = {_said(step) for step, _ in _mistaken(before.build)} if before is not None else set()
    for step, got in _mistaken(after.build):
        if _said(step) in known:
            continue
        keyword = step.origin.keyword
        aside = only_for(step.line, after)
        alone = "" if aside is None else f" in a build of the stage `{aside}`, which no other needs"
        what = f"so it fails{alone}" if isinstance(step, Run) else f"so the container does not start{alone}"
        reason = f"{keyword} looks like JSON and is none ({_why(step)}): the shell {got}, {what}"
        yield remark(SLIPS, reason, step.line, fails=aside is None)


def _mistaken(build: Build) -> Iterator[tuple[Step, str]]:
    """The instructions of *build* that look like JSON and are none, each with what the shell makes of it."""
    known = states(build)
    for stage in build.stages:
        # Of several only the last counts.
        last = {step.origin.keyword: step for step in stage.steps if isinstance(step, Exec)}
        for step in stage.steps:
            if not _is_posix(known[step.index]):
                continue
            if isinstance(step, Run) or last.get(step.origin.keyword) is step:
                got = _read_by_a_shell(step)
                if got is not None:
                    yield step, got


def _is_posix(state: State) -> bool:
    return not state.shell or posixpath.basename(state.shell[0]) in POSIX_SHELLS


def _read_by_a_shell(step: Step) -> str | None:
    body = step.body if isinstance(step, Run | Exec) else None
    text = step.origin.args.strip()
    if body is None or text[:1] != "[" or text[1:].lstrip()[:1] not in ("'", '"'):
        return None
    words = _words(body.script)
    first = words[0] if words else None
    if first is None:
        return None
    if first != "[":
        shown = first if len(first) <= _SHOWN else f"{first[:_SHOWN]}…"
        return f"looks for a command `{shown}`"
    # With a blank behind it, it is the command that tests.
    if words[-1] != "]":
        return "finds no `]` that ends the test"
    return "takes it for a test" if isinstance(step, Exec) or any((one or "").endswith(",") for one in words) else None


def _words(body: Script | Opaque) -> Sequence[str | None]:
    """The words of the first command of *body*; nothing where nobody knows."""
    if isinstance(body, Script):
        return body.commands[0].argv if body.commands else ()
    if _OTHER_SYNTAX.search(body.text):
        return ()
    try:
        # What stands in brackets is a pattern as well, of which the reader is not certain.
        return shlex.split(body.text, comments=True)
    except ValueError:
        return ()


def _why(step: Step) -> str:
    text = " ".join(step.origin.args.split())
    inside, bracket, behind = text.rpartition("]")
    if not bracket:
        return "`]` is missing"
    if inside.rstrip().endswith(","):
        return "a comma stands before `]`"
    if text[1:].lstrip().startswith("'"):
        return "JSON has double quotes only"
    return "something stands behind `]`" if behind.strip() or text.count("]") > 1 else "its texts are not in order"


def _said(step: Step) -> str:
    return f"{step.origin.keyword} {' '.join(step.origin.args.split())}"
