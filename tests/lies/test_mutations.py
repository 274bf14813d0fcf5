"""Right rewrites with one slip each: the judge refuses every one, although all that was claimed is still claimed."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from dockerslim_rewrite import Options, Result, rewrite
from dockerslim_rewrite.report.fixtures import read_fixture
from dockerslim_rewrite.syntax import ParseError
from dockerslim_rewrite.validate import Verdict, validate
from tests.corpus.files import VARIABLE, corpus_files, sample
from tests.lies.mutations import Mutation, mutations

FIXTURES = Path(__file__).parent.parent / "passes"


def judged(results: Iterator[Result], kinds: int) -> Counter[str]:
    """How many mutations of each kind were tried, up to *kinds* kinds on each of *results*; a slip fails."""
    random = Random(1)
    tried: Counter[str] = Counter()
    for result in results:
        by_kind: defaultdict[str, list[Mutation]] = defaultdict(list)
        for mutation in mutations(result.text, result.patch):
            by_kind[mutation.kind].append(mutation)
        for kind in random.sample(sorted(by_kind), min(kinds, len(by_kind))):
            mutated = random.choice(by_kind[kind]).edits.apply(result.text)
            # Without the patch: what is outside the claimed edits would be refused for that alone.
            judgement = validate(result.original, mutated, result.changes)
            assert judgement.verdict is not Verdict.OK, f"{kind}\n{result.original}\n→\n{mutated}"
            tried[kind] += 1
    return tried


def fixtures() -> Iterator[Result]:
    for path in sorted(FIXTURES.glob("*.md")):
        for case in read_fixture(path.read_text("utf-8")).cases:
            try:
                result = rewrite(case.before, Options(level="aggressive", extend_select=("lint",)))
            except ParseError:
                continue
            if result.changed:
                yield result


def corpus(size: int) -> Iterator[Result]:
    for file in sample([file for file in corpus_files() if not file.negative], size):
        try:
            result = rewrite(file.text, Options(level="aggressive", extend_select=("lint",)))
        except ParseError:
            continue
        if result.changed:
            yield result


def test_slips_in_the_rules_own_examples(capsys: pytest.CaptureFixture[str]) -> None:
    tried = judged(fixtures(), 12)
    with capsys.disabled():
        print(f"\n{tried.total()} mutations of {len(tried)} kinds in examples, all refused")
    assert tried.total() > 1000


@pytest.mark.corpus
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no folder of real Dockerfiles")
def test_slips_in_real_files(capsys: pytest.CaptureFixture[str]) -> None:
    tried = judged(corpus(int(os.environ.get("DOCKERSLIM_MUTATED", "150"))), 15)
    with capsys.disabled():
        print(f"\n{tried.total()} mutations of {len(tried)} kinds in real files, all refused")
    assert tried.total() > 1000
