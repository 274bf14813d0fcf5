"""Which libraries packages of a language are linked to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..record import record
from .tables import table


@record
class Linked:
    """What is known of one manager's packages.

    ``links`` maps a package to Debian's development packages of the libraries that it is linked to; those in ``plain``
    are linked to none that a slim image of the language lacks. Those in ``runs`` start programs that it lacks;
    ``programs`` are brought by packages. ``complete`` maps a package to those that bring its library for it,
    ``served`` to the distribution's that do. Those that
    are ``greedy`` are linked to more where more development packages are installed. ``needs`` maps packages that fetch
    what they need, and compile nothing, to programs whose packages bring what that is linked to.
    """

    links: Mapping[str, tuple[str, ...]]
    plain: frozenset[str]
    runs: frozenset[str]
    programs: frozenset[str]
    complete: Mapping[str, tuple[str, ...]]
    greedy: frozenset[str]
    served: Mapping[str, tuple[str, ...]]
    needs: Mapping[str, tuple[str, ...]]

    @property
    def packages(self) -> frozenset[str]:
        """All packages of which it is known."""
        return self.plain | frozenset(self.links)


@lru_cache(maxsize=8)
def linked_packages(manager: str) -> Linked:
    """What is known of the packages of *manager* (``pip``, ``npm``, ``gem``, ``cargo``); nothing for another."""
    data: Mapping[str, Any] = table("linked").get(manager, {})
    links = {name: tuple(found) for name, found in data.get("links", {}).items()}
    complete, served, needs = (
        {name: tuple(found) for name, found in data.get(key, {}).items()} for key in ("complete", "served", "needs")
    )
    plain, runs, programs, greedy = (frozenset(data.get(key, ())) for key in ("plain", "runs", "programs", "greedy"))
    return Linked(links, plain, runs, programs, complete, greedy, served, needs)


def linker_words() -> tuple[str, ...]:
    """Words by which extensions are told to use other libraries than they would by themselves."""
    return tuple(table("linked")["options"]["words"])
