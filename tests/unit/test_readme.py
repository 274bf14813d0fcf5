"""The README shows what the tool really prints."""

from __future__ import annotations

from pathlib import Path

from dockerslim_rewrite import rewrite
from dockerslim_rewrite.report.text import report_lines

ROOT = Path(__file__).parents[2]
EXAMPLE = "examples/flask/Dockerfile"


def test_the_difference_is_real() -> None:
    result = rewrite((ROOT / EXAMPLE).read_bytes(), path=EXAMPLE)
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"```diff\n{result.diff()}```" in readme
    journal = list(report_lines(result))
    assert "```text\n" + "\n".join(journal[:6]) + "\n…\n" + journal[-1] + "\n```" in readme
