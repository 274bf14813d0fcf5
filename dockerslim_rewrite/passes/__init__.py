"""Passes: one file each. ``PIPELINE`` is the whole list, in the order in which phases run."""

from __future__ import annotations

from typing import NamedTuple

from .add_to_copy import add_to_copy
from .base import Pass
from .casing import casing
from .copy_many import copy_many
from .duplicate_command import duplicate_command
from .empty_continuation import empty_continuation
from .json_form import json_form
from .legacy_key_value import legacy_key_value
from .maintainer_label import maintainer_label
from .merge_dead_bytes import merge_dead_bytes
from .merge_runs import merge_runs
from .stage_index import stage_index


class Phase(NamedTuple):
    """Passes that run together until none of them changes anything; within a phase their order does not matter."""

    name: str
    passes: tuple[Pass, ...]


PIPELINE: tuple[Phase, ...] = (
    Phase("normalise", (empty_continuation, casing, duplicate_command)),
    Phase("merge", (merge_dead_bytes, merge_runs)),
    Phase("tidy", (add_to_copy, maintainer_label, json_form, legacy_key_value, copy_many, stage_index)),
)

__all__ = ["PIPELINE", "Pass", "Phase"]
