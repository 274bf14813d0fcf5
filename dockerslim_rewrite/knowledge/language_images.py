"""Which packages bring a language's runtime, and which official image is made around it."""

from __future__ import annotations

from functools import lru_cache

from ..patterns import re
from ..record import record
from .tables import table


@record
class Language:
    """A language with the official *image* of its runtime; ``mentions`` begin the names of programs of which
    the container must start one.
    """

    name: str
    image: str
    packages: re.Pattern[str]
    mentions: tuple[str, ...]


@lru_cache(maxsize=1)
def languages() -> tuple[Language, ...]:
    """All known languages, in the order of the data file."""
    data = table("language_images")
    return tuple(
        Language(one["name"], one["image"], re.compile(one["packages"]), tuple(one.get("with", ())))
        for one in data["language"]
    )


def language_of(package: str) -> Language | None:
    """The language whose runtime *package* brings; None for any other package."""
    return next((one for one in languages() if one.packages.fullmatch(package)), None)
