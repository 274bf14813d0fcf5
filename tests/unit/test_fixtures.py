"""Every rule's literate fixture: what must change changes exactly so, what must stay stays, with the remark."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, Safety, rewrite
from dockerslim_rewrite.analysis.locked import NO_LOCK
from dockerslim_rewrite.passes import PIPELINE
from dockerslim_rewrite.registry.lock import read_lock
from dockerslim_rewrite.report.fixtures import Case, read_fixture

FOLDER = Path(__file__).parent.parent / "passes"
FIXTURES = {path.stem: read_fixture(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.md"))}
CASES = [
    pytest.param(fixture.code, case, id=f"{stem}: {case.title}")
    for stem, fixture in FIXTURES.items()
    for case in fixture.cases
]
PASSES = {one.code: one for phase in PIPELINE for one in phase.passes}


def context_of(case: Case, folder: Path) -> Path | None:
    """The build context of *case*, written into *folder*."""
    for name, mode, text in case.files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
    return folder if case.files else None


def options_of(code: str, case: Case, folder: Path) -> Options:
    chosen = dict(case.options)
    ceiling = PASSES[code].ceiling or Safety.STANDARD
    level = chosen.get("level", ceiling.label)
    today = chosen.get("today")
    return Options(
        level=level,
        select=tuple(chosen.get("select", code).split(",")),
        pin=chosen.get("pin"),
        lock=read_lock(case.lock) if case.lock else NO_LOCK,
        today=date.fromisoformat(today) if today else None,
        context=context_of(case, folder),
    )


@pytest.mark.parametrize(("code", "case"), CASES)
def test_case(code: str, case: Case, tmp_path: Path) -> None:
    options = options_of(code, case, tmp_path)
    result = rewrite(case.before, options)
    assert result.text == case.after
    assert result.bugs == ()
    assert not rewrite(result.text, options).changed
    said = [(remark.rule, remark.message) for remark in result.remarks]
    for rule, fragment in case.remarks:
        assert any(rule == a and fragment in b for a, b in said), f"no remark {rule}: {fragment!r} in {said}"


@pytest.mark.parametrize("code", sorted(PASSES))
def test_every_rule_has_examples(code: str) -> None:
    fixture = next((one for one in FIXTURES.values() if one.code == code), None)
    assert fixture is not None, f"no fixture for {code} in tests/passes"
    if PASSES[code].level is not None:
        assert any(case.changes for case in fixture.cases), "no example that changes"
    assert any(not case.changes for case in fixture.cases), "no example that must stay as it is"
    assert len(PASSES[code].doc.splitlines()) >= 3, "the docstring says what, why, and why it is safe"
