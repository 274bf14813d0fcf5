"""Pipes, devices, sockets and directories in the place of files: told in a line, never waited for, never read on."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dockerslim_rewrite.regular import _opened, read_regular, read_text, read_whole

ROOT = Path(__file__).parents[2]


def _made(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "directory":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(os.path.relpath(path))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nRUN apt-get update && apt-get install -y curl\n")
    return tmp_path


@pytest.mark.parametrize("kind", ["pipe", "device", "directory", "socket"])
def test_what_is_no_file_is_not_read(folder: Path, kind: str) -> None:
    _made(folder / "X", kind)
    for read in (read_whole, read_text, lambda path: read_regular(path, 10)):
        with pytest.raises(OSError, match=r"regular file|is a directory|No such device") as caught:
            read(folder / "X")
        assert caught.value.strerror
        assert caught.value.filename == str(folder / "X") or kind == "socket"


def test_pipes_that_a_shell_hands_over_are_read() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"FROM debian\n")
    os.close(writing)
    assert read_whole(f"/dev/fd/{reading}") == b"FROM debian\n"
    os.close(reading)


def test_what_is_too_large_or_no_text_is_told(folder: Path) -> None:
    (folder / "X").write_bytes(b"\xff" * 5000)
    assert read_regular(folder / "X", 10) == b"\xff" * 10
    with pytest.raises(OSError, match="larger than 4 KiB"):
        read_whole(folder / "X", 4096)
    with pytest.raises(OSError, match="not UTF-8 text"):
        read_text(folder / "X")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("rewrite", "X"),
        ("rewrite", "--watch", "X"),
        ("ir", "X"),
        ("baseline", "X"),
        ("rewrite", "Dockerfile", "--lock", "X"),
        ("rewrite", "Dockerfile", "--config", "X"),
        ("batch", "run", "X", "--no-cache"),
        ("lock", "--no-packages", "--file", "X"),
        ("lock", "--no-packages", "--ca-file", "X"),
        ("lock", "--no-packages", "X", "--file", "L"),
    ],
)
def test_commands_say_so_in_a_line(folder: Path, arguments: tuple[str, ...], kind: str) -> None:
    _made(folder / "X", kind)
    done = subprocess.run(
        [sys.executable, "-m", "dockerslim_rewrite", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if line.startswith("dockerslim: ")]
    assert done.returncode == 2, done.stderr
    assert len(told) == 1, done.stderr
    assert "X" in told[0]
    assert "Errno" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pipe_that_nobody_reads_is_not_waited_for(folder: Path) -> None:
    from dockerslim_rewrite.cli.files import InputError, write_output

    _made(folder / "X", "pipe")
    with pytest.raises(InputError, match="cannot be written"):
        write_output(str(folder / "X"), b"FROM debian\n")


def test_what_calls_itself_regular_is_not_waited_for(tmp_path: Path) -> None:
    # As /proc/kmsg does, which waits for the kernel's next message.
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"FROM debian\n")
    descriptor = _opened(path)
    assert not os.get_blocking(descriptor)
    os.close(descriptor)


def _command(*arguments: str, folder: Path, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-m", "dockerslim_rewrite", *arguments]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_batch_follows_no_lock_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside.lock").write_text("version = 'outside'\n")
    inside = tmp_path / "repository"
    (inside / ".git").mkdir(parents=True)
    (inside / "Dockerfile").write_text("FROM debian:12\nRUN apt-get install curl\n")
    (inside / "dockerslim.lock").symlink_to("../outside.lock")
    done = _command("batch", "--no-cache", "--check", folder=inside)
    assert "dockerslim.lock: is a symbolic link, which may lead out of the repository" in done.stderr
    assert "'outside'" not in done.stdout + done.stderr


def test_a_directory_that_nobody_may_enter_stops_no_other(tmp_path: Path) -> None:
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may enter every directory, and setpriv is not there")
        bound = "-dac_override,-dac_read_search"
        before = ("setpriv", "--bounding-set", bound, "--inh-caps", bound)
    for name in ("a", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM debian:12\nRUN apt-get install curl\n")
    (tmp_path / "closed").chmod(0o644)
    try:
        done = _command("rewrite", ".", "--check", folder=tmp_path, before=before)
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert "a/Dockerfile: 1 change" in done.stderr, done.stderr
    assert "standard output" not in done.stderr
