"""Which file of the base each Dockerfile was where Git only sees edits: two may have exchanged their names, and one may
have gone elsewhere while something else took its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

#: More files than this are not compared, each with each.
_COMPARED = 50
#: A file that shares so much with what it was is that.
_MUCH = 0.5


def exchanged(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, str]:
    """For files that are edited or new, by their paths, the path of the one in *before* that they say the same as and
    were.

    Only files are named that were another one, which itself is less like what it was.
    """
    if not before or len(before) > _COMPARED or len(after) > _COMPARED:
        return {}
    old = {path: _lines(text) for path, text in before.items()}
    new = {path: _lines(text) for path, text in after.items()}
    own = {path: _shared(old[path], new[path]) for path in old.keys() & new.keys()}
    found = {}
    for path in new:
        much = own.get(path, 0.0)
        if much < _MUCH:
            most, other = max((_shared(old[one], new[path]), one) for one in old)
            # A new file that says what another one still says is a copy.
            least = own.get(other, 0.0)
            if most > max(_MUCH, much, least) and (path in own or least < _MUCH):
                found[path] = other
    return found


def _lines(text: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in text.splitlines() if line.strip())


def _shared(one: Counter[bytes], other: Counter[bytes]) -> float:
    """How much of the larger of both the two share, from 0 to 1."""
    return (one & other).total() / max(one.total(), other.total(), 1)
