"""Real Dockerfiles in Python modules: each literal becomes what rewriting the file by itself makes of it."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options
from tests.corpus.files import NoCorpusError, corpus_files, sample
from tests.embedded.figures import FORMS, figures


@pytest.mark.corpus
def test_real_files_in_modules() -> None:
    try:
        files = sample([file for file in corpus_files() if not file.negative], 30)
    except NoCorpusError as error:
        pytest.skip(str(error))
    found, before, after = figures(files, Options())
    assert [name for form in found.values() for name in form.unequal] == []
    assert set(found) == set(FORMS)
    assert all(form.rewritten > form.modules / 2 for form in found.values())
    assert before != after
