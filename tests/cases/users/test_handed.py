"""Small inputs on which the rewriter was wrong about users, home folders and what programs need."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite

from .handed import HANDED, Handed

INPUTS = Path(__file__).parent / "inputs"


def test_every_input_is_told() -> None:
    assert {one.name for one in HANDED} == {path.name for path in INPUTS.iterdir()}


@pytest.mark.parametrize("case", HANDED, ids=lambda case: case.name)
def test_handed(case: Handed) -> None:
    folder = INPUTS / case.name
    options = Options(level=case.level, context=folder)
    result = rewrite((folder / "Dockerfile").read_text(), options)
    for text in case.holds:
        assert text in result.text
    for text in case.lacks:
        assert text not in result.text
    said = [(remark.rule, remark.reason) for remark in result.remarks]
    for rule, fragment in case.remarks:
        assert any(rule == a and fragment in b for a, b in said), said
    assert result.bugs == ()
    assert not rewrite(result.text, options).changed
