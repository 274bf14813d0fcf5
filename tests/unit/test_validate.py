"""The validator on lies, which it must refuse, and on truths, which it must accept."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from dockerslim_rewrite import change
from dockerslim_rewrite.change import Change, Claim, Safety
from dockerslim_rewrite.text import Edit, Patch, Span
from dockerslim_rewrite.validate import Verdict, validate

FOLDER = Path(__file__).parent.parent / "lies"
_CASE = re.compile(
    r"^## (.+?)\n\n```claims\n(.*?)```\n\n```dockerfile\n(.*?)```\n\n```dockerfile after\n(.*?)```$", re.M | re.S
)


def claims_of(text: str) -> tuple[Claim, ...]:
    """The claims that a block of constructor calls with literal arguments writes."""
    found = []
    for line in text.strip().splitlines():
        call = ast.parse(line, mode="eval").body
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        found.append(getattr(change, call.func.id)(*(ast.literal_eval(argument) for argument in call.args)))
    return tuple(found)


def cases(pattern: str) -> list[object]:
    found: list[object] = []
    for path in sorted(FOLDER.glob(pattern)):
        text = path.read_text("utf-8")
        here = _CASE.findall(text)
        assert len(here) == text.count("\n## "), f"a case in {path.name} is not written as it should be"
        found += [pytest.param(*case[1:], id=case[0]) for case in here]
    assert found
    return found


def every(kind: str) -> list[object]:
    """The cases of all files of one kind, *lies* or *truths*."""
    return [case for path in sorted(FOLDER.glob(f"*{kind}.md")) for case in cases(path.name)]


def judge(claims: str, before: str, after: str) -> Verdict:
    edit = Edit(Span(0, len(before)), after)
    claimed = Change((edit,), "", "", Safety.SAFE, claims_of(claims), 1, rule="DS000")
    return validate(before, after, [claimed], Patch((edit,))).verdict


@pytest.mark.parametrize(("claims", "before", "after"), cases("*lies.md"))
def test_lies_are_refused(claims: str, before: str, after: str) -> None:
    assert judge(claims, before, after) is not Verdict.OK


@pytest.mark.parametrize(("claims", "before", "after"), cases("*truths.md"))
def test_truths_are_accepted(claims: str, before: str, after: str) -> None:
    assert judge(claims, before, after) is Verdict.OK


def test_text_outside_the_changes_is_the_same() -> None:
    before, after = "FROM a\nRUN b\n\n\nCMD c\n", "FROM a\nRUN b\nCMD c\n"
    edits = Patch((Edit(Span(13, 15), ""),))
    claimed = Change((Edit(Span(7, 10), "RUN"),), "", "", Safety.SAFE, (change.Layout(),), 2, rule="DS000")
    judgement = validate(before, after, [claimed], edits)
    assert judgement.verdict is Verdict.UNSOUND
    assert "outside" in judgement.violations[0].reason
