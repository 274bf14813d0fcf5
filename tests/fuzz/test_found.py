"""What fuzzing found, each in a process of its own, for it may not come back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite

READ = """
import sys
from dockerslim_rewrite.shell.reader import read_script
print(all(read_script(text).text == text for text in sys.argv[1:]))
"""
FORMS = ("{{{}@X", "echo {{{}..2}}", "echo {{1..{}}}", "${{{}}}", "<<{}")


@pytest.mark.parametrize("code", [0x100, 0x2028, 0xFFFD, 0x1F600, 0x5FE14, 0x80000, 0xF0000, 0x10FFFD])
def test_large_code_points_behind_braces(code: int) -> None:
    """The grammar's scanner read memory that was not its own, and the process ended with a segmentation fault."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", READ, *(form.format(chr(code)) for form in FORMS)],
        capture_output=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"True\n"), done.stderr


@pytest.mark.parametrize("style", ["keep", "canonical"])
@pytest.mark.parametrize("text", ["ARG\n", "ARG\nFROM a\n", "FROM a\nARG\n", "FROM debian:12\nMAINTAINER\n"])
def test_instructions_without_arguments(text: str, style: str) -> None:
    """dockerfile-parse raised IndexError; an empty MAINTAINER became a label without a value."""
    result = rewrite(text, Options(style=style))
    assert (result.text.split(), result.bugs) == (text.split(), ())
