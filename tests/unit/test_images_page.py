"""The page of measured images: what its tables say of measurements."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import images_page as page
from tests.builds.examples import examples, rewrites


def side(size: int, again: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "size": size, "compressed": size // 2, "layers": [{}], "cold_seconds": 2.0, "warm_seconds": 1.0,
        "warm_runs": list(again),
    }  # fmt: skip


def outcome(before: int, after: int, **more: Any) -> dict[str, Any]:
    return {
        "before": side(before, ("RUN pip install flask", "RUN make")), "after": side(after, ("RUN make",)),
        "saved": before - after, "estimate": 5, "files": [], "config": [], "smoke_agrees": True, "engine": "paper 1",
        "touched": "app.py", "text": "", **more,
    }  # fmt: skip


def measured(before: int, after: int, expert: int, name: str = "flask", **more: Any) -> dict[str, Any]:
    levels = {"safe": None, "standard": "standard", "aggressive": "standard", "expert": "expert"}
    outcomes = {"standard": outcome(before, after, **more), "expert": outcome(before, expert)}
    return {"name": name, "day": "2026-01-01", "outcomes": outcomes, "levels": levels}


def test_each_level_is_summed_up_with_its_median() -> None:
    all_of_them = [measured(100, 50, 20), measured(100, 90, 80), measured(200, 100, 100)]
    found = {row[0]: row[2:] for row in page.summary(all_of_them)}
    assert found["as written"] == ("", "", "")
    assert found["safe"] == ("0.0 %", "0 %", "0.0 %")
    assert found["standard"] == found["aggressive"] == ("40.0 %", "80 %", "50.0 %")
    assert found["expert"] == ("50.0 %", "100 %", "50.0 %")


def test_rows_tell_what_is_unexpected_and_what_differs() -> None:
    files = [{"path": "/a", "expected": None}, {"path": "/b", "expected": "a claim"}]
    rows = list(page.rows(measured(2_000_000, 1_000_000, 1, files=files, config=[{"expected": False}])))
    assert [row[:2] for row in rows] == [
        ("flask", "as written"), ("", "safe"), ("", "standard, aggressive"), ("", "expert"),
    ]  # fmt: skip
    assert rows[1][2] == "unchanged"
    assert rows[2][-4:] == ("1.0 MB", "0.0 MB", "same", "2")
    assert rows[3][-2:] == ("same", "")
    failed = measured(2, 1, 1)
    failed["outcomes"]["standard"] = {"failed": {}}
    assert list(page.rows(failed))[2][2] == "does not build"


def test_what_was_installed_again_is_read_from_the_log() -> None:
    row = page._warm(measured(2, 1, 1))
    assert row == ("flask", "`app.py`", "1.0 s", "1.0 s", "1.0 s", "2", "1", "1", "yes, no, no")
    assert page._warm(measured(2, 1, 1, name="chown"))[-1] == "there are none"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nRUN apt-get update && apt-get install -y curl\n", True),
        ("FROM a\nRUN apt-get update\nRUN make install\n", False),
        ("FROM scratch\nRUN npm ci &&     npm run build\n", True),
        ("FROM scratch\n", False),
    ],
)
def test_installations_are_told_from_other_commands(text: str, expected: bool) -> None:
    assert page.installs(text) is expected


def test_old_measurements_are_told() -> None:
    text = "\n".join(page._notes([measured(2, 1, 1)], {one.name: rewrites(one) for one in examples()}))
    assert "Measured before the last change of what is made of them: flask." in text
    assert "Not measured yet: archive, chown" in text


def test_every_example_has_a_line_about_its_expert() -> None:
    assert set(page.experts()) == {example.name for example in examples()}
    assert all(len(line) > 30 and line.endswith(".") for line in page.experts().values())
