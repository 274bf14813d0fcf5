"""Which candidate is the best depends on what somebody wants."""

from __future__ import annotations

from typing import Any

from dockerslim_rewrite.analysis.locked import Supposed
from dockerslim_rewrite.engine.prove.choice import chosen
from dockerslim_rewrite.engine.prove.task import Attempt, Ladder


def _attempt(rule: str, size: int, refused: str | None = None, **fields: Any) -> Attempt:
    return Attempt(rule, rule, 1, size, refused, Supposed(rule), **fields)


def test_the_smallest_unless_an_earlier_one_is_nearly_as_small() -> None:
    slim, split = _attempt("DS304", 104), _attempt("DS402", 100)
    assert chosen(Ladder(900, (slim, split)), "size") is slim
    assert chosen(Ladder(900, (_attempt("DS304", 110), split)), "size") is split


def test_what_is_refused_or_larger_is_none() -> None:
    assert chosen(Ladder(900, (_attempt("DS304", 100, "no"), _attempt("DS402", 901))), "size") is None


def test_security_counts_packages_and_cache_seconds() -> None:
    few, quick = _attempt("DS304", 300, packages=90, warm=9.0), _attempt("DS402", 100, packages=120, warm=1.0)
    ladder = Ladder(900, (few, quick))
    assert chosen(ladder, "security") is few
    assert chosen(ladder, "cache") is quick
