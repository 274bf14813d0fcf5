"""The tiers of a migration; see ``rollout.toml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..datafile import read_data
from ..record import record

_FILE = Path(__file__).with_name("rollout.toml")


@record
class Tier:
    """A tier: its name, the level and the rules that it allows, and what it does, in one line."""

    name: str
    level: str
    select: tuple[str, ...]
    help: str


@cache
def tiers() -> tuple[Tier, ...]:
    """All tiers, in the order in which to roll them out."""
    return tuple(Tier(one["name"], one["level"], tuple(one["select"]), one["help"]) for one in read_data(_FILE)["tier"])


def tier(name: str) -> Tier:
    """The tier *name*. Raises ``ValueError`` naming the known ones."""
    for one in tiers():
        if one.name == name:
            return one
    raise ValueError(f"--rollout: unknown tier {name!r}; choose from {', '.join(one.name for one in tiers())}")
