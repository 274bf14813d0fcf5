"""Variables of the environment that tell programs where files lie; see ``data/place_variables.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from ..patterns import re
from ..record import record
from .tables import table

#: So many characters before a variable tell whether it is asked for its truth.
_BEFORE = 20
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@record
class VariableReads:
    """How a language reads variables (one of the groups is the name), what stands before where that is harmless, and
    how it loads code from where a variable says.
    """

    reads: re.Pattern[str]
    passed: re.Pattern[str]
    loads: re.Pattern[str] | None

    def concern(self, code: str) -> bool:
        """Whether *code* reads a variable."""
        return self.reads.search(code) is not None or (self.loads is not None and self.loads.search(code) is not None)


@cache
def variable_reads(language: str) -> VariableReads | None:
    """What is known of *language*; None where nothing is."""
    entry: Mapping[str, str] | None = table("place_variables")["languages"].get(language)
    if entry is None:
        return None
    loads = re.compile(entry["loads"]) if "loads" in entry else None
    return VariableReads(re.compile(entry["reads"]), re.compile(entry["passed"]), loads)


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.upper() for word in _WORDS.findall(name))


@cache
def _data() -> Mapping[str, Any]:
    data = table("place_variables")
    sets = ("others", "switching", "exact", "only-read", "servers", "address", "databases")
    patterns = ("embedded", "remote")
    return {name: frozenset(data[name]) for name in sets} | {name: re.compile(data[name]) for name in patterns}


@cache
def _switches() -> Mapping[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in table("place_variables")["switches"].items()}


def is_switch(line: str, start: int, end: int) -> bool:
    """Whether what *line* reads from *start* to *end*, the end of a variable's name, is only compared or asked for its
    truth: it then names no place.
    """
    known = _switches()
    if sum(line.count(sign, start, end) for sign in "([") > sum(line.count(sign, start, end) for sign in ")]"):
        closed = known["closes"].match(line, end)
        if closed is None:
            return False
        end = closed.end()
    if known["tested"].match(line, end):
        return True
    return known["asked"].search(line, max(0, start - _BEFORE), start) is not None and bool(
        known["done"].match(line, end)
    )


def names_place(name: str, code: str) -> bool:
    """Whether the variable *name* may say where a file lies that the program writes, which reads it in *code*."""
    data, words = _data(), _words(name)
    if not words or name.upper() in data["exact"]:
        return False
    if words[-1] in data["address"] and not data["databases"].isdisjoint(words):
        return bool(data["embedded"].search(code)) and not data["remote"].search(code)
    if words[-1] in data["others"] or words[0] in data["switching"] or not data["servers"].isdisjoint(words):
        return False
    return not data["only-read"].intersection(words)
