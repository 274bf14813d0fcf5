"""Positions in what passes say, of the text that they saw, as positions of the file that the user has."""

from __future__ import annotations

from collections.abc import Callable

from ..patterns import re

#: Lines of the Dockerfile as passes name them; those of other files are written "at line N".
_LINES = re.compile(r"(?<!at )\b(lines? )(\d+(?:(?:, | and | to )\d+)*)")
_NUMBER = re.compile(r"\d+")


def on_original(text: str, line_of: Callable[[int], int], name: str, own: Callable[[int], bool]) -> str:
    """*text* with every line of the Dockerfile, called *name*, led through *line_of* (from 1, both).

    Among several, those that are this program's *own* are called new.
    """
    if "line" in text:
        text = _LINES.sub(lambda match: match[1] + _led(match[2], line_of, own), text)
    if f"{name}:" in text:
        text = re.sub(rf"(?<![\w./-]){re.escape(name)}:\d+", lambda match: _last_led(match[0], line_of), text)
    return text


def _led(numbers: str, line_of: Callable[[int], int], own: Callable[[int], bool]) -> str:
    several = not numbers.isdigit()
    return _NUMBER.sub(
        lambda match: "a new one" if several and own(int(match[0])) else str(line_of(int(match[0]))), numbers
    )


def _last_led(place: str, line_of: Callable[[int], int]) -> str:
    name, _, number = place.rpartition(":")
    return f"{name}:{line_of(int(number))}"
