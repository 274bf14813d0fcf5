"""What one shell word means before anything is run: quote removal, and which expansions are left."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..patterns import re

_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+,^-]*\Z")
_PIECE = re.compile(
    r"""(?P<plain>[^\\"'$`*?\[\]{}~]+)
      | (?P<escaped>\\(?P<char>.))
      | (?P<single>'(?P<inner>[^']*)')
      | (?P<double>"(?P<content>(?:\\.|[^"\\])*)")
      | (?P<dollar>\$)
      | (?P<glob>[*?\[\]])
      | (?P<brace>[{}])
      | (?P<tilde>~)
      | (?P<other>.)""",
    re.X | re.S,
)
_DOUBLE_ESCAPE = re.compile(r'\\([$`"\\\n])')
_NAME = re.compile(r"\{?([A-Za-z_][A-Za-z0-9_]*)")
_DOUBLE_EXPANSION = re.compile(r"(?<!\\)(?:\\\\)*[$`]")


class WordValue(NamedTuple):
    """``literal`` is None when a parameter, command or arithmetic expansion decides the value.

    ``glob``, ``brace`` and ``tilde`` tell of unquoted pattern characters, braces and a leading tilde: the literal
    then is the text *before* those expansions. ``quoted`` tells whether any quoting was removed.
    """

    literal: str | None
    glob: bool
    brace: bool
    tilde: bool
    quoted: bool


@lru_cache(maxsize=4096)
def word_value(text: str) -> WordValue:
    """Quote removal of one word by POSIX 2.2 and 2.6.7."""
    if _PLAIN.match(text):
        return WordValue(text, False, False, False, False)
    parts: list[str] = []
    literal = True
    glob = brace = tilde = quoted = False
    closing = text.rfind("]")
    for match in _PIECE.finditer(text):
        kind = match.lastgroup
        if match["plain"] is not None:
            parts.append(match["plain"])
        elif match["escaped"] is not None:
            quoted = True
            if match["char"] != "\n":
                parts.append(match["char"])
        elif match["single"] is not None:
            quoted = True
            parts.append(match["inner"])
        elif match["double"] is not None:
            quoted = True
            content = match["content"]
            if _DOUBLE_EXPANSION.search(content):
                literal = False
            parts.append(_DOUBLE_ESCAPE.sub(r"\1", content))
        elif match["dollar"] is not None:
            after = text[match.end() : match.end() + 1]
            if not after or after in " \t/.,:%+=^-)]}" or after.isspace():
                parts.append("$")
            else:
                literal = False
        elif match["glob"] is not None:
            glob = glob or match[0] in "*?" or (match[0] == "[" and match.end() <= closing)
            parts.append(match[0])
        elif match["brace"] is not None:
            brace = True
            parts.append(match[0])
        elif match["tilde"] is not None:
            if match.start() == 0 or text[match.start() - 1] in ":=":
                tilde = True
            parts.append("~")
        else:
            literal = literal and kind != "other"
            parts.append(match[0])
    return WordValue("".join(parts) if literal else None, glob, brace, tilde, quoted)


def unquoted_parameters(text: str) -> frozenset[str]:
    """The names of the parameters that one word expands outside of quotes, where field splitting acts on the result."""
    names = (_NAME.match(text, match.end()) for match in _PIECE.finditer(text) if match["dollar"] is not None)
    return frozenset(name[1] for name in names if name is not None)
