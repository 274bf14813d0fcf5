"""A project that is asked about one build after the other, as in an editor: quick, and without remembering them all."""

from __future__ import annotations

import gc
from functools import partial
from pathlib import Path

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.context.locate import Location
from dockerslim_rewrite.context.placement import Placed
from dockerslim_rewrite.context.project import FolderProject
from dockerslim_rewrite.context.recent import Recent
from dockerslim_rewrite.ir.build import Build

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


def test_only_the_last_ones_are_remembered() -> None:
    recent, made = Recent(most=2), []
    for about in ("a", "b", "a", "c", "a", "b"):
        recent.recall(about, "key", partial(made.append, about))
    assert made == ["a", "b", "c", "b"]
    assert len(recent) == 2
