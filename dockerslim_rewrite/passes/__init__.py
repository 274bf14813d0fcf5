"""Passes: one file each. ``PIPELINE`` is the whole list, in the order in which phases run."""

from __future__ import annotations

from typing import NamedTuple

from .base import Pass
from .merge_dead_bytes import merge_dead_bytes
from .merge_runs import merge_runs


class Phase(NamedTuple):
    """Passes that run together until none of them changes anything; within a phase their order does not matter."""

    name: str
    passes: tuple[Pass, ...]


PIPELINE: tuple[Phase, ...] = (
    Phase("merge", (merge_dead_bytes, merge_runs)),
)

__all__ = ["PIPELINE", "Pass", "Phase"]
