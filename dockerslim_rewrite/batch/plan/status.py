"""Where a plan stands: the repository's files, compared with those that the plan was made for."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from pathlib import Path

from ...record import record
from ...regular import read_whole
from ..outcome import digest
from .files import Plan, PlannedShard


class State(Enum):
    """Where a shard stands."""

    OPEN = "open"
    MERGED = "merged"
    PARTLY = "partly merged"
    CHANGED = "changed since"
    REFUSED = "refused"


@record
class Standing:
    """Where ``shard`` stands; ``files`` counts its files by state, ``reason`` says why it was refused."""

    shard: PlannedShard
    state: State
    files: dict[State, int]
    reason: str | None = None


def standings(plan: Plan, root: Path, refused: dict[str, str]) -> tuple[Standing, ...]:
    """Where each shard stands in the repository at *root*; *refused* are reasons by shards."""
    return tuple(standing(one, root, refused.get(one.name)) for one in plan.shards)


def standing(shard: PlannedShard, root: Path, refused: str | None = None) -> Standing:
    """Where *shard* stands in the repository at *root*."""
    found = Counter(file_state(root / file.name, file.before, file.after) for file in shard.files)
    if refused is not None:
        state = State.REFUSED
    elif State.CHANGED in found:
        state = State.CHANGED
    elif len(found) > 1:
        state = State.PARTLY
    else:
        state = next(iter(found), State.MERGED)
    return Standing(shard, state, dict(found), refused)


def file_state(path: Path, before: str, after: str) -> State:
    """Whether the file at *path* is as it was planned for, as it was planned to be, or neither."""
    try:
        now = digest(read_whole(path))
    except OSError:
        return State.CHANGED
    return State.OPEN if now == before else State.MERGED if now == after else State.CHANGED
