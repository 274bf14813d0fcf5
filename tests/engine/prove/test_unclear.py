"""What code starts and loads: by names that stand there, or by names that nobody can tell before it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options
from dockerslim_rewrite.engine.prove.unclear import started
from dockerslim_rewrite.pipeline.engine import projects_of

TEXT = 'FROM python:3.11\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'


def _started(folder: Path, code: str) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    (folder / "app.py").write_text(f"import ctypes, os, subprocess, sys\n{code}\n")
    (folder / "Dockerfile").write_text(TEXT)
    (project,) = projects_of(Options(context=folder), str(folder / "Dockerfile"))
    assert project is not None
    return started(TEXT.encode(), project)


@pytest.mark.parametrize(
    "code",
    [
        'ctypes.CDLL("lib" + sys.argv[1])',
        'ctypes.CDLL("liba.so.1"); ctypes.CDLL(sys.argv[1])',
        "subprocess.run([sys.argv[1]])",
    ],
)
def test_a_name_that_is_put_together(tmp_path: Path, code: str) -> None:
    reason, _ = _started(tmp_path, code)
    assert reason == "what code starts or loads is known only when it runs (app.py:2)"


def test_a_library_whose_name_stands_there_can_be_looked_for(tmp_path: Path) -> None:
    assert _started(tmp_path, 'ctypes.CDLL("libxslt.so.1")') == (None, ())


def test_commands_are_told_with_their_places(tmp_path: Path) -> None:
    assert _started(tmp_path, 'subprocess.run(["git", "log"])') == (None, (("git", "app.py:2"),))
