"""Bake files of strangers: the words of all of them are counted before they are read, and their lines found once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dockerslim_rewrite.workspace.builds import bake_files
from dockerslim_rewrite.workspace.builds.bake_files import Definition
from dockerslim_rewrite.workspace.repository import Repository

TARGETS = "".join(f'target "t{number}" {{\n  inherits = ["t{number - 1}"]\n}}\n' for number in range(100))


def test_what_is_left_out_of_a_repository_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bake_files, "_MOST_WORDS", 4_000)
    repository = Repository(tmp_path)
    for number in range(6):
        (tmp_path / f"{number}.hcl").write_text(TARGETS)
        Definition().add(repository, f"{number}.hcl")
    assert list(repository.complaints) == ["2.hcl"]
    assert "more than 4,000 words and signs of HCL; not read" in repository.complaints["2.hcl"]


def test_a_file_that_is_called_for_again_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.hcl").write_text(TARGETS)
    repository = Repository(tmp_path)
    first, second = Definition(), Definition()
    first.add(repository, "a.hcl")
    monkeypatch.setitem(sys.modules, "hcl2", None)
    second.add(repository, "a.hcl")
    assert first.targets == second.targets
    assert len(first.targets) == 100


def test_lines_of_targets(tmp_path: Path) -> None:
    (tmp_path / "a.hcl").write_text('\n\n  target "a" {\n}\ntarget "b" {}\n')
    (tmp_path / "a.json").write_text('{"target": {\n"c": {"x": "d"},\n "d" : {}}}')
    found = Definition()
    found.add(Repository(tmp_path), "a.hcl")
    found.add(Repository(tmp_path), "a.json")
    assert {name: place.line for name, place in found.places.items()} == {"a": 3, "b": 5, "c": 2, "d": 3}
