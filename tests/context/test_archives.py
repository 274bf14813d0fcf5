"""ADD unpacks what is an archive by its first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite


@pytest.mark.parametrize(
    ("name", "data", "stays"),
    [
        ("rootfs.bin", b"\x1f\x8b\x08\0\0\0", True),
        ("rootfs", b"BZh91AY&SY\0", True),
        ("notes", b"hello\n", False),
        ("logo.png", b"\x89PNG\0", False),
        ("app.jar", b"PK\x03\x04\0", False),
    ],
)
def test_add_of_a_file_of_the_context(tmp_path: Path, name: str, data: bytes, stays: bool) -> None:
    (tmp_path / name).write_bytes(data)
    found = rewrite(f"FROM scratch\nADD {name} /x/\n", Options(level="safe", context=tmp_path))
    assert ("ADD" in found.text) is stays


def test_add_of_a_file_that_nobody_has(tmp_path: Path) -> None:
    found = rewrite("FROM scratch\nADD rootfs.bin /x/\n", Options(level="safe"))
    assert "COPY rootfs.bin" in found.text
