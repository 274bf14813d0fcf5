"""The README and the page of rules show what the tool really prints and has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dockerslim_rewrite.passes import rules
from dockerslim_rewrite.report.rule_table import GROUPS, page

ROOT = Path(__file__).parents[2]
EXAMPLE = "examples/flask/Dockerfile"


def test_the_difference_and_the_journal_are_real() -> None:
    code = "from dockerslim_rewrite.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "rewrite", EXAMPLE, "--diff"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"},
    )
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"```diff\n{done.stdout}```" in readme
    journal = done.stderr.splitlines()
    assert "```text\n" + "\n".join(journal[:6]) + "\n…\n" + journal[-1] + "\n```" in readme


def test_the_page_of_rules_is_made_from_the_table() -> None:
    assert (ROOT / "docs" / "rules.md").read_text("utf-8") == page(), "run `make rules`"
    assert {one.group for one in rules()} == set(GROUPS)


def test_the_readme_counts_the_rules() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for group in GROUPS:
        codes = [one.code for one in rules() if one.group == group]
        assert f"| `{group}` | {len(codes)} |" in readme
