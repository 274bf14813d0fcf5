"""What an editor pipes in with its name becomes what the file of that name would become, wherever the call is made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = "FROM debian:12\nMAINTAINER Jane\nRUN apt-get update && apt-get install -y curl\n"
LOCK = f"""version = 1
[image."docker.io/library/debian:12"]
tag = "12.5"
digest = "sha256:{"5" * 64}"
registry = "docker.io"
locked = 2024-05-01T00:00:00Z
platforms = ["linux/amd64"]
"""


def _call(folder: Path, *arguments: str, data: str = "") -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "dockerslim_rewrite", *arguments]
    return subprocess.run(command, cwd=folder, env=env, input=data, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "context"
    (inner / ".git").mkdir(parents=True)
    (inner / "Dockerfile").write_text(TEXT)
    return inner


@pytest.mark.parametrize("here", [True, False])
def test_lock_and_baseline_of_the_name_count(folder: Path, here: bool) -> None:
    where = folder if here else folder.parent
    name = "Dockerfile" if here else str(folder / "Dockerfile")
    (folder / "dockerslim.lock").write_text(LOCK)
    assert _call(folder, "baseline", "--select", "DS602").returncode == 0
    expected = _call(where, "rewrite", name, "--pin", "digest")
    assert "@sha256:555" in expected.stdout
    assert "MAINTAINER Jane" in expected.stdout
    piped = _call(where, "rewrite", "-", "--stdin-filename", name, "--pin", "digest", data=TEXT)
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, expected.stdout, expected.stderr)


@pytest.mark.parametrize("file", ["dockerslim.lock", ".dockerslim-baseline"])
def test_what_cannot_be_read_there_is_told(folder: Path, file: str) -> None:
    (folder / file).write_text("<<<<<<< ours\n")
    expected = _call(folder.parent, "rewrite", str(folder / "Dockerfile"))
    piped = _call(folder.parent, "rewrite", "-", "--stdin-filename", str(folder / "Dockerfile"), data=TEXT)
    assert expected.returncode == 2
    assert (piped.returncode, piped.stderr) == (2, expected.stderr)
