"""The table of rules, read from ``rules.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..change import Safety
from ..datafile import read_data
from .base import Pass

_FILE = Path(__file__).with_name("rules.toml")
#: The level of rules that never change anything.
_REMARK = "remark"


class Phase(NamedTuple):
    """Passes that run together until none of them changes anything; within a phase their order does not matter.

    Where a phase ``cascades``, its changes make others of its own possible, which must come before the next phase.
    """

    name: str
    passes: tuple[Pass, ...]
    cascades: bool = False


def rules() -> list[Pass]:
    """Every rule, by code."""
    return sorted((one for phase in PIPELINE for one in phase.passes), key=lambda one: one.code)


def rule(code: str) -> Pass:
    """The rule *code*. Raises ``KeyError`` where there is none."""
    for phase in PIPELINE:
        for one in phase.passes:
            if one.code == code:
                return one
    raise KeyError(code)


def _pass(row: Mapping[str, Any], phase: str) -> Pass:
    level = None if row["level"] == _REMARK else Safety.of(row["level"])
    return Pass(
        code=row["code"],
        name=row["name"],
        family=row["family"],
        phase=phase,
        level=level,
        ceiling=Safety.of(row["ceiling"]) if "ceiling" in row else level,
        group=row["group"],
        summary=row["summary"],
        look=row.get("look", ""),
        fails=row.get("fails", False),
        answers=tuple(row.get("answers", ())),
        mentions=tuple(row.get("mentions", ())),
        optional=row.get("optional", False),
        on=tuple(row.get("on", ())),
        off=tuple(row.get("off", ())),
        without=tuple(row.get("without", ())),
        held_by=tuple(row.get("held_by", ())),
    )


PIPELINE: tuple[Phase, ...] = tuple(
    Phase(one["name"], tuple(_pass(row, one["name"]) for row in one["rule"]), one.get("cascades", False))
    for one in read_data(_FILE)["phase"]
)
