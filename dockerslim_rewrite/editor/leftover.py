"""Where a name still stands once every use of it that is known has another: a rename that leaves one behind is refused.

What is not read as a use may be one all the same: ``[ -v V ]``, ``env | grep V``, ``os.environ["V"]``, ``%V%``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..ir.build import Build
from ..ir.steps import Arg, Copy, Env, Run, Shell, Step
from ..patterns import re
from ..syntax import Instruction
from ..text import Span
from .setting import bodies, expansion_of

#: Shells in which ``$V`` is a variable of the script's own, and an argument of the build is named otherwise.
_OTHER_SHELLS = re.compile(r"(?:.*[\\/])?(?:powershell|pwsh|cmd)(?:\.exe)?\Z", re.I)


def leftover_line(build: Build, name: str, known: Iterable[Span]) -> int | None:
    """The line of the first place that may use the variable *name* and is none of *known*; None where there is none.

    *known* are the places that a rename changes, and those of other variables that are called the same.
    """
    places = {(span.start, span.end) for span in known}
    word = re.compile(
        # Not a part of another word, as in `--version`, nor what a program is told to set, as in `make V=1`.
        rf"(?<![A-Za-z0-9_\-./]){re.escape(name)}(?![A-Za-z0-9_\-=])"
        rf"|(?<=[$#!{{]){re.escape(name)}(?![A-Za-z0-9_])"
    )
    expansion = expansion_of(name)
    foreign = any(isinstance(step, Shell) and _is_other(step.origin) for step in build)
    for step in build:
        if isinstance(step, Run) and (_hidden(step, name) or (foreign and word.search(step.origin.text))):
            return step.line
        if any(place not in places for place in _places(step, word, expansion)):
            return step.line
    return None


def _is_other(origin: Instruction) -> bool:
    words = origin.json or ("",)
    return _OTHER_SHELLS.match(words[0]) is not None


def _hidden(step: Run, name: str) -> bool:
    """Whether a secret takes the argument's place in *step*: ``--mount=type=secret,env=V``."""
    return any(mount.get("env") == name for mount in step.mounts)


def _places(step: Step, word: re.Pattern[str], expansion: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    origin = step.origin
    if isinstance(step, Run):
        yield from _in_arguments(origin, word, 0)
    elif isinstance(step, Arg | Env):
        # What is kept as it is may be expanded by whoever gets it.
        yield from _in_arguments(origin, expansion, "name")
    if isinstance(step, Run | Copy):
        for heredoc, body in zip(origin.heredocs, bodies(origin), strict=True):
            at = heredoc.body.start
            yield from ((at + match.start(), at + match.end()) for match in word.finditer(body))


def _in_arguments(origin: Instruction, pattern: re.Pattern[str], group: int | str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(origin.args_logical.text):
        span = origin.args_logical.span(*match.span(group))
        yield span.start, span.end
