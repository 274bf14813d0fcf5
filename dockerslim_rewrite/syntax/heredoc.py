"""Here-documents: which words of a logical line announce one.

Source: BuildKit ``frontend/dockerfile/parser`` (``heredocsFromLine``, ``ParseHeredoc``): the line is split into words
as the Dockerfile shell lexer does it, quotes kept, and each word of the form ``[n]<<[-]NAME`` announces a body. Since
BuildKit 0.22 blanks behind ``<<`` belong to the word (``<< NAME``; not behind ``<<-``).
"""

from __future__ import annotations

from typing import NamedTuple

from ..patterns import re

_WORD = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|<<[ \t]*|[^\s\\"'])++|["'\\].*""", re.S)
_HEREDOC = re.compile(r"(\d*)<<(-?)([ \t]*)([^<]*)\Z", re.S)
_QUOTED = re.compile(r"""\\(.)|"((?:\\.|[^"\\])*)"|'([^']*)'""", re.S)


class Announced(NamedTuple):
    """A here-document that a line announces; ``spaced`` tells that blanks stand behind ``<<``."""

    name: str
    chomp: bool
    expand: bool
    spaced: bool = False


class UnbalancedError(ValueError):
    """A quote is never closed on a line that holds ``<<``."""


def announced(line: str) -> list[Announced]:
    """The here-documents that logical *line* announces, in order. Raises ``UnbalancedError``."""
    found = []
    for word in _WORD.findall(line):
        if word[0] in "\"'" and (len(word) == 1 or not _WORD.fullmatch(word) or word.count(word[0]) == 1):
            raise UnbalancedError("a quote is not closed on a line that holds <<")
        match = _HEREDOC.match(word)
        if match is None or not match[4]:
            continue
        rest = match[4]
        name = _QUOTED.sub(lambda m: next(g for g in m.groups() if g is not None), rest)
        found.append(Announced(name, bool(match[2]), name == rest, bool(match[3])))
    return found
