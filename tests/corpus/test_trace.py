"""Trace equivalence of real RUN bodies before and after a rewrite, in a sandbox, under three shells."""

from __future__ import annotations

import os

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.ir.build import Build, Stage, read_build
from dockerslim_rewrite.syntax import ParseError, parse
from dockerslim_rewrite.text import Source
from tests.corpus.files import NoCorpusError, corpus_files, sample
from tests.trace import Body, Sandbox, judge, unavailable

SEEDS = range(int(os.environ.get("DOCKERSLIM_TRACE_SEEDS", "4")))
FILES = int(os.environ.get("DOCKERSLIM_TRACE_FILES", "60"))
#: The rules that join shell bodies: nothing may differ, so the judge is told of no allowance.
RULES = ("DS101", "DS102", "DS103")


def bodies(stage: Stage) -> list[Body] | None:
    """The shell bodies of a stage; None when one of them is no plain script."""
    found = []
    for run in stage.runs:
        if run.body is None or run.body.form != "shell" or run.body.foreign or run.origin.flags:
            return None
        found.append(Body(run.body.logical.text))
    return found


def stages(text: str) -> Build:
    return read_build(parse(Source(text)))


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    reason = unavailable()
    if reason is not None:
        pytest.skip(f"no trace sandbox: {reason}")
    return Sandbox()


@pytest.mark.corpus
def test_bodies_leave_the_same_trace(sandbox: Sandbox) -> None:
    try:
        files = corpus_files()
    except NoCorpusError as error:
        pytest.skip(str(error))
    judged = 0
    wrong = []
    for file in sample(files, FILES * 4):
        if judged >= FILES:
            break
        try:
            result = rewrite(file.text, Options(level="aggressive", select=RULES))
            before, after = stages(result.original), stages(result.text)
        except ParseError:
            continue
        for old, new in zip(before.stages, after.stages, strict=True):
            left, right = bodies(old), bodies(new)
            if left is None or right is None or [b.script for b in left] == [b.script for b in right]:
                continue
            judged += 1
            verdict = judge(left, right, seeds=SEEDS, sandbox=sandbox)
            wrong += [(file.name, one) for one in verdict.differences if verdict.wrong]
    assert judged > 0
    assert not wrong, "\n".join(f"{name}: {one}" for name, one in wrong)
