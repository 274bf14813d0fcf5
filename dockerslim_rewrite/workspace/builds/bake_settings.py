"""What commands and workflows set for Bake from outside of its files: attributes of targets, and variables.

Sources: Docker documentation, "docker buildx bake" (``--set TARGETPATTERN.KEY=VALUE``) and "Variables in Bake"
(variables of the environment take the place of defaults); README of docker/bake-action, "inputs" (``set``, ``vars``).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Final

from ...patterns import re
from ...record import record
from ..repository import Repository

_BAKE = re.compile(r"\bbake\b")
_SET = re.compile(
    r"(?<![\w./*-])(?P<pattern>[\w*?-]++)\.(?P<key>context|dockerfile|target|(?:args?|contexts)\.\w++)=(?P<value>[^\s\"']*+)"
)
_VARIABLE = re.compile(r"(?<![\w$.{-])(?P<name>[A-Za-z_]\w*+)(?:[ \t]*+[:?+]?=|[\"']?:[ \t])")
#: So many characters of a file are searched.
_MAX_TEXT: Final = 256 * 1024


@record
class BakeSettings:
    """What is set from outside: ``attributes`` of targets (pattern of names, key, value), and names of ``variables``.

    A workflow or script may set them for another command than the one that builds: they make values doubtful.
    """

    attributes: tuple[tuple[str, str, str], ...] = ()
    variables: frozenset[str] = frozenset()

    def of(self, target: str) -> dict[str, str]:
        """The attributes that something sets for *target*, with the last value that is seen."""
        return {key: value for pattern, key, value in self.attributes if fnmatch.fnmatchcase(target, pattern)}


def bake_settings(repository: Repository, paths: Iterable[str]) -> BakeSettings:
    """What those of the files *paths* (scripts, Makefiles, pipelines) that speak of Bake set for it."""
    attributes: dict[tuple[str, str, str], None] = {}
    variables: set[str] = set()
    for path in paths:
        text = (repository.read(path) or "")[:_MAX_TEXT]
        if _BAKE.search(text) is None:
            continue
        for match in _SET.finditer(text):
            attributes[match["pattern"], match["key"].replace("arg.", "args."), match["value"]] = None
        variables.update(match["name"] for match in _VARIABLE.finditer(text))
    return BakeSettings(tuple(attributes), frozenset(variables))
