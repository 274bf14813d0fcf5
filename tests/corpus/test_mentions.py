"""A pass that is only asked about files with certain words must have nothing to say about all others."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.analysis.facts import Facts
from dockerslim_rewrite.ir.build import Build, read_build
from dockerslim_rewrite.passes import PIPELINE, Pass
from dockerslim_rewrite.syntax import ParseError, parse
from dockerslim_rewrite.text import Source
from tests.corpus.files import corpus_or_skip, sample

CHOOSY = [one for phase in PIPELINE for one in phase.passes if one.mentions]


@pytest.fixture(scope="module")
def builds() -> list[Build]:
    files = sample(corpus_or_skip(), 400)
    found = []
    for file in files:
        try:
            found.append(read_build(parse(Source.from_bytes(file.text))))
        except ParseError:
            continue
    return found


@pytest.mark.parametrize("one", CHOOSY, ids=lambda one: str(one.name))
def test_a_pass_says_nothing_of_files_without_its_words(one: Pass, builds: list[Build]) -> None:
    others = [build for build in builds if not one.concerns(build.text.lower())]
    assert others, "no file of the sample is without these words"
    for build in others:
        assert list(one.run(build, Facts(build))) == []


def test_words_are_lower_case() -> None:
    assert all(word == word.lower() for one in CHOOSY for word in one.mentions)
