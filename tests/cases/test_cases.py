"""Inputs on which the rewriter was wrong, by their kinds: a case has a rule's outcome, and all rules agree on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.change import Safety
from dockerslim_rewrite.report.fixtures import Case, read_fixture
from tests.unit.test_fixtures import context_of

FOLDER = Path(__file__).parent
CASES = [
    pytest.param(fixture.code, case, id=f"{path.stem}: {case.title}")
    for path in sorted(FOLDER.glob("*.md"))
    for fixture in (read_fixture(path.read_text("utf-8")),)
    for case in fixture.cases
]


@pytest.mark.parametrize(("code", "case"), CASES)
def test_outcome(code: str, case: Case, tmp_path: Path) -> None:
    chosen = dict(case.options)
    options = Options(
        level=chosen["level"], select=tuple(chosen.get("select", code).split(",")), context=context_of(case, tmp_path)
    )
    result = rewrite(case.before, options)
    assert result.text == case.after
    assert result.bugs == ()
    assert not rewrite(result.text, options).changed
    said = [(remark.rule, remark.reason) for remark in result.remarks]
    for rule, fragment in case.remarks:
        assert any(rule == a and fragment in b for a, b in said), f"no remark {rule}: {fragment!r} in {said}"


@pytest.mark.parametrize("level", list(Safety))
@pytest.mark.parametrize(("code", "case"), CASES)
def test_rules_agree(code: str, case: Case, level: Safety, tmp_path: Path) -> None:
    options = Options(level=level, select=("all",), context=context_of(case, tmp_path))
    result = rewrite(case.before, options)
    assert result.bugs == ()
    assert rewrite(result.text, options).text == result.text
