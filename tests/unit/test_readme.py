"""The README shows what the tool really prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
