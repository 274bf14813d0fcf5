"""A rewrite as a small picture in text: how many layers the last stage adds, before and after."""

from __future__ import annotations

from ..ir.build import layers, read_build
from ..pipeline import Result
from ..syntax import parse
from .text import size

#: A bar grows no longer.
_MOST = 40


def picture(result: Result) -> str:
    """Two bars and what is saved; nothing where neither changes."""
    before, after = (layers(read_build(parse(text))) for text in (result.original, result.text))
    if before == after and not result.saving:
        return ""
    saved = f", about {size(result.saving)} less" if result.saving else ""
    return f"layers before {_bar(before)}\nlayers after  {_bar(after)}{saved}\n"


def _bar(count: int) -> str:
    return f"{'▇' * min(count, _MOST)} {count}".lstrip()
