"""The tiers of a migration; see ``rollout.toml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..datafile import read_data
from ..pipeline.options import codes_of
from ..record import record

_FILE = Path(__file__).with_name("rollout.toml")


@record
class Tier:
    """A tier: its name, the level and the codes of the rules that it allows, and what it does, in one line."""

    name: str
    level: str
    select: tuple[str, ...]
    help: str


@cache
def tiers() -> tuple[Tier, ...]:
    """All tiers, in the order in which to roll them out, each with the rules of those before it."""
    default = codes_of(("default",))
    codes: frozenset[str] = frozenset()
    found: list[Tier] = []
    for one in read_data(_FILE)["tier"]:
        # A prefix such as DS6 names the rules of the group lint as well, which nobody asked for.
        codes |= codes_of(one["select"]) & default
        found.append(Tier(one["name"], one["level"], tuple(sorted(codes)), one["help"]))
    return tuple(found)


def tier(name: str) -> Tier:
    """The tier *name*. Raises ``ValueError`` naming the known ones."""
    for one in tiers():
        if one.name == name:
            return one
    raise ValueError(f"--rollout: unknown tier {name!r}; choose from {', '.join(one.name for one in tiers())}")
