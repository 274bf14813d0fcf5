"""Calls by which programs write, for languages that are not read in full; see ``data/writing_calls.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..patterns import re
from ..record import record
from .tables import table

#: The owner that stands for anybody.
ANYBODY = "*"


@record
class Call:
    """How the arguments of a call tell what it writes; see the data file. ``only`` is an argument with what it says."""

    at: tuple[int, ...]
    mode: int | None = None
    only: tuple[int, str] | None = None
    folder: bool = False
    given: bool = False
    past: re.Pattern[str] | None = None


@record
class WritingCalls:
    """The calls of one language: ``calls`` by owner and name, ``owners`` by the names and modules that stand for them.

    ``mentions`` finds the names wherever they stand; see the data file for the rest.
    """

    calls: Mapping[str, Mapping[str, Call]]
    owners: Mapping[str, str]
    modules: Mapping[str, str]
    mentions: re.Pattern[str]
    suffix: re.Pattern[str]
    separators: tuple[str, ...]
    through: frozenset[str]
    quotes: str
    bare: bool
    resets: bool
    computed: re.Pattern[str] | None
    defines: tuple[str, ...]
    joins: re.Pattern[str]
    temporary: re.Pattern[str]
    reads: re.Pattern[str]
    moves: re.Pattern[str]
    required: re.Pattern[str] | None
    binds: tuple[re.Pattern[str], ...]


@cache
def writing_calls(language: str) -> WritingCalls | None:
    """What is known of *language*; None where nothing is."""
    entry: Mapping[str, Any] | None = table("writing_calls").get(language)
    if entry is None:
        return None
    calls = {
        owner: {name: _call(told) for name, told in functions.items()} for owner, functions in entry["calls"].items()
    }
    suffix = entry.get("suffix", "")
    names = sorted({name for functions in calls.values() for name in functions})
    return WritingCalls(
        calls,
        {name: owner for owner, known in entry["names"].items() for name in known},
        entry["modules"],
        re.compile(rf"(?<![\w$])(?:{'|'.join(names)}){suffix}(?![\w$])"),
        re.compile(rf"{suffix}\Z"),
        tuple(entry["separators"]),
        frozenset(entry.get("through", ())),
        entry["quotes"],
        entry.get("bare", False),
        entry.get("resets", False),
        re.compile(entry["computed"]) if "computed" in entry else None,
        tuple(entry["defines"]),
        re.compile(entry["joins"]),
        re.compile(entry["temporary"]),
        re.compile(entry["reads"]),
        re.compile(entry["moves"]),
        re.compile(entry["required"]) if "required" in entry else None,
        tuple(re.compile(one, re.M) for one in entry["binds"]),
    )


def _call(told: list[int] | Mapping[str, Any]) -> Call:
    if isinstance(told, list):
        return Call(tuple(told))
    only = told.get("only")
    return Call(
        tuple(told["at"]),
        told.get("mode"),
        (only[0], only[1]) if only else None,
        told.get("folder", False),
        told.get("given", False),
        re.compile(told["past"]) if "past" in told else None,
    )
