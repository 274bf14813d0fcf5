"""The paths of a repository's own files, for whoever names some of them by a pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..repository import Repository
from ..walk import walk


def all_paths(repository: Repository) -> Sequence[str]:
    """The paths of all files that are the repository's own, in order."""
    return repository.recall(
        "all paths", lambda: tuple(seen.path for seen in walk(repository.root) if seen.skipped is None)
    )


def remember(repository: Repository, paths: Sequence[str]) -> None:
    """Take *paths*, which somebody has seen already, for those of all files of *repository*."""
    repository.recall("all paths", lambda: tuple(paths))


def paths_by_name(repository: Repository) -> Mapping[str, Sequence[str]]:
    """The same by the names that they end in."""

    def find() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in all_paths(repository):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    return repository.recall("paths by name", find)
