"""What pins base images on the command line: ``--pin``, ``--lock``, and the lock file that is found by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dockerslim_rewrite.analysis.locked import Lock, LockEntry
from dockerslim_rewrite.cli.lock import save

DIGEST = "sha256:" + "1" * 64
FILE = "FROM python AS build\nFROM registry.example.org/team/app\nFROM golang:1\n"
#: Neither sockets nor an HTTP library: what runs here asks nobody.
OFFLINE = """
import socket, sys
sys.modules["httpx"] = None
def refuse(*_):
    raise AssertionError("no network is needed to rewrite a file")
socket.socket.connect = socket.getaddrinfo = refuse
from dockerslim_rewrite.cli import main
main()
"""


def rewrite(
    folder: Path, *arguments: str | Path, data: bytes | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, "rewrite", *map(str, arguments)],
        input=data,
        capture_output=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | environment,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def locked(path: Path, tag: str = "3.13.1", **more: str) -> Path:
    """A lock of ``python:latest`` to *tag*, and of *more* images to theirs."""
    images = {"docker.io/library/python:latest": tag, **more}
    entries = {
        name: LockEntry(
            what, DIGEST, ("linux/amd64", "linux/arm64"), name.partition("/")[0], datetime(2026, 1, 2, tzinfo=UTC)
        )
        for name, what in images.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, Lock(entries))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # One folder further in: what a test puts above it is in nobody else's way.
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / "Dockerfile").write_text(FILE)
    return folder


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ((), "python:3.13.1"),
        (("--pin", "tag"), "python:3.13.1"),
        (("--pin", "digest"), f"python@{DIGEST}"),
        (("--pin", "both"), f"python:3.13.1@{DIGEST}"),
        (("--pin", "none"), "python"),
        (("--level", "safe"), "python"),
        (("--select", "DS301"), "python:3.13.1"),
        (("--select", "DS302"), f"python@{DIGEST}"),
        (("--select", "DS301,DS302"), f"python:3.13.1@{DIGEST}"),
        (("--ignore", "DL3006"), "python"),
    ],
)
def test_what_is_pinned(folder: Path, options: tuple[str, ...], first: str) -> None:
    locked(folder / "dockerslim.lock")
    done = rewrite(folder, "Dockerfile", "-q", *options)
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f"FROM {first} AS build"
    # A private registry that nobody locked is never touched.
    assert lines[1] == "FROM registry.example.org/team/app"


def test_an_unknown_pin_is_told(folder: Path) -> None:
    done = rewrite(folder, "Dockerfile", "--pin", "hash")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert b"'--pin': 'hash' is not one of 'tag', 'digest', 'both', 'none'" in done.stderr


def test_twice_from_one_lock_is_the_same_and_needs_no_network(folder: Path) -> None:
    locked(
        folder / "dockerslim.lock",
        **{"registry.example.org/team/app:latest": "7.2", "docker.io/library/golang:1": "1.25.3"},
    )
    for pin in ("tag", "digest", "both"):
        days = [rewrite(folder, "Dockerfile", "-q", "--pin", pin, SOURCE_DATE_EPOCH=day) for day in ("0", "2000000000")]
        assert [done.returncode for done in days] == [0, 0]
        assert days[0].stdout == days[1].stdout != FILE.encode()
        again = rewrite(folder, "-", "-q", "--pin", pin, data=days[0].stdout)
        assert again.stdout == days[0].stdout
    assert days[0].stdout.decode() == (
        f"FROM python:3.13.1@{DIGEST} AS build\nFROM registry.example.org/team/app:7.2@{DIGEST}\n"
        f"FROM golang:1@{DIGEST}\n"
    )


def test_the_lock_file_is_found_upwards_to_the_repository(folder: Path) -> None:
    path = folder / "services" / "web" / "Dockerfile"
    path.parent.mkdir(parents=True)
    path.write_text("FROM python\n")

    def base(where: Path, name: str | Path) -> str:
        return rewrite(where, name, "-q").stdout.decode().split()[1]

    assert base(path.parent, "Dockerfile").startswith("python:3.")
    without = base(path.parent, "Dockerfile")
    locked(folder.parent / "dockerslim.lock", "3.9.9")
    assert base(path.parent, "Dockerfile") == without, "a lock beyond the repository is not its own"
    locked(folder / "dockerslim.lock", "3.10.1")
    assert base(path.parent, "Dockerfile") == "python:3.10.1"
    assert base(folder, "services/web/Dockerfile") == "python:3.10.1"
    assert base(Path("/"), path) == "python:3.10.1"
    locked(folder / "services" / "dockerslim.lock", "3.11.1")
    assert base(path.parent, "Dockerfile") == "python:3.11.1", "the nearest one counts"
    piped = rewrite(folder / "services", "-", "-q", data=b"FROM python\n")
    assert piped.stdout == b"FROM python:3.11.1\n"


def test_a_named_lock_file_goes_before_the_one_that_lies_there(folder: Path) -> None:
    locked(folder / "dockerslim.lock", "3.10.1")
    other = locked(folder / "elsewhere" / "other.lock", "3.12.7")
    assert rewrite(folder, "Dockerfile", "-q", "--lock", other).stdout.startswith(b"FROM python:3.12.7 ")


def test_a_lock_that_cannot_be_read_stops_everything(folder: Path) -> None:
    (folder / "dockerslim.lock").write_text("version = 1\n<<<<<<< HEAD\n")
    done = rewrite(folder, "Dockerfile", "--in-place")
    assert done.returncode == 2
    assert b"dockerslim.lock: not readable" in done.stderr
    assert done.stdout == b""
    assert (folder / "Dockerfile").read_text() == FILE
    missing = rewrite(folder, "Dockerfile", "--lock", "nowhere.lock")
    assert missing.returncode == 2
    assert b"nowhere.lock: cannot be read" in missing.stderr


def test_what_is_not_pinned_names_the_command(folder: Path) -> None:
    done = rewrite(folder, "Dockerfile", "--pin", "both")
    said = done.stderr.decode()
    assert "registry.example.org/team/app names no version: what it stands for is not known here; " in said
    assert "`dockerslim lock Dockerfile` asks its registry" in said
    assert "no digest of registry.example.org/team/app is locked" in said
