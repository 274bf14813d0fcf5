"""DS501 on a sample of real files: every reason has its name, and nothing is taken back."""

from __future__ import annotations

import pytest

from tests.corpus.files import NoCorpusError, corpus_files, sample
from tests.corpus.users import outcome

SAMPLE = 400


@pytest.mark.corpus
def test_users_of_real_files() -> None:
    try:
        files = sample([file for file in corpus_files() if not file.negative], SAMPLE)
    except NoCorpusError as error:
        pytest.skip(str(error))
    found = outcome(files)
    assert {what: failures for what, failures in found.zeros.items() if failures} == {}
    # Without contexts nothing is proven.
    assert found.given["standard"] == 0
    assert found.given["aggressive"] > 0
