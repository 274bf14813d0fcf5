"""For which release of a distribution texts and packages are; see ``data/releases.toml``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from ..patterns import re
from .images import ImageFacts, distributions, image_facts, numbers_of
from .tables import table

#: What stands in one command before the name of a release, where repositories are spoken of.
_ADDRESS = r"(?:://|\bdeb(?:-src)?\s|\bSuites:)[^\n;|&]{0,300}?"


def newest(distribution: str) -> str | None:
    """The number of the release of *distribution* that the newest images stand on; None where that is not known."""
    found = image_facts(distribution, "latest")
    return found.pin.tag if found is not None and found.pin is not None else None


def release_under(image: ImageFacts | None) -> tuple[str | None, str | None]:
    """The distribution under *image* and the number of its release, each None where it is not known. What an image in
    service stands on without saying so is the newest.
    """
    if image is None or image.distribution is None:
        return None, None
    if image.stands_on is None:
        return image.distribution, newest(image.distribution)
    return image.distribution, number_of(image.distribution, image.stands_on)


def number_of(distribution: str, release: str) -> str | None:
    """The number of *release*, a code name or a number; None where it has none."""
    known = distributions().get(distribution, {}).get("releases", {})
    if release in known:
        version: str | None = known[release].get("version")
        return version
    return release if re.fullmatch(r"\d+(?:\.\d+)*", release) else None


def told_in(text: str, distribution: str) -> Iterator[tuple[int, str]]:
    """The numbers of the releases of *distribution* that addresses and repositories in *text* name, each with where."""
    for pattern in _patterns(distribution):
        for match in pattern.finditer(text):
            named = match["number"] or ""
            number = number_of(distribution, named) or named
            if distribution == "ubuntu" and "." not in number:
                number = f"{number[:2]}.{number[2:]}"
            yield match.start("number"), number


@cache
def _patterns(distribution: str) -> tuple[re.Pattern[str], ...]:
    numbers = [re.compile(one, re.I) for one in table("releases")["numbers"].get(distribution, ())]
    releases = distributions().get(distribution, {}).get("releases", {})
    names = "|".join(name for name, entry in releases.items() if "version" in entry)
    if names:
        numbers.append(re.compile(rf"{_ADDRESS}(?<![A-Za-z])(?P<number>{names})(?![A-Za-z])"))
    return tuple(numbers)


def lists_repositories(path: str) -> bool:
    """Whether the file at *path* of an image lists the distribution's repositories."""
    return re.match(table("releases")["lists"]["paths"], path) is not None


def gone_after(distribution: str, number: str, package: str) -> str | None:
    """The release after which *distribution* has no *package*, if its release *number* comes behind it."""
    for entry in table("releases")["gone"]:
        later = entry["distribution"] == distribution and numbers_of(number) > numbers_of(entry["after"])
        if later and any(re.fullmatch(one, package) for one in entry["packages"]):
            after: str = entry["after"]
            return after
    return None
