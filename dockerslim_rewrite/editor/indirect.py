"""Stages that are named through a variable: nobody sees by the name alone that they are used there."""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.flow.graph import references
from ..ir.build import Build
from ..ir.expansion import ExpansionError, expand
from ..patterns import re

_VARIABLE = re.compile(r"\$(?:\{[^}$]*\}|[A-Za-z_][A-Za-z0-9_]*)")


def reached_through(build: Build, stage: str) -> tuple[int, str] | None:
    """The line, and the words there, that may name *stage* once their variables are put in; None where none do."""
    values = _values(build)
    names = {one.name for one in build.stages}
    for line, text in _named(build):
        if _VARIABLE.search(text) and _may_be(stage, text, values, names):
            return line, text
    return None


def _named(build: Build) -> Iterator[tuple[int, str]]:
    for stage in build.stages:
        yield stage.head.line, stage.head.image
        for step in stage.steps:
            for text in references(step):
                yield step.line, text


def _values(build: Build) -> dict[str, str]:
    """The arguments above the first FROM, as they are unless a build sets them; those without a value are not there."""
    found: dict[str, str] = {}
    for step in build.preamble:
        for pair in getattr(step, "pairs", ()):
            if pair.value is not None:
                value = _expanded(pair.value.strip("\"'"), found)
                if value is not None:
                    found[pair.key] = value
    return found


def _expanded(text: str, values: dict[str, str]) -> str | None:
    try:
        return expand(text, values)
    except (ExpansionError, ValueError):
        return None


def _may_be(stage: str, text: str, values: dict[str, str], names: set[str]) -> bool:
    """Whether *text* may be *stage*: a build may set each variable anew, to any part of a stage's name.

    Where *text* is one variable that has the name of an image, it is taken for a choice between images.
    """
    usual = _expanded(text, values)
    known = usual is not None and usual.strip() != ""
    if known and _VARIABLE.fullmatch(text) and str(usual).lower() not in names:
        return False
    parts = [re.escape(part.lower()) for part in _VARIABLE.split(text)]
    return re.fullmatch(".*".join(parts), stage.lower()) is not None
