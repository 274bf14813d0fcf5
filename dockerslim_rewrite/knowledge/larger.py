"""What full images of languages have of their distribution and slim ones lack, by the names that code uses."""

from __future__ import annotations

from functools import lru_cache

from ..record import record
from .tables import table


@record
class Larger:
    """``programs`` by name; ``words`` are such names that mean other things too. ``libraries`` are named as
    ``find_library`` takes them, ``modules`` belong to the interpreter and need one of them. ``present`` are the
    libraries (by soname) that slim images have as well.
    """

    programs: frozenset[str]
    words: frozenset[str]
    libraries: frozenset[str]
    modules: frozenset[str]
    present: frozenset[str]


@lru_cache(maxsize=1)
def larger() -> Larger:
    """What only full images have."""
    data = table("larger")
    return Larger(*(frozenset(data[key]) for key in ("programs", "words", "libraries", "modules", "present")))
