"""Trace equivalence of real RUN bodies before and after a rewrite, in a sandbox, under three shells.

A small sample, to notice at once; `python -m tests.trace` runs all of the corpus, with 20 seeds.
"""

from __future__ import annotations

import os

import pytest

from tests.corpus.files import corpus_or_skip, sample
from tests.trace import unavailable
from tests.trace.files import Tally, trace_file

SEEDS = int(os.environ.get("DOCKERSLIM_TRACE_SEEDS", "3"))
FILES = int(os.environ.get("DOCKERSLIM_TRACE_FILES", "50"))


@pytest.mark.corpus
@pytest.mark.parametrize("level", ["standard", "aggressive"])
def test_bodies_leave_the_same_trace(level: str) -> None:
    reason = unavailable()
    if reason is not None:
        pytest.skip(f"no trace sandbox: {reason}")
    files = corpus_or_skip()
    total = Tally()
    for file in sample(files, FILES):
        total.add(trace_file(file, level, (), SEEDS))
    assert all(total.judged.values())
    assert total.failed.total() > 0, "no failure path was walked"
    assert not total.differences, "\n".join(total.differences)
