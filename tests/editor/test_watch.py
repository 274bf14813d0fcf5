"""``dockerslim rewrite --watch``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CODE = "from dockerslim_rewrite.cli import main; main()"
TEXT = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"
LISTS = "rm -rf /var/lib/apt/lists/*"


@contextmanager
def watching(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[int], str]]]:
    """A call that goes on, and a function that waits until it has waited so often, and gives what it printed."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        command = [sys.executable, "-c", CODE, "rewrite", "--watch", "--select", "DS201", *arguments]
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=folder)

    def waited(times: int) -> str:
        for _ in range(600):
            if (folder / "err").read_text().count("waiting for changes") >= times:
                return (folder / "out").read_text()
            assert process.poll() is None, (folder / "err").read_text()
            time.sleep(0.1)
        raise AssertionError((folder / "err").read_text())

    try:
        yield process, waited
    finally:
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(30)


def test_the_difference_is_shown_anew_after_every_change(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(TEXT)
    with watching(tmp_path, "Dockerfile") as (process, waited):
        assert waited(1).count(f"+    {LISTS}") == 1
        file.write_text(TEXT.replace("curl", "wget"))
        assert "install -y wget" in waited(2)
        (tmp_path / "dockerslim.toml").write_text('ignore = ["DS201"]\n')
        shown = waited(3)
        assert shown.count(f"+    {LISTS}") == 2
        assert file.read_text() == TEXT.replace("curl", "wget")
        assert ended(process) == 0
    assert "Traceback" not in (tmp_path / "err").read_text()


def test_what_was_written_is_no_change(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(TEXT)
    with watching(tmp_path, "-i", "Dockerfile") as (process, waited):
        waited(1)
        assert LISTS in file.read_text()
        time.sleep(1)
        assert (tmp_path / "err").read_text().count("waiting for changes") == 1
        other = tmp_path / "new"
        other.write_text(TEXT.replace("curl", "git"))
        os.replace(other, file)
        waited(2)
        assert "install -y git" in file.read_text()
        assert LISTS in file.read_text()
        assert ended(process) == 0


def test_a_check_ends_with_the_last_code(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM debian:12\n")
    with watching(tmp_path, "--check", "Dockerfile") as (process, waited):
        waited(1)
        file.write_text(TEXT)
        waited(2)
        assert ended(process) == 1
    assert file.read_text() == TEXT


@pytest.mark.parametrize(("arguments", "reason"), [(("-",), "standard input"), (("--level", "no", "a"), "level")])
def test_a_mistake_ends_at_once(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    command = [sys.executable, "-c", CODE, "rewrite", "--watch", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert reason in done.stderr
