"""``rewrite file.py`` on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODULE = 'x = 1\nD = """FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"""\n'


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from dockerslim_rewrite.cli import rewrite_main; rewrite_main()"
    command = [sys.executable, "-c", code, *arguments, "--select", "DS201"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_module_goes_through_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "images.py"
    path.write_text(MODULE)
    done = call(str(path), "--in-place")
    assert done.returncode == 0, done.stderr
    assert f"{path}:3: DS201" in done.stderr
    text = path.read_text()
    assert "rm -rf /var/lib/apt/lists/*" in text
    assert text.startswith('x = 1\nD = """FROM debian:12\n')
    assert call(str(path), "--check").returncode == 0


def test_checking_a_module_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "images.py"
    path.write_text(MODULE)
    assert call(str(path), "--check").returncode == 1
    assert path.read_text() == MODULE
    assert call(str(path), "--verify").returncode == 2
