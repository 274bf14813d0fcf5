"""Commands written as one text, where words are split as shells do it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from .found import Text, Unknown, Words


def split_words(text: Text) -> Words:
    """The words of *text*; unknown as a whole where it is, or where a quote stays open."""
    if isinstance(text, Unknown):
        return text
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return Unknown(text)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of *text* with their continuations, each with the number of its first line, from 0."""
    start = 0
    parts: list[str] = []
    for number, line in enumerate(text.split("\n")):
        if not parts:
            start = number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        yield start, "".join((*parts, line.rstrip("\r")))
        parts = []
