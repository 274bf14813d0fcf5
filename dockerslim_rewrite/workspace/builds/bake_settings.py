"""What commands and workflows set for Bake from outside of its files: attributes of targets, and variables.

Sources: Docker documentation, "docker buildx bake" (``--set TARGETPATTERN.KEY=VALUE``) and "Variables in Bake"
(variables of the environment take the place of defaults); README of docker/bake-action, "inputs" (``set``, ``vars``).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from ...patterns import re
from ...record import record
from ..repository import Repository
from .growth import Steps

_BAKE = re.compile(r"\bbake\b")
_SET = re.compile(
    r"(?<![\w./*-])(?P<pattern>[\w*?-]++)\.(?P<key>context|dockerfile|target|(?:args?|contexts)\.\w++)=(?P<value>[^\s\"']*+)"
)
_VARIABLE = re.compile(r"(?<![\w$.{-])(?P<name>[A-Za-z_]\w*+)(?:[ \t]*+[:?+]?=|[\"']?:[ \t])")
_WILD = re.compile(r"[*?]")
#: So many patterns of names are asked.
_MAX_PATTERNS: Final = 1_000
_Matches = Callable[[str], object]
#: So many characters of a file are searched.
_MAX_TEXT: Final = 256 * 1024


class _Seen(NamedTuple):
    """Where among all attributes one is seen first, and where last."""

    first: int
    last: int


@record(slots=False)
class BakeSettings:
    """What is set from outside: ``attributes`` of targets (pattern of names, key, value), and names of ``variables``.

    A workflow or script may set them for another command than the one that builds: they make values doubtful.
    """

    attributes: tuple[tuple[str, str, str], ...] = ()
    variables: frozenset[str] = frozenset()

    def of(self, target: str, steps: Steps) -> dict[str, str]:
        """The attributes that something sets for *target*, with the last value that is seen, in the order in which they
        are seen first. Patterns and attributes take *steps*, and where these are spent the rest is left out.
        """
        named, patterns = self._by_pattern
        fitting = [named[target]] if target in named else []
        fitting += [keys for matches, keys in steps.some(patterns) if matches(target)]
        found: dict[str, _Seen] = {}
        for keys in fitting:
            for key, seen in steps.some(keys.items()):
                other = found.get(key, seen)
                found[key] = _Seen(min(seen.first, other.first), max(seen.last, other.last))
        order = sorted(found.items(), key=lambda one: one[1].first)
        return {key: self.attributes[seen.last][2] for key, seen in order}

    @cached_property
    def _by_pattern(self) -> tuple[Mapping[str, Mapping[str, _Seen]], Sequence[tuple[_Matches, Mapping[str, _Seen]]]]:
        """Where attributes are set for each name, and for what fits each pattern."""
        found: dict[str, dict[str, _Seen]] = {}
        for at, (pattern, key, _) in enumerate(self.attributes):
            keys = found.setdefault(pattern, {})
            keys[key] = _Seen(keys[key].first if key in keys else at, at)
        named = {pattern: keys for pattern, keys in found.items() if not _WILD.search(pattern)}
        wild = [pattern for pattern in found if pattern not in named][:_MAX_PATTERNS]
        return named, [(re.compile(fnmatch.translate(one)).match, found[one]) for one in wild]


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
