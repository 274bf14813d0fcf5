"""Expressions and matrices of workflows, as far as the files tell them.

Source: GitHub documentation, "Contexts", "Workflow syntax for GitHub Actions" (``jobs.<job_id>.strategy.matrix``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ...patterns import re
from .found import Text
from .growth import filled_or_unknown
from .yaml_values import Map, Scalar, sequence

EXPRESSION = re.compile(r"\$\{\{(.*?)(\}\}|\Z)", re.S)
#: A matrix with more combinations is not spread out.
_MAX_COMBINATIONS = 256


def expanded(text: str, known: Mapping[str, Text]) -> Text:
    """*text* with its expressions replaced; unknown as a whole where one is."""
    return filled_or_unknown(EXPRESSION, text, partial(value_of, known))


def value_of(known: Mapping[str, Text], match: re.Match[str]) -> Text | None:
    """What *known* tells of the expression *match*; one that does not end is no expression, and stays as it is."""
    return known.get(match[1].strip()) if match[2] else match[0]


def combinations(matrix: Map) -> Sequence[Mapping[str, Text]]:
    """What ``matrix.…`` is in each run of a job; nothing is known of it where it comes from an expression."""
    axes: list[list[tuple[str, Any]]] = []
    count = 1
    for name, value in matrix.items():
        if name in ("include", "exclude"):
            continue
        options = [(name, item) for item in sequence(value)]
        if options:
            axes.append(options)
            count *= len(options)
    if count > _MAX_COMBINATIONS:
        return [{}]
    names = {axis[0][0] for axis in axes}
    excluded = [one for one in sequence(matrix.get("exclude")) if isinstance(one, Map)]
    rows = [dict(one) for one in itertools.product(*axes)] if axes else []
    rows = [row for row in rows if not any(all(row.get(key) == one[key] for key in one) for one in excluded)]
    added = []
    for one in sequence(matrix.get("include"))[:_MAX_COMBINATIONS]:
        if not isinstance(one, Map):
            continue
        fitting = [row for row in rows if all(row[key] == one[key] for key in one if key in names)]
        for row in fitting:
            row.update(one)
        if not fitting:
            added.append(dict(one))
    return [dict(_flat("matrix", row)) for row in (*rows, *added)] or [{}]


def _flat(prefix: str, row: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    for name, value in row.items():
        if isinstance(value, Scalar):
            yield f"{prefix}.{name}", str(value)
        elif isinstance(value, Map):
            yield from (
                (f"{prefix}.{name}.{key}", str(item)) for key, item in value.items() if isinstance(item, Scalar)
            )
