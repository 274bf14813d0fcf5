"""The expansions in one word, in and outside of quotes. Source: POSIX 2.2 and 2.6."""

from __future__ import annotations

from typing import NamedTuple

from ..patterns import re

_PARAMETER = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)\}|(?P<plain>[A-Za-z_]\w*))")


#: Backquotes round what means the same elsewhere, and what else holds backquotes that are none.
_BACKQUOTED = re.compile(r"""\\.|'[^']*'|`(?P<command>[^`\\"'()#]+)`|(?P<other>`)""", re.S)


class Expansion(NamedTuple):
    """``text[start:end]`` of a word: a parameter of this ``name``, or a substitution of this ``command``."""

    start: int
    end: int
    quoted: bool
    name: str = ""
    command: str = ""


def expansions(text: str) -> tuple[Expansion, ...] | None:
    """The expansions in the word *text*; None where there is one of another kind (``${x%y}``, ``$1``, ``$((…))``)."""
    found: list[Expansion] = []
    quoted = False
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 2
        elif char == "'" and not quoted:
            at = text.find("'", at + 1) + 1
            if not at:
                return None
        elif char == '"':
            quoted = not quoted
            at += 1
        elif char in "$`":
            expansion = _expansion(text, at, quoted=quoted)
            if expansion is None:
                return None
            found.append(expansion)
            at = expansion.end
        else:
            at += 1
    return None if quoted else tuple(found)


def _expansion(text: str, at: int, *, quoted: bool) -> Expansion | None:
    """The expansion that begins at *at*; None for one that is not plain."""
    if text[at] == "`":
        end = text.find("`", at + 1)
        return None if end < 0 or "\\" in text[at:end] else Expansion(at, end + 1, quoted, "", text[at + 1 : end])
    if text.startswith("$(", at):
        end = text.find(")", at)
        command = text[at + 2 : end]
        plain = end > 0 and not set(command) & set("()'\"\\`$;&|<>")
        return Expansion(at, end + 1, quoted, "", command) if plain else None
    match = _PARAMETER.match(text, at)
    return Expansion(at, match.end(), quoted, match["braced"] or match["plain"]) if match else None


def backquoted(text: str) -> tuple[tuple[int, int], ...]:
    """Where in the word *text* commands stand in backquotes; none where one of them holds quotes or the like.

    Nor those in ``${x-…}``, which is read in several ways.
    """
    if "`" not in text or re.search(r"\$\{(?:(?!\$\{)[^}`])*`", text):
        return ()
    matches = [match for match in _BACKQUOTED.finditer(text) if match[0].startswith("`")]
    return () if any(match["other"] for match in matches) else tuple(match.span() for match in matches)
