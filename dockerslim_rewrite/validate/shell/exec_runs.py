"""RUNs in exec form that became shell form: the same program with the same words, started by a shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from ...change import ChangesForm
from ...ir.build import Build
from ...ir.steps import Run, Step
from ...patterns import re
from ...shell.reader import read_script
from ...shell.script import Script
from ..core.program import base_of, script_of
from ..core.verdict import Undecided, Unsound
from .claims import Licences
from .effects import needs_shell

_PROGRAM = re.compile(r"[A-Za-z0-9_.+/-]+\Z")
#: What a shell has of its own under the name of a program, or takes for the beginning of something else.
_SHELLS_OWN = frozenset(
    (
        "[", "echo", "false", "fc", "hash", "history", "kill", "printf", "pwd", "test", "time", "true",
        "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "function",
        "select",
    )
)  # fmt: skip


def gets_shell_form(run: Run, licences: Licences) -> bool:
    """Whether *licences* let *run*, which is in exec form, have a shell start its program."""
    argv = run.argv or ()
    claimed = any(claim.keyword == "RUN" for claim in licences.of(ChangesForm))
    plain = bool(argv) and _PROGRAM.match(argv[0]) is not None
    return claimed and plain and argv[0] not in _SHELLS_OWN and not needs_shell(argv[0])


def shell_form(argv: Sequence[str]) -> Script:
    """The script that runs the words *argv*. Raises ``Undecided`` where there is none that reads cleanly."""
    script = read_script(shlex.join(argv))
    if not isinstance(script, Script):
        raise Undecided("the words of a RUN in exec form cannot be read")
    return script


def check_shell(runs: Iterable[Run], build: Build, at: int) -> None:
    """Raise ``Unsound`` unless each of *runs*, of stage *at*, that is in exec form stands behind one in shell form."""
    for run in runs:
        if run.argv is not None and not _shell_before(run, build, at):
            raise Unsound("no RUN shows that there is a shell", run.line)


def _shell_before(run: Run, build: Build, at: int) -> bool:
    steps: list[Step] = []
    base: int | str = at
    while isinstance(base, int):
        steps += [step for step in build.stages[base].steps if step.index < run.index]
        base = base_of(build.stages[base], build)
    return any(script_of(step) is not None for step in steps) and all(step.keyword != "SHELL" for step in steps)
