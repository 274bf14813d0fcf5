"""What has to be zero on real files is zero, on a sample that is the same everywhere, at every level."""

from __future__ import annotations

import pytest

from tests.corpus.files import CorpusFile, corpus_or_skip, sample
from tests.corpus.judges import Linters
from tests.corpus.runner import LEVELS, judge, rewrite_files

SAMPLE = 400


@pytest.fixture(scope="module")
def files() -> list[CorpusFile]:
    everything = corpus_or_skip()
    # The few files on which BuildKit tests its own parser are always in.
    chosen = sample(everything, SAMPLE)
    return chosen + [file for file in everything if file.name.startswith("parser") and file not in chosen]


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_breaks_on_real_files(files: list[CorpusFile], level: str) -> None:
    verdict = judge(files, rewrite_files(files, level, jobs=1), level, Linters())
    assert {what: failures for what, failures in verdict.zeros.items() if failures} == {}
    assert verdict.changed > len(files) // 10
    assert verdict.runs_after < verdict.runs_before
    assert verdict.findings_after.total() < verdict.findings_before.total()
