"""Data files read from their compiled copies are the same, and an edited file is read anew."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

import dockerslim_rewrite
from dockerslim_rewrite.datafile import compile_data, compiled_path, read_data

PACKAGE = Path(dockerslim_rewrite.__file__).parent
TEXT = 'day = 2024-05-06\n[[row]]\nname = "ä"\nnumbers = [1, 2]\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "some" / "data.toml"
    path.parent.mkdir()
    path.write_text(TEXT, "utf-8")
    return path


@pytest.mark.parametrize("final", [False, True])
def test_the_copy_says_the_same(data: Path, final: bool) -> None:
    expected = tomllib.loads(TEXT)
    assert read_data(data) == expected
    compile_data(data.parent, data.parent, final=final)
    assert compiled_path(data).exists()
    assert read_data(data) == expected


def test_an_edited_file_is_read_anew(data: Path) -> None:
    compile_data(data.parent, data.parent, final=False)
    data.write_text(TEXT.replace("ä", "b"), "utf-8")
    status = data.stat()
    os.utime(data, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))
    assert read_data(data)["row"][0]["name"] == "b"


def test_a_final_copy_counts_whatever_the_file_says(data: Path) -> None:
    compile_data(data.parent, data.parent, final=True)
    data.write_text("", "utf-8")
    assert read_data(data) == tomllib.loads(TEXT)


def test_all_data_of_the_package_survives(tmp_path: Path) -> None:
    copies = compile_data(PACKAGE, tmp_path, final=True)
    sources = sorted(PACKAGE.rglob("*.toml"))
    assert len(copies) == len(sources) > 100
    for source in sources:
        beside = tmp_path / source.relative_to(PACKAGE)
        assert read_data(beside) == tomllib.loads(source.read_text("utf-8"))


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_data(tmp_path / "none.toml")
