"""Sources that are looked at for several ways to start a container: read once, and in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite.context import words
from dockerslim_rewrite.context.collected import Collected
from dockerslim_rewrite.context.project import FolderProject
from dockerslim_rewrite.context.words import look
from dockerslim_rewrite.knowledge.vocabulary import Vocabulary, vocabularies
from dockerslim_rewrite.workspace.uses import Workspace

#: A string that may be written stands before what the rest of the file is asked for.
PHP = "<?php\n$log = '/var/log/app.log';\n$made = `convert a.png b.png`;\n"


def test_a_source_is_read_once_for_all_working_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    scan = words._file
    monkeypatch.setattr(words, "_LOOKED_AT", {})

    def counted(language: Vocabulary, path: str, text: str, cwd: str | None, found: Collected) -> None:
        read.append(path)
        scan(language, path, text, cwd, found)

    monkeypatch.setattr(words, "_file", counted)
    sources = {"a.js": "const express = require('express')\n", "b.js": "console.log(1)\n"}
    language = vocabularies()["node"]
    found = [look(language, sources, sources.get, cwd) for cwd in ("/app", "/srv", "/app")]
    assert read == ["a.js", "b.js"]
    assert [{one.folder for one in each.packages} for each in found] == [{"/app"}, {"/srv"}, {"/app"}]


def test_a_path_in_a_source_hides_none_of_the_rest() -> None:
    found = look(vocabularies()["php"], {"a.php": PHP}, {"a.php": PHP}.get, "/app")
    assert "convert" in {one.name for one in found.programs}


def test_projects_of_one_context_share_its_files(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    services = "".join(f"  {name}: {{build: {{context: ., target: {name}}}}}\n" for name in "ab")
    (tmp_path / "compose.yaml").write_text(f"services:\n{services}")
    (tmp_path / "Dockerfile").write_text("FROM x AS a\nCOPY . /a\nFROM a AS b\nFROM b\n")
    found: tuple[FolderProject, ...] = Workspace(tmp_path).projects(tmp_path / "Dockerfile")
    assert len(found) > 1
    assert len({id(one.tree) for one in found}) == 1
