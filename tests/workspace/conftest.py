"""Repositories made for a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.pipeline import Result
from dockerslim_rewrite.workspace.builds.found import FoundBuild
from dockerslim_rewrite.workspace.builds.graph import BuildGraph, build_graph
from dockerslim_rewrite.workspace.repository import Repository
from dockerslim_rewrite.workspace.uses import Workspace


class Tree:
    """A repository: its root, and what is read from it."""

    def __init__(self, root: Path, files: Mapping[str, str]) -> None:
        self.root = root
        (root / ".git").mkdir(exist_ok=True)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.repository = Repository(root)

    def graph(self) -> BuildGraph:
        return build_graph(self.repository)

    def builds(self) -> list[FoundBuild]:
        return list(self.graph().builds)

    def build(self) -> FoundBuild:
        found = self.builds()
        assert len(found) == 1, found
        return found[0]

    def rewritten(self, path: str, **options: Any) -> Result:
        """The Dockerfile at *path*, rewritten with all that the repository tells of its builds."""
        file = self.root / path
        builds = partial(Workspace(self.root).projects, file)
        return rewrite(file.read_text(), Options(builds=builds, **options), str(file))

    @property
    def complaints(self) -> dict[str, str]:
        return self.repository.complaints


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Tree]:
    def make(files: Mapping[str, str]) -> Tree:
        root = tmp_path / "repository"
        root.mkdir(exist_ok=True)
        return Tree(root, files)

    return make
