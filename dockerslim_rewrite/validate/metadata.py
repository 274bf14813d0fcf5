"""Instructions that only describe the image: joined, renamed, spelled another way."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from itertools import islice

from ..ir.steps import Env, Label, Listing, Step, Value
from .observe import value

_AUTHORS = frozenset(("org.opencontainers.image.authors", "maintainer"))


def joined(steps: Sequence[Step], at: int, right: Step, escape: str) -> int:
    """How many of *steps*, from the one at *at* on, *right* says in one instruction; 0 for none."""
    collected: list[object] = []
    wanted = _content(right, escape)
    for count, step in enumerate(islice(steps, at, None), 1):
        if step.keyword != right.keyword:
            return 0
        collected += _content(step, escape)
        if len(collected) >= len(wanted):
            return count if collected == wanted and _independent(steps[at : at + count]) else 0
    return 0


def _content(step: Step, escape: str) -> list[object]:
    if isinstance(step, Env | Label):
        return [(value(pair.key, escape), value(pair.value or "", escape)) for pair in step.pairs]
    return list(step.words) if isinstance(step, Listing) else [step]


def _independent(steps: Sequence[Step]) -> bool:
    """Within one ENV every value sees the old environment: no value may use a key set before it."""
    known: set[str] = set()
    for step in steps:
        pairs = step.pairs if isinstance(step, Env) else ()
        if any(name in known for pair in pairs for name in re.findall(r"\$\{?(\w+)", pair.value or "")):
            return False
        known.update(pair.key for pair in pairs)
    return True


def maintainer_as_label(left: Value, right: Label, escape: str) -> bool:
    """Whether the label *right* says who the MAINTAINER *left* is, and nothing else."""
    if len(right.pairs) != 1 or right.pairs[0].value is None:
        return False
    text = left.value
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
        text = text[1:-1]
    key = "".join(value(right.pairs[0].key, escape))
    return key in _AUTHORS and value(right.pairs[0].value, escape) == (text,)


def folder(text: str, at: str | None, escape: str) -> str | None:
    """The absolute folder that a WORKDIR of *text* leads to from the folder *at*; None where that cannot be told."""
    parts = value(text, escape)
    if len(parts) > 1:
        return None
    path = parts[0]
    if path.startswith("/"):
        return posixpath.normpath(path)
    return posixpath.normpath(posixpath.join(at, path)) if at else None
