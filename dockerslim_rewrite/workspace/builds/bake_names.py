"""Targets that Bake files name and none of them has. Source: Docker documentation, "Bake file reference", "group",
"target.inherits".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from ...patterns import re
from ...record import record
from ...text.lines import line_at
from ..repository import Repository
from .bake import DEFAULT_FILES
from .bake_action import wanted
from .bake_files import Definition
from .found import Place
from .hcl_syntax import Tree


@record
class Dangling:
    """A target that something in the place names and no file has, in words; ``sure`` that no other file may have it."""

    place: Place
    said: str
    sure: bool


def dangling(repository: Repository, paths: Sequence[str], services: Iterable[str]) -> Iterator[Dangling]:
    """The targets that the Bake files *paths* name in vain, where Bake reads them together by itself.

    *services* are those of compose files, which are targets as well. Where a matrix makes names nothing is told.
    """
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(posixpath.dirname(path), []).append(path)
    for home, files in folders.items():
        together = [path for name in DEFAULT_FILES for path in files if posixpath.basename(path) == name]
        definition = Definition()
        for path in together:
            definition.add(repository, path)
        if any("matrix" in attributes for attributes in definition.targets.values()):
            continue
        known = {*definition.targets, *definition.groups, *services}
        # Another file may be named beside them, and come from a step of a workflow as well.
        alone = len(paths) == len(together)
        for name, tree in definition.groups.items():
            for target in _plain(tree, known):
                place = _group(repository, together, name, home)
                yield Dangling(place, f"the group `{name}` names the target `{target}`, which is not there", alone)
        for name, attributes in definition.targets.items():
            for target in _plain(attributes["inherits"], known) if "inherits" in attributes else ():
                said = f"`{name}` inherits from the target `{target}`, which is not there"
                yield Dangling(definition.places[name], said, False)


def not_built(
    repository: Repository, paths: Sequence[str], services: Iterable[str], workflows: Iterable[str]
) -> Iterator[Dangling]:
    """The targets that steps of *workflows* ask for, that none of the Bake files *paths* has and none of *services* is.

    Where a matrix makes names, or a file that is no HCL here may, nothing is told.
    """
    asked = [(path, one) for path in workflows for one in wanted(repository, path)]
    if not asked:
        return
    definition = Definition()
    for path in paths:
        definition.add(repository, path)
    if any("matrix" in attributes for attributes in definition.targets.values()):
        return
    if any(path in repository.complaints for path in paths):
        return
    known = {*definition.targets, *definition.groups, *services, "default"}
    for path, one in asked:
        if one.name not in known:
            said = f"Bake is asked for the target `{one.name}`, which is not there"
            yield Dangling(Place(path, one.line), said, one.plain)


def _plain(tree: Tree, known: Iterable[str]) -> Iterator[str]:
    """The names in the list *tree* that are written as they are and not *known*."""
    for part in tree.parts if tree.kind == "list" else ():
        texts = [one for one in part.parts if isinstance(one, str)] if part.kind in ("template", "value") else []
        name = "".join(texts)
        if len(texts) == len(part.parts) and name not in known and re.fullmatch(r"[\w.-]+", name):
            yield name


def _group(repository: Repository, paths: Sequence[str], name: str, home: str) -> Place:
    """Where the last of *paths* that has it says what the group *name* is."""
    pattern = re.compile(rf'^\s*group\s+"?{re.escape(name)}"?\s*\{{|"{re.escape(name)}"\s*:', re.M)
    for path in reversed(paths):
        text = repository.read(path) or ""
        match = pattern.search(text)
        if match is not None:
            return Place(path, line_at(text, match.end() - 1))
    return Place(paths[-1] if paths else home, 1)
