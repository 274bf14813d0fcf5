"""A project that is asked about one build after the other, as in an editor: quick, and without remembering them all."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.context import ignore_file
from dockerslim_rewrite.context.locate import Location
from dockerslim_rewrite.context.placement import Placed
from dockerslim_rewrite.context.project import FolderProject
from dockerslim_rewrite.context.python.modules import Reached, Reader
from dockerslim_rewrite.context.recent import Recent
from dockerslim_rewrite.ir.build import Build
from dockerslim_rewrite.knowledge.project_files import reads_environment_files

TEXT = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN go build -o tool .\nCMD ["python", "app.py"]\n'


def _project(root: Path) -> FolderProject:
    (root / "app.py").write_text("import os\nimport more\nos.system('tool')\n")
    (root / "more.py").write_text("print(open('/app/log', 'w'))\n")
    (root / ".env").write_text("KEY=1\n")
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("x")
    return FolderProject(Location(root, None, "given"))


def test_what_was_found_out_on_old_texts_goes_with_them(tmp_path: Path) -> None:
    project = _project(tmp_path)
    options = Options(builds=lambda: (project,))
    for count in range(40):
        rewrite(f"{TEXT}# {count}\n", options)
    gc.collect()
    kept = [one for one in gc.get_objects() if isinstance(one, (Placed, Build))]
    # Caches of the whole process are bounded, too, and may hold some of other tests.
    assert len([one for one in kept if isinstance(one, Placed)]) < 12
    assert len([one for one in kept if isinstance(one, Build) and "# 3\n" in one.text]) == 0


def test_texts_of_the_context_are_searched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _project(tmp_path)
    asked: list[str] = []

    def counted(name: str, text: str) -> bool:
        asked.append(name)
        return reads_environment_files(name, text)

    monkeypatch.setattr(ignore_file, "reads_environment_files", counted)
    options = Options(builds=lambda: (project,))
    for count in range(3):
        rewrite(f"{TEXT}# {count}\n", options)
    assert [one for one in asked if one] == ["app.py", "more.py"]


def test_programs_are_followed_once_wherever_a_comment_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _project(tmp_path)
    followed: list[object] = []
    reach = Reader.reach

    def counted(self: Reader, entries: Iterable[str]) -> Reached:
        followed.append(self)
        return reach(self, entries)

    monkeypatch.setattr(Reader, "reach", counted)
    options = Options(builds=lambda: (project,))
    results = [rewrite(f"{TEXT}# {count}\n", options).text.rpartition("#")[0] for count in range(3)]
    assert len(followed) == 1
    assert len(set(results)) == 1


def test_only_the_last_ones_are_remembered() -> None:
    recent = Recent(most=2)
    made: list[str] = []
    for about in ("a", "b", "a", "c", "a", "b"):
        recent.recall(about, "key", partial(made.append, about))
    assert made == ["a", "b", "c", "b"]
    assert len(recent) == 2
