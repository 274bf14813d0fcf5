"""A rewrite as a small picture in text: how many layers the last stage adds, before and after."""

from __future__ import annotations

from ..ir.build import read_build
from ..pipeline import Result
from ..syntax import parse
from .text import size

#: Instructions that store a layer.
_LAYERS = frozenset(("RUN", "COPY", "ADD"))
#: A bar grows no longer.
_MOST = 40


def picture(result: Result) -> str:
    """Two bars and what is saved; nothing where neither changes."""
    before, after = layers(result.original), layers(result.text)
    if before == after and not result.saving:
        return ""
    saved = f", about {size(result.saving)} less" if result.saving else ""
    return f"layers before {_bar(before)}\nlayers after  {_bar(after)}{saved}\n"


def layers(text: str) -> int:
    """How many layers the last stage of the Dockerfile *text* stores on its base."""
    stages = read_build(parse(text)).stages
    return sum(step.origin.keyword in _LAYERS for step in stages[-1].steps) if stages else 0


def _bar(count: int) -> str:
    return f"{'▇' * min(count, _MOST)} {count}".lstrip()
