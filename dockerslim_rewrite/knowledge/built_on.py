"""Which release of its distribution an image stands on whose tag names none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: More than any part of a version is.
_LAST = 1_000_000


def built_on(entry: Mapping[str, Any], version: str | None) -> str | None:
    """The release beneath *version* of the image with that *entry* of the catalogue; None where it is not known.

    A tag is built no more once a newer version has come, so it stays where its last build was. The tags of the current
    version of a line that is maintained, ``3.13`` as well as ``3.13.2``, are built anew, and move on.
    """
    numbers = _numbers(version)
    known = entry.get("built_on", {})
    line = next((one for one in known.get("since", {}) if _numbers(one) == numbers[: one.count(".") + 1]), None)
    if line is None:
        return None
    newest = (*numbers, *([_LAST] * (3 - len(numbers))))
    current = known.get("current", {}).get(line)
    if current is not None and newest >= _numbers(current):
        return None
    found: str | None = None
    for first, release in known["since"][line].items():
        if _numbers(first) <= newest:
            found = release
    return found


def _numbers(version: str | None) -> tuple[int, ...]:
    """The numbers of *version*; none where it is none of numbers alone."""
    parts = (version or "").split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()
