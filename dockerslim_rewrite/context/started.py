"""Which programs a command starts that stands in code: its words, or a line for the shell."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ..analysis.project import Evidence, StartedProgram
from ..knowledge.processes import wrapper_values
from ..shell.reader import read_script
from ..shell.script import Script

_SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "/bin/sh", "/bin/bash"))
_ENDLESS = 5


def in_line(line: str, where: Evidence, depth: int = 0) -> Iterator[StartedProgram]:
    """The programs that the shell starts for *line*."""
    script = read_script(line)
    if not isinstance(script, Script) or depth > _ENDLESS:
        yield StartedProgram(None, line[:80], where)
        return
    for command in script.commands:
        yield from in_command(command.argv, where, depth + 1)


def in_command(argv: Sequence[str | None], where: Evidence, depth: int = 0) -> Iterator[StartedProgram]:
    """The programs that the words *argv* start, wrappers and shells looked through."""
    words = list(argv)
    shown = " ".join(word or "…" for word in words[:4])
    while words and words[0] is not None and (values := wrapper_values(posixpath.basename(words[0]))) is not None:
        yield StartedProgram(words[0], shown, where)
        words = words[1:]
        while words and words[0] is not None and (words[0].startswith("-") or "=" in words[0]):
            words = words[2:] if words[0] in values else words[1:]
    if not words:
        return
    yield StartedProgram(words[0], shown, where)
    if words[0] not in _SHELLS:
        return
    at = next((index for index, word in enumerate(words) if word and word.startswith("-") and word.endswith("c")), None)
    line = words[at + 1] if at is not None and at + 1 < len(words) else None
    if line is None:
        yield StartedProgram(None, shown, where)
    else:
        yield from in_line(line, where, depth + 1)
