"""Dockerfiles in strings of descriptions of builds: literal blocks of YAML, here-documents of HCL, quoted strings.

Sources: YAML 1.2.2, "Literal Style"; Compose specification, "Interpolation" (``$$`` is a dollar sign); HCL Native
Syntax Specification, "Template Expressions" (``$${`` and ``%%{`` are the two marks themselves); RFC 8259, "Strings".
"""

from __future__ import annotations

import json

from ..patterns import re
from ..record import record
from ..text import Span
from .literal import Piece, placeholder

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_COMPOSE = re.compile(r"\$\$|\$\{[^{}]*(?:\$\{[^{}]*\}[^{}]*)*\}|\$[A-Za-z_][A-Za-z0-9_]*|\r\n|\r|\n")
_HCL = re.compile(r"\$\$\{|%%\{|[$%]\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\r\n|\r|\n")
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})')


@record(eq=False, slots=False)
class ComposeBlock:
    """A literal block in a compose file, in which variables are replaced before anybody builds."""

    pieces: tuple[Piece, ...]
    newline: str

    def encoded(self, text: str) -> str | None:
        """*text* as it has to be written there; None for what no block can hold."""
        return None if _CONTROL.search(text) else text.replace("$", "$$").replace("\n", self.newline)


@record(eq=False, slots=False)
class HclBlock:
    """A here-document of a Bake file, which ends with a line that is ``mark``."""

    pieces: tuple[Piece, ...]
    newline: str
    mark: str

    def encoded(self, text: str) -> str | None:
        """*text* as it has to be written there; None for what no here-document can hold."""
        if _CONTROL.search(text) or any(line.strip() == self.mark for line in text.split("\n")):
            return None
        return text.replace("${", "$${").replace("%{", "%%{").replace("\n", self.newline)


@record(eq=False, slots=False)
class QuotedText:
    """A quoted string of a Bake file without templates in it."""

    pieces: tuple[Piece, ...]

    def encoded(self, text: str) -> str | None:
        """*text* as it has to be written there; None for what would be a template."""
        if _CONTROL.search(text) or "${" in text or "%{" in text:
            return None
        return json.dumps(text, ensure_ascii=False)[1:-1]


def compose_pieces(source: str, start: int) -> list[Piece]:
    """The pieces of the block *source*, which stands at *start* of a compose file."""
    return _pieces(source, start, _COMPOSE, {"$$": "$"})


def hcl_pieces(source: str, start: int) -> list[Piece]:
    """The pieces of the here-document *source*, which stands at *start* of a Bake file."""
    return _pieces(source, start, _HCL, {"$${": "${", "%%{": "%{"})


def quoted_pieces(source: str, start: int) -> list[Piece] | None:
    """The pieces of the quoted string *source*; None where it holds a template, or an escape that is none of JSON's."""
    if "${" in source or "%{" in source:
        return None
    found: list[Piece] = []
    at = 0
    while at < len(source):
        end = at + 1
        text = source[at]
        if text == "\\":
            match = _ESCAPE.match(source, at)
            if match is None:
                return None
            end = match.end()
            text = json.loads(f'"{match[0]}"')
        found.append(Piece(text, Span(start + at, start + end)))
        at = end
    return found


def _pieces(source: str, start: int, special: re.Pattern[str], escapes: dict[str, str]) -> list[Piece]:
    found: list[Piece] = []
    at = number = 0
    for match in special.finditer(source):
        found += [Piece(source[i], Span(start + i, start + i + 1)) for i in range(at, match.start())]
        span = Span(start + match.start(), start + match.end())
        at = match.end()
        if match[0] in escapes:
            found.append(Piece(escapes[match[0]], span))
        elif _NEWLINE.fullmatch(match[0]):
            found.append(Piece("\n", span))
        else:
            found.append(placeholder(number, span))
            number += 1
    found += [Piece(source[i], Span(start + i, start + i + 1)) for i in range(at, len(source))]
    return found
