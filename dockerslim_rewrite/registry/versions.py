"""Which tags of a repository could be the version that a moving tag stands for. Pure: no registry is asked here.

A tag is taken apart at its hyphens into a version and the words of its variant, whatever these mean: the version tag
for ``slim-bookworm`` must be ``3.12.1-slim-bookworm``, never ``3.12.1-bookworm``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from ..patterns import re
from ..record import record

_VERSION = re.compile(r"v?\d+(?:\.\d+)*(?:[a-z_+u].*)?\Z", re.IGNORECASE)
_RELEASE = re.compile(r"v?(\d+(?:\.\d+)*)((?:u\d+|_\d+)?)\Z", re.IGNORECASE)
_DATE_DIGITS = 8
#: Words that say "the newest of …" and are not part of what the image is.
CHANNELS = frozenset(("latest", "stable", "mainline", "current", "lts", "rolling", "oldstable", "oldoldstable"))


@record
class VersionTag:
    """A tag's version (empty when it has none), its numbers, and the words of its variant in order."""

    tag: str
    version: str
    numbers: tuple[int, ...]
    words: tuple[str, ...]
    prerelease: bool

    @property
    def dated(self) -> bool:
        """Whether the version is a date (``20240212``), as of snapshots."""
        return bool(self.numbers) and self.numbers[0] >= 10 ** (_DATE_DIGITS - 1)


def read_tag(tag: str) -> VersionTag:
    """*tag* taken apart. The version is the first word that looks like one; a bare channel is no variant."""
    version = ""
    words: list[str] = []
    for word in tag.split("-"):
        if not version and _VERSION.match(word):
            version = word
        elif word not in CHANNELS:
            words.append(word)
    match = _RELEASE.match(version)
    numbers = tuple(int(part) for part in match[1].split(".")) if match else _leading_numbers(version)
    if match and match[2]:
        numbers += (int(match[2][1:]),)
    return VersionTag(tag, version, numbers, tuple(words), bool(version) and match is None)


def levels(tag: str, tags: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The tags of *tag*'s variant that name its version more exactly, short ones first and the newest first in each.

    Only versions that *tag*'s own is a prefix of; early releases only when *tag* names one; dates after versions.
    For ``latest``: (("3", "2"), ("3.13", "3.12", …), ("3.13.1", …)).
    """
    wanted = read_tag(tag)
    fitting = [
        found
        for found in map(read_tag, dict.fromkeys(tags))
        if found.numbers
        and found.words == wanted.words
        and (not found.prerelease or wanted.prerelease)
        and len(found.numbers) > len(wanted.numbers)
        and found.numbers[: len(wanted.numbers)] == wanted.numbers
    ]
    fitting.sort(key=_order)
    return tuple(
        tuple(found.tag for found in group)
        for _, group in groupby(fitting, key=lambda found: (found.dated, len(found.numbers)))
    )


def _order(found: VersionTag) -> tuple[bool, int, tuple[int, ...], str]:
    return found.dated, len(found.numbers), tuple(-number for number in found.numbers), found.tag


def _leading_numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d+(?:\.\d+)*)", version, re.IGNORECASE)
    return tuple(int(part) for part in match[1].split(".")) if match else ()
