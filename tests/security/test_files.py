"""Files: written whole or not at all, never elsewhere than named, with the mode that was there, private meanwhile."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite.cli import files
from tests.security.command import Command

POOR = "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n"
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def poor(tmp_path: Path) -> Path:
    path = tmp_path / "project" / "Dockerfile"
    path.parent.mkdir()
    path.write_text(POOR)
    return path


def listing(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o664, 0o755])
def test_in_place_keeps_the_mode(poor: Path, mode: int, command: Command) -> None:
    poor.chmod(mode)
    assert command("rewrite", poor, "--in-place").code == 0
    assert "&& " in poor.read_text()
    assert stat.S_IMODE(poor.stat().st_mode) == mode


@root
def test_in_place_keeps_the_owner(poor: Path, command: Command) -> None:
    os.chown(poor, 12345, 23456)
    assert command("rewrite", poor, "--in-place").code == 0
    assert (poor.stat().st_uid, poor.stat().st_gid) == (12345, 23456)


def test_a_new_file_is_as_open_as_the_user_wants_files(poor: Path, tmp_path: Path, command: Command) -> None:
    before = os.umask(0o027)
    try:
        assert command("rewrite", poor, "-o", tmp_path / "out").code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640


@pytest.mark.parametrize("arguments", [("--in-place",), ("-o",)])
def test_a_link_is_not_followed(poor: Path, tmp_path: Path, arguments: tuple[str], command: Command) -> None:
    victim = tmp_path / "victim"
    victim.write_text(POOR)
    link = poor.parent / "link"
    link.symlink_to(victim)
    named = (link, *arguments) if arguments == ("--in-place",) else (poor, *arguments, link)
    done = command("rewrite", *named)
    assert done.code == 2
    assert b"symbolic link" in done.err
    assert victim.read_text() == POOR
    assert link.is_symlink()


def test_a_link_to_nowhere_is_not_followed(poor: Path, tmp_path: Path, command: Command) -> None:
    link = poor.parent / "link"
    link.symlink_to(tmp_path / "created")
    assert command("rewrite", poor, "-o", link).code == 2
    assert not (tmp_path / "created").exists()


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(
    poor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever guesses its name gains nothing: it is created, or another name is tried."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    names = iter(["guessed", "free"])
    monkeypatch.setattr(tempfile, "_get_candidate_names", lambda: names)
    (poor.parent / ".Dockerfile.guessed").symlink_to(victim)
    files.write_output(str(poor), b"new")
    assert (victim.read_text(), poor.read_bytes()) == ("precious", b"new")


def test_nothing_else_is_written(poor: Path, tmp_path: Path, command: Command) -> None:
    (tmp_path / "outside").write_text("precious")
    before = listing(tmp_path)
    command("rewrite", poor, "--in-place")
    command("rewrite", poor.parent / ".." / "project" / "Dockerfile", "-o", poor.parent / ".." / "out")
    assert listing(tmp_path) - before == {tmp_path / "out"}
    assert (tmp_path / "outside").read_text() == "precious"


def test_names_in_a_file_lead_nowhere(tmp_path: Path, command: Command) -> None:
    """Paths that the Dockerfile names are never opened for writing, and never leave the build context."""
    secret = tmp_path / "secret"
    secret.write_text("TOKEN=precious-value\n")
    context = tmp_path / "context"
    context.mkdir()
    (context / "requirements.txt").symlink_to(secret)
    dockerfile = context / "Dockerfile"
    dockerfile.write_text(
        "FROM python:3.12\nCOPY ../secret /secret\nCOPY requirements.txt /srv/\nCOPY ../../../../etc/passwd /x\n"
        "RUN pip install -r /srv/requirements.txt\nCMD python ../secret\n"
    )
    before = listing(tmp_path)
    done = command("rewrite", dockerfile, "--in-place", "--context", context)
    assert done.code == 0
    assert listing(tmp_path) == before
    assert secret.read_text() == "TOKEN=precious-value\n"
    assert b"precious-value" not in done.out + done.err + dockerfile.read_bytes()


def test_the_temporary_file_is_private_and_gone(poor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poor.chmod(0o644)
    seen: list[tuple[int, str]] = []
    replace = os.replace

    def watched(source: Any, target: Any) -> None:
        seen.append((0, Path(source).parent.name))
        replace(source, target)

    fsync = os.fsync

    def synced(descriptor: int) -> None:
        seen.append((stat.S_IMODE(os.fstat(descriptor).st_mode), ""))
        fsync(descriptor)

    monkeypatch.setattr(os, "replace", watched)
    monkeypatch.setattr(os, "fsync", synced)
    files.write_output(str(poor), b"new")
    assert seen == [(0o600, ""), (0, "project")]
    assert [path.name for path in poor.parent.iterdir()] == ["Dockerfile"]


@pytest.mark.parametrize("failing", ["fsync", "replace", "chmod"])
def test_a_failure_leaves_the_file_as_it_was(poor: Path, failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(files.InputError, match="No space left"):
        files.write_output(str(poor), b"new")
    assert poor.read_text() == POOR
    assert [path.name for path in poor.parent.iterdir()] == ["Dockerfile"]


def test_what_cannot_be_read_is_not_written(tmp_path: Path, command: Command) -> None:
    for data in (b"\x7fELF\0\0", b"\xff\xfeF\0R\0", b"FROM a\n" + b"#" * (files.MAX_BYTES + 1), b"nonsense\n"):
        path = tmp_path / "Dockerfile"
        path.write_bytes(data)
        assert command("rewrite", path, "--in-place").code == 2
        assert path.read_bytes() == data


def test_what_was_changed_meanwhile_is_not_lost(poor: Path) -> None:
    with pytest.raises(files.InputError, match="was changed while"):
        files.write_output(str(poor), b"new", b"what it held before")
    assert poor.read_text() == POOR
    assert [path.name for path in poor.parent.iterdir()] == ["Dockerfile"]
    files.write_output(str(poor), b"new", POOR.encode())
    assert poor.read_bytes() == b"new"


def test_a_file_of_several_names_is_left_alone(poor: Path, command: Command) -> None:
    os.link(poor, poor.with_name("other"))
    done = command("rewrite", poor, "--in-place")
    assert (done.code, poor.read_text()) == (2, POOR)
    assert b"hard links" in done.err


def test_extended_attributes_are_kept(poor: Path, command: Command) -> None:
    try:
        os.setxattr(poor, "user.origin", b"here")
    except (AttributeError, OSError):
        pytest.skip("this file system keeps no extended attributes")
    assert command("rewrite", poor, "--in-place").code == 0
    assert os.getxattr(poor, "user.origin") == b"here"


def test_long_names(tmp_path: Path, command: Command) -> None:
    path = tmp_path / ("a" * 246)
    path.write_text(POOR)
    assert command("rewrite", path, "--in-place").code == 0
    assert path.read_text() != POOR


@pytest.mark.parametrize("closing", ["0<&-", "1>&-", "2>&-", ">/dev/full", "2>/dev/full"])
@pytest.mark.parametrize("arguments", ["- <Dockerfile", "Dockerfile --diff", "Dockerfile --format json"])
def test_closed_and_full_streams(poor: Path, closing: str, arguments: str) -> None:
    call = f"{sys.executable} -m dockerslim_rewrite rewrite {arguments} {closing}"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["sh", "-c", call], cwd=poor.parent, capture_output=True, env=environment, check=False)
    assert b"Traceback" not in done.stderr + done.stdout
    # With JSON nothing is told beside it.
    unwritten = closing in ("1>&-", ">/dev/full") or (closing == "2>/dev/full" and "json" not in arguments)
    assert done.returncode == (2 if unwritten or ("- " in arguments and "0" in closing) else 0)
