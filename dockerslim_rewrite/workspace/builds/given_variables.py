"""Variables of the environment that a repository's own commands set: Compose takes them before any default.

Sources: Docker documentation, "Interpolation" (the shell's environment comes before ``.env``); GitHub documentation,
"Workflow syntax" (``env``); GitLab documentation, "CI/CD variables"; GNU make manual, "Communicating Variables to a
Sub-make".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from ...patterns import re
from ...record import record
from ..repository import Repository

#: ``NAME=``, ``NAME :=`` or ``NAME:`` of a mapping, and what follows.
_SET = re.compile(
    r"(?<![\w$.-])(?<!\$\{)(?P<name>[A-Za-z_]\w*+)(?:(?P<assigned>[ \t]*+[:?+!]?=[ \t]*+)|[\"']?:[ \t]++)"
)
_QUOTED = re.compile(r"\"([^\"$`\\\n]*)\"|'([^'\n$]*)'")
_WORD = re.compile(r"[\w./:@+,-]*(?=[\s;&|)\"'\\]|\Z)")
#: In a mapping of one line.
_FLOW = re.compile(r"([\w./][\w./:@+-]*)[ \t]*(?:\}|,[^{}]*\})")
_PLAIN = re.compile(r"[\w./][\w./:@+, -]*+\Z")
#: So much of a line may be a value.
_LONGEST_VALUE: Final = 400
#: So many characters of a file are searched, and so many ways to set variables are followed.
_MAX_TEXT: Final = 256 * 1024
_MAX_WAYS: Final = 8


@record
class Given:
    """What files set for the commands in them: ``ways`` hold constants, each what one file sets; ``doubtful`` are names
    that something sets to what only a run tells; ``names`` are all names that anything sets.
    """

    ways: tuple[Mapping[str, str], ...]
    doubtful: frozenset[str]
    names: frozenset[str]


def given_variables(repository: Repository, paths: Iterable[str], wanted: Collection[str]) -> Given:
    """What the files *paths* (scripts, Makefiles, pipelines) set those of the variables *wanted* to."""
    ways: dict[tuple[tuple[str, str], ...], None] = {}
    doubtful: set[str] = set()
    names: set[str] = set()
    for path in paths if wanted else ():
        constants: dict[str, str | None] = {}
        text = (repository.read(path) or "")[:_MAX_TEXT]
        for match in _SET.finditer(text):
            name = match["name"]
            if name in wanted:
                said = text[match.end() : match.end() + _LONGEST_VALUE].partition("\n")[0]
                value = _constant(said, shell=match["assigned"] is not None)
                constants[name] = value if constants.get(name, value) == value else None
        names |= constants.keys()
        doubtful |= {name for name, value in constants.items() if value is None}
        known = tuple(sorted((name, value) for name, value in constants.items() if value is not None))
        if known:
            ways[known] = None
    if len(ways) > _MAX_WAYS:
        return Given((), frozenset(names), frozenset(names))
    return Given(tuple(map(dict, ways)), frozenset(doubtful), frozenset(names))


def _constant(text: str, *, shell: bool) -> str | None:
    """The value that *text* begins with; None where only a run tells it."""
    flow = None if shell else _FLOW.match(text)
    if flow is not None:
        return flow[1]
    quoted = _QUOTED.match(text)
    if quoted is not None:
        return quoted[1] if quoted[1] is not None else quoted[2]
    match = _WORD.match(text) if shell else _PLAIN.match(_uncommented(text))
    return None if match is None else match[0]


def _uncommented(text: str) -> str:
    """*text*, a value of YAML, without the comment and the blanks behind it."""
    for mark in (" #", "\t#"):
        text = text.partition(mark)[0]
    return text.rstrip(" \t\r")
