"""How long images get fixes: the line of the software in them, and the distribution's release beneath it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ..patterns import re
from ..record import record
from .images import ImageFacts, distributions, entry_of, numbers_of

_LINE = re.compile(r"\d+(?:\.\d+)?")


@record
class Ended:
    """``what`` (``python 2.7``, ``the Debian stretch beneath it``) has had no fixes since ``since``; ``newer`` are the
    lines of the same software that still get them, newest first, ``source`` says where that is known from.
    """

    what: str
    since: date
    newer: tuple[str, ...]
    source: str


def ended(image: ImageFacts, today: date) -> Ended | None:
    """What of *image* is past its end of life on *today*: its own line first; None when nothing is known to be."""
    if image.end_of_life is not None and image.end_of_life < today:
        version = image.parts.version or image.release or ""
        return Ended(f"{image.name} {version}".rstrip(), image.end_of_life, _supported(image, today), image.source)
    return _release_ended(image, image.release, today)


def packages_ended(image: ImageFacts, today: date) -> Ended | None:
    """What may let the installation of a system package fail on *image*: its distribution's end of life, where it is
    known on which release the image stands; else what ``ended`` says.
    """
    release = distributions().get(image.distribution or "", {}).get("releases", {}).get(image.stands_on or "")
    if release is not None and "eol" in release and release["eol"] >= today and image.deprecated is None:
        return None
    return ended(image, today) or _release_ended(image, image.stands_on, today)


def _release_ended(image: ImageFacts, name: str | None, today: date) -> Ended | None:
    """The end of the release *name* beneath *image*; None where it has not come, or none is known."""
    release = distributions().get(image.distribution or "", {}).get("releases", {}).get(name or "")
    if release is None or "eol" not in release or release["eol"] >= today:
        return None
    what = f"the {str(image.distribution).capitalize()} {name} beneath it"
    return Ended(what, release["eol"], (), "the end of life that its distribution announced")


def _supported(image: ImageFacts, today: date) -> tuple[str, ...]:
    """The lines of the same software that get fixes on *today*, newest first."""
    entry = _entry(image)
    cycles: dict[str, date] = dict(entry.get("end_of_life", {}))
    if entry.get("distribution_image"):
        releases = distributions().get(entry.get("base", ""), {}).get("releases", {})
        cycles |= {one["version"]: one["eol"] for one in releases.values() if "version" in one and "eol" in one}
    alive = [line for line, end in cycles.items() if end >= today and _released(entry, line)]
    return tuple(sorted({*alive, *_newest(entry, cycles)}, key=numbers_of, reverse=True))


def _newest(entry: Mapping[str, Any], cycles: Mapping[str, date]) -> tuple[str, ...]:
    """The newest released line, where it is newer than all *cycles*: nobody has said yet when that one ends."""
    parts = {line.count(".") for line in cycles}
    lines = [tag for tag in entry.get("known_tags", ()) if _LINE.fullmatch(tag) and tag.count(".") in parts]
    last = max(lines, key=numbers_of, default=None)
    newer = last is not None and all(numbers_of(last) > numbers_of(line) for line in cycles)
    return (last,) if last is not None and newer else ()


def _released(entry: Mapping[str, Any], line: str) -> bool:
    """Whether the catalogue has seen a tag of *line*: what is planned has an end of life before it has an image."""
    return any(tag == line or tag.startswith((f"{line}-", f"{line}.")) for tag in entry.get("known_tags", ()))


def _entry(image: ImageFacts) -> Mapping[str, Any]:
    """The entry of *image*, or of what an architecture's namespace holds."""
    return entry_of(image.name) or entry_of(image.name.rpartition("/")[2]) or {}
