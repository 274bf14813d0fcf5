"""What a result rests on besides the file itself: which parts of which contexts were looked at, and how they were.

A result holds for as long as they are the same. Of a listing the names, the permissions and the sizes count, the last
only as far as a rule could tell them apart; of a file's content only what was read. So a file that nobody looked into
may change as it likes.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..context.configuration.files import LONGEST
from ..context.digest import digest_of
from ..context.dockerignore import Dockerignore
from ..context.project import FolderProject
from ..context.roles import LARGE_BYTES
from ..context.tree import ContextTree, Limits
from .outcome import digest

#: Sizes on the same side of all of these are alike to every reader of a listing; an empty file is its own case.
_BORDERS = tuple(sorted((1, LONGEST + 1, Limits().file_bytes + 1, LARGE_BYTES)))
#: Contexts that one process keeps while it compares.
_KEPT = 64

Facts = list[dict[str, Any]]


def facts_of(projects: Sequence[FolderProject], root: str) -> Facts:
    """What was looked at in *projects*, whose repository is the folder *root*."""
    return [_facts(one, root) for one in projects]


def still_hold(facts: Facts, projects: Sequence[FolderProject], root: str) -> bool:
    """Whether *projects* as they are now give every answer that *facts* rest on."""
    if len(facts) != len(projects):
        return False
    return all(_holds(fact, project, root) for fact, project in zip(facts, projects, strict=True))


def _facts(project: FolderProject, root: str) -> dict[str, Any]:
    tree = project.tree
    found = _frame(project, root)
    if project.usage.untold is not None:
        # Nothing of it was read.
        return found
    if tree.listed:
        found["listing"] = _listing(tree)
    if "classified" in project.__dict__:
        found["classified"] = digest(repr(project.classified).encode("utf-8", "surrogateescape"))
    if "whole" in project.__dict__:
        found["whole"] = _listing(project.whole)
    if "digest" in project.__dict__:
        found["digest"] = project.digest
    texts = {path: _text(text) for path, text in sorted(tree.texts_read.items())}
    if texts:
        found["texts"] = texts
    return found


def _frame(project: FolderProject, root: str) -> dict[str, Any]:
    """What frames a project: where it lies, how it was found and used, and what is kept from builds."""
    place, ignore = project.location, project.ignore_text
    used = (str(place.root).removeprefix(root), place.found, project.ignore_path, ignore, project.usage)
    return {"frame": digest(repr(used).encode("utf-8", "surrogateescape"))}


def _holds(fact: dict[str, Any], project: FolderProject, root: str) -> bool:
    if fact["frame"] != _frame(project, root)["frame"]:
        return False
    place = project.location.root
    if "digest" in fact and fact["digest"] != digest_of(_tree(place, project.tree.ignore)):
        return False
    if "listing" in fact:
        tree = _tree(place, project.tree.ignore)
        if fact["listing"] != _listing(tree):
            return False
        texts = fact.get("texts", {})
        if any(_text(tree.read(path)) != known for path, known in texts.items()):
            return False
        if "classified" in fact:
            from ..context.roles import classify

            if fact["classified"] != digest(repr(classify(tree)).encode("utf-8", "surrogateescape")):
                return False
    return "whole" not in fact or fact["whole"] == _listing(_tree(place, Dockerignore()))


@lru_cache(maxsize=_KEPT)
def _tree(root: Path, ignore: Dockerignore) -> ContextTree:
    return ContextTree(root, ignore)


def forget() -> None:
    """Read contexts anew from now on."""
    _tree.cache_clear()


def _listing(tree: ContextTree) -> str:
    lines = [f"{one.path}\0{one.mode}\0{bisect(_BORDERS, one.size)}" for one in tree.files]
    lines.append(str(tree.complete))
    return digest("\n".join(lines).encode("utf-8", "surrogateescape"))


def _text(text: str | None) -> str | None:
    return None if text is None else digest(text.encode("utf-8", "surrogateescape"))
