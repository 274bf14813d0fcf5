"""Where the text of a script, Makefile or pipeline runs a command, as far as the words before it tell.

Sources: POSIX, "cd"; GitHub documentation, "Workflow syntax for GitHub Actions" (``working-directory``); GNU make
manual, "Recipe Execution" (each line has a shell of its own).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Final

from ...knowledge.repository import build_source
from ...patterns import re
from ..repository import joined

_CD = re.compile(r"(?:^|[\s;&|(`\"'])(?:cd|pushd)[ \t]++[\"']?(?P<path>[\w./@+-]++)[\"']?(?=[\s;&|)\"']|\Z)")
#: Where a script of a pipeline begins: behind the key that it stands under.
_KEY = re.compile(r"(?m)^[ \t]*+(?:-[ \t]++)?[\"']?[\w-]++[\"']?:(?:[ \t]*+[|>][+-]?[ \t]*+$|(?=[ \t]|$))")
_STEP = re.compile(
    r"(?m)^[ \t]*+-[ \t]++(?:name|run|uses|if|id|env|shell|with|working-directory|script|bash|task|displayName):"
)
_WHERE = re.compile(
    r"(?m)^[ \t-]*+(?:working-directory|workingDirectory|working_directory):[ \t]*+[\"']?(?P<path>[\w./@+-]++)"
)
_GENERAL = re.compile(
    r"(?m)^[ \t]*+run:[ \t]*+(?:\{|\n[ \t]++)[ \t]*+working-directory:[ \t]*+[\"']?(?P<path>[\w./@+-]++)"
)
#: So much before a command is looked at.
_MAX_BEFORE: Final = 20_000


def folders_of(path: str, text: str, at: int) -> list[str]:
    """The folders that the command at *at* in *text* may be run in, the likeliest first; the file is *path*."""
    home = posixpath.dirname(path)
    kind = build_source(path)
    starts = [home, ""]
    if kind in ("workflow", "ci"):
        starts = [*_told(text, at), *starts]
    moves = [match["path"] for match in _CD.finditer(_before(kind, text, at))]
    found: dict[str, None] = {}
    for start in starts:
        folder = start
        for move in moves:
            folder = joined(folder, move)
        found[folder] = None
    return [one for one in (*found, *starts) if not one.startswith(("/", ".."))]


def _before(kind: str | None, text: str, at: int) -> str:
    """What the shell of the command at *at* has run before it."""
    start = max(at - _MAX_BEFORE, 0)
    if kind == "make":
        start = max(text.rfind("\n", start, at) + 1, start)
        while start > 1 and text[start - 2] == "\\":
            start = text.rfind("\n", 0, start - 1) + 1
    elif kind in ("workflow", "ci", "package"):
        for match in _KEY.finditer(text, start, at):
            start = match.end()
    return text[start:at]


def _told(text: str, at: int) -> Iterator[str]:
    """The folders that the step with the command at *at* is said to work in, or all steps."""
    start = max((match.start() for match in _STEP.finditer(text, max(at - _MAX_BEFORE, 0), at)), default=0)
    following = _STEP.search(text, at)
    own = _WHERE.search(text, start, following.start() if following is not None else len(text)) if start else None
    general = _GENERAL.search(text)
    match = own or general
    if match is not None:
        yield joined("", match["path"])
