"""YAML as nodes that know where they stand, of texts that do not take long to read.

The reader is written in Python, and what it takes is decided by the number of values, not by the length: in half a
megabyte there may be as many as in a hundred ordinary files. So they are counted before, by the signs that make them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

#: Values in one text: those of ten thousand lines or more. Each takes a kilobyte of memory while it is read.
MAX_VALUES = 60_000
#: What people write has no more values than one for so many characters, so any amount of it may be read.
_USUAL = 16
_ROOM = 30_000
#: The signs, and how many values each of them makes at most.
_SIGNS = {
    ": ": 2, ":\n": 2, ":\r": 2, '":': 1, ",": 1, "- ": 1, "-\n": 1, "-\r": 1, "? ": 1,
    "[": 1, "{": 1, "---": 2, "...": 1, "&": 1, "*": 1, "!": 1,
}  # fmt: skip
#: The reader puts tags together sign by sign, and what a directive says before each of them; people write a dozen.
_MAX_TAG, _MAX_DIRECTIVE = 10_000, 1_000
_RUN = re.compile(r"\S++")
_TAG = re.compile(r"(?:\A|[,\[{])!")
_DIRECTIVE = re.compile(rf"^%.{{{_MAX_DIRECTIVE}}}", re.M)


class TooManyValues(ValueError):
    """A text, or one more text of a repository, that holds more values than are read."""


class Allowance:
    """How many values more may be read of one repository."""

    def __init__(self) -> None:
        self._left = _ROOM

    def spend(self, text: str) -> None:
        """Count the values of *text*. Raises ``TooManyValues`` where there are too many with those before."""
        rest = self._left + len(text) // _USUAL - values_in(text)
        if rest < 0:
            raise TooManyValues("with the files before it, it holds more values than are read of one repository")
        self._left = rest


def values_in(text: str) -> int:
    """About how many values *text* has as YAML: half of them at least."""
    return 1 + sum(text.count(sign) * number for sign, number in _SIGNS.items())


def check(text: str) -> None:
    """Raise ``TooManyValues`` where the YAML *text* has more values, or a longer tag, than people write."""
    if len(text) > MAX_VALUES and values_in(text) > MAX_VALUES:
        raise TooManyValues(f"it holds more than {MAX_VALUES:,} values, as only generated data does")
    if len(text) > _MAX_DIRECTIVE and _DIRECTIVE.search(text):
        raise TooManyValues(f"it holds a directive of more than {_MAX_DIRECTIVE:,} characters, as nobody writes")
    if len(text) > _MAX_TAG and any(map(_begins_tag, _RUN.findall(text))):
        raise TooManyValues(f"it holds a tag of more than {_MAX_TAG:,} characters, as nobody writes")


def _begins_tag(run: str) -> bool:
    """Whether a tag that is too long may begin in *run*, which stands between blanks."""
    return len(run) > _MAX_TAG and _TAG.search(run, 0, len(run) - _MAX_TAG + 1) is not None


def compose(text: str) -> Iterator[Any]:
    """The nodes of the documents in *text*. Raises ``TooManyValues``, and what the reader raises."""
    check(text)
    # It takes longer to load than most files to be rewritten.
    from ruamel.yaml import YAML

    reader = YAML(typ="safe", pure=True)
    reader.allow_duplicate_keys = True
    reader.composer.warn_double_anchors = False
    yield from reader.compose_all(text)
