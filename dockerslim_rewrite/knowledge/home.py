"""What builds put into the home folder; see ``data/home.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from ..patterns import re
from ..record import record
from .tables import table


@record
class Fills:
    """Something that builds put into the home folder: ``what`` for people.

    ``commands`` do so, and installing the packages ``node``, unless one of the variables ``elsewhere`` or ``skipped``
    is set. Installing with one of ``managers`` does so as well where a line of one of ``files`` matches ``settings``.
    It is of use when the program runs if ``runtime``, and where ``started`` are named only if it starts one.
    """

    what: str
    runtime: bool
    commands: re.Pattern[str]
    node: tuple[str, ...]
    elsewhere: frozenset[str]
    skipped: frozenset[str]
    started: tuple[str, ...]
    managers: frozenset[str]
    files: tuple[str, ...]
    settings: re.Pattern[str] | None

    def avoided(self, environment: Mapping[str, str | None]) -> bool:
        """Whether *environment* leaves it out, or puts it into a folder that is not root's home."""
        moved = [environment[name] for name in self.elsewhere & environment.keys()]
        return bool(self.skipped & environment.keys()) or any(one and not one.startswith("/root") for one in moved)


@cache
def home_fills() -> tuple[Fills, ...]:
    """All that is known."""
    return tuple(
        Fills(
            entry["what"],
            entry["runtime"],
            re.compile("|".join(entry.get("commands", ["(?!)"])), re.M),
            tuple(entry.get("node", ())),
            frozenset(entry.get("elsewhere", ())),
            frozenset(entry.get("skipped", ())),
            tuple(entry.get("started", ())),
            frozenset(entry.get("managers", ())),
            tuple(entry.get("files", ())),
            re.compile(entry["settings"], re.M) if "settings" in entry else None,
        )
        for entry in table("home")["fills"]
    )


def fills_under(*environments: Mapping[str, str | None]) -> tuple[Fills, ...]:
    """All that *environments*, of which later ones decide, do not avoid."""
    found = {name: one[name] for one in environments for name in _deciding() if name in one}
    return _not_avoided(frozenset(found.items()))


@cache
def _deciding() -> frozenset[str]:
    return frozenset().union(*(one.elsewhere | one.skipped for one in home_fills()))


@lru_cache(maxsize=256)
def _not_avoided(settings: frozenset[tuple[str, str | None]]) -> tuple[Fills, ...]:
    return tuple(one for one in home_fills() if not one.avoided(dict(settings)))


@cache
def home_hints() -> tuple[frozenset[str], tuple[str, ...]]:
    """Packages of the system that only browsers need, and words of Yarn 2 and later."""
    hints = table("home")["hints"]
    return frozenset(hints["libraries"]), tuple(hints["yarn"])


def image_sets(name: str | None) -> Mapping[str, str]:
    """The variables by which the base image *name* leads tools to other places than the home folder."""
    found: Mapping[str, str] = table("home")["images"].get(name, {})
    return found
