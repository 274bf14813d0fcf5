"""Instructions that only describe the image: joined, renamed, spelled another way."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from itertools import islice
from typing import TypeAlias

from ...change import ReplacesInstruction
from ...ir.steps import Env, Label, Listing, Step, Value
from ...text.paths import LONGEST
from ..core.instructions import exposed
from ..core.observe import value
from ..shell.claims import Claimed, Licences
from .labels import AUTHORS, renamed

_Pair: TypeAlias = tuple[str | None, tuple[str, ...]]


def joined(steps: Sequence[Step], at: int, right: Step, escape: str, claimed: Claimed) -> int:
    """How many of *steps*, from the one at *at* on, *right* says in one instruction; 0 for none."""
    collected: list[_Pair] = []
    wanted = _content(right, escape, Licences(()))
    for count, step in enumerate(islice(steps, at, None), 1):
        here = claimed.near(step.origin.span)
        as_label = right.keyword == "LABEL" and step.keyword == "MAINTAINER" and _may_be_label(here)
        if step.keyword != right.keyword and not as_label:
            return 0
        collected += _content(step, escape, here)
        if len(collected) >= len(wanted):
            same = len(collected) == len(wanted) and all(map(_equal, collected, wanted))
            return count if same and _independent(steps[at : at + count]) else 0
    return 0


def _may_be_label(licences: Licences) -> bool:
    return any((claim.before, claim.after) == ("MAINTAINER", "LABEL") for claim in licences.of(ReplacesInstruction))


def _content(step: Step, escape: str, licences: Licences) -> list[_Pair]:
    if isinstance(step, Env | Label):
        labels = renamed(licences)
        keys = ["".join(value(pair.key, escape)) for pair in step.pairs]
        if isinstance(step, Label):
            keys = [labels.get(key, key) for key in keys]
        return [(key, value(pair.value or "", escape)) for key, pair in zip(keys, step.pairs, strict=True)]
    if isinstance(step, Value):
        return [(None, (_maintainer(step),))]
    return [(exposed(word), ()) for word in step.words] if isinstance(step, Listing) else []


def _equal(left: _Pair, right: _Pair) -> bool:
    """Whether two entries are one; a MAINTAINER has no key, and may get either of those that name authors."""
    return left == right or (left[0] is None and right[0] in AUTHORS and left[1] == right[1])


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
    key = "".join(value(right.pairs[0].key, escape))
    return key in AUTHORS and value(right.pairs[0].value, escape) == (_maintainer(left),)


def _maintainer(step: Value) -> str:
    """The name that a MAINTAINER gives, without quotes around all of it."""
    text = step.value
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text


def folder(text: str, at: str | None, escape: str) -> str | None:
    """The absolute folder that a WORKDIR of *text* leads to from the folder *at*; None where that cannot be told."""
    parts = value(text, escape)
    if len(parts) > 1:
        return None
    path = parts[0] if parts[0].startswith("/") or not at else posixpath.join(at, parts[0])
    # No system has a longer one, and each instruction may make it longer.
    return posixpath.normpath(path) if path.startswith("/") and len(path) <= LONGEST else None
