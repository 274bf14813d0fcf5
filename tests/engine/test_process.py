"""Nothing outlives us: processes, folders, signals."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dockerslim_rewrite.engine.interface import EngineError
from dockerslim_rewrite.engine.process import TimedOut, capture, ended_politely, stream
from dockerslim_rewrite.engine.workspace import PREFIX, workspace


def _ends(number: int) -> bool:
    """Whether the process goes within seconds: signals take effect when the process is next scheduled."""
    deadline = time.monotonic() + 10
    while _runs(number):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _runs(number: int) -> bool:
    """Whether the process is there and no zombie that nobody has waited for yet."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _wait_for(file: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if file.is_file() and file.read_text().endswith("\n"):
            return file.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{file} was not written")


def test_lines_reach_the_reader_and_the_log(tmp_path: Path) -> None:
    lines: list[str] = []
    script = "echo one; echo two >&2; printf three; exit 7"
    assert stream(["sh", "-c", script], tmp_path / "log", lines.append, 20, os.environ) == 7
    assert lines == ["one", "two", "three"]
    assert (tmp_path / "log").read_text() == "one\ntwo\nthree"


def test_a_process_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path}/child; wait"
    start = time.monotonic()
    with pytest.raises(TimedOut):
        stream(["sh", "-c", script], tmp_path / "log", lambda line: None, 1.0, os.environ)
    assert time.monotonic() - start < 9
    assert _ends(int((tmp_path / "child").read_text()))
    with pytest.raises(TimedOut):
        capture(["sh", "-c", "sleep 300"], 0.2, os.environ)


def test_output_is_kept_apart() -> None:
    found = capture(["sh", "-c", "echo out; echo err >&2; exit 3"], 20, os.environ)
    assert (found.returncode, found.stdout, found.stderr) == (3, "out\n", "err\n")


def test_a_workspace_goes_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def fail() -> None:
        with workspace() as folder:
            (folder / "deep" / "er").mkdir(parents=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_workspaces_in_use_are_left_alone_and_orphans_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    orphan = tmp_path / f"{PREFIX}orphan"
    orphan.mkdir()
    (orphan / "lock").touch()
    unrelated = tmp_path / f"{PREFIX}of-something-else"
    unrelated.mkdir()
    with workspace() as first, workspace() as second:
        assert first != second
        assert first.is_dir()
        assert not orphan.exists()
        assert unrelated.is_dir()


def test_a_workspace_is_not_the_one_that_another_run_has_just_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run sees the folder before it is locked, takes it for a killed run's, and removes it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    lock = fcntl.flock

    def swept(descriptor: int, how: int) -> None:
        monkeypatch.setattr("fcntl.flock", lock)
        for folder in tmp_path.iterdir():
            shutil.rmtree(folder)
        lock(descriptor, how)

    monkeypatch.setattr("fcntl.flock", swept)
    with workspace() as folder:
        (folder / "store").mkdir()
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_is_refused_where_nothing_can_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def held(descriptor: int, how: int) -> None:
        raise BlockingIOError

    monkeypatch.setattr("fcntl.flock", held)
    with pytest.raises(EngineError, match="can be locked"), workspace():
        pass


def test_a_signal_cleans_up(tmp_path: Path) -> None:
    """SIGTERM while a child runs: the child is ended, the folder removed, the exit status tells the signal."""
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from dockerslim_rewrite.engine.process import ended_politely, stream\n"
        "from dockerslim_rewrite.engine.workspace import workspace\n"
        "with ended_politely(), workspace() as folder:\n"
        f"    command = ['sh', '-c', 'sleep 300 & echo $! > {tmp_path}/child; wait']\n"
        f"    Path('{tmp_path}/folder').write_text(f'{{folder}}\\n')\n"
        "    stream(command, folder / 'log', print, 200, os.environ)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "TMPDIR": str(tmp_path)})
    child, folder = int(_wait_for(tmp_path / "child")), Path(_wait_for(tmp_path / "folder").strip())
    assert folder.is_dir()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    assert _ends(child)
    assert not folder.exists()


def test_a_process_that_is_just_being_started_is_ended_as_well(tmp_path: Path) -> None:
    """The signal comes when the process runs but the call that started it has not returned yet."""
    script = (
        "import os, signal, subprocess, sys, time\n"
        "from dockerslim_rewrite.engine import process\n"
        "class Slow(subprocess.Popen):\n"
        "    def __init__(self, *words, **options):\n"
        "        super().__init__(*words, **options)\n"
        f"        with open('{tmp_path}/child', 'w') as file: print(self.pid, file=file)\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        time.sleep(0.1)\n"
        "subprocess.Popen = Slow\n"
        "with process.ended_politely():\n"
        "    process.capture(['sleep', '300'], 200, os.environ)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert done.returncode == 128 + signal.SIGTERM
    assert _ends(int((tmp_path / "child").read_text()))


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ended_politely():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_politely():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)
