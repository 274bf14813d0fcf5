"""Pinning and slimming base images holds on a sample of real files that is the same everywhere."""

from __future__ import annotations

import pytest

from tests.corpus.bases import CODES, pin, ways
from tests.corpus.files import CorpusFile, corpus_or_skip, sample

SAMPLE = 400


@pytest.fixture(scope="module")
def files() -> list[CorpusFile]:
    return sample([file for file in corpus_or_skip() if not file.negative], SAMPLE)


@pytest.mark.corpus
@pytest.mark.slow
def test_pinning_real_files(files: list[CorpusFile]) -> None:
    for title, options in ways(files):
        pinning = pin(files, options)
        assert {what: failures for what, failures in pinning.zeros.items() if failures} == {}, title
        assert sum(pinning.after.values()) == sum(pinning.before.values())
        assert pinning.after["Windows"] == pinning.before["Windows"]
        for code in CODES:
            assert pinning.found_after[code] < pinning.found_before[code], title
        left = pinning.after["no version"] / pinning.before["no version"]
        # With a lock all but those that an edit cannot reach get their version; without one, those of the catalogue.
        assert left < (0.1 if options.pin else 0.7), title
        if options.pin:
            assert pinning.after["digest"] > 0.9 * (sum(pinning.after.values()) - pinning.after["Windows"])
