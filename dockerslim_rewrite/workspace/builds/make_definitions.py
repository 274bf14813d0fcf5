"""The variables of a makefile and of those that it includes, and who includes it.

Source: GNU make manual, "Flavors of Variables", "Conditional Parts of Makefiles", "Including Other Makefiles".
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import partial
from typing import Final

from ...knowledge.build_commands import chosen_tool
from ...patterns import re
from ..repository import Repository, joined
from .option_variables import OptionVariables
from .shell_words import logical_lines

_VARIABLE = re.compile(r"(?:export\s+|override\s+)*([A-Za-z_][\w.-]*)\s*(\?|::?:?|\+|!)?=\s*(.*)", re.S)
#: A variable that has a value for one target and what that needs. Source: GNU make manual, "Target-specific Variables".
_SPECIFIC = re.compile(
    r"[^:=#\s][^:=#]{0,500}:\s*+(?:(?:export|override|private)\s++)*+([A-Za-z_][\w.-]{0,200})\s*+(?:\?|::?:?|\+|!)?="
)
_CONDITION = re.compile(r"(ifeq|ifneq|ifdef|ifndef|else|endif)\b\s*(.*)", re.S)
#: Conditions that ask whether a variable has no value yet.
_UNSET = re.compile(
    r"\(\s*(?:\$[({](?:strip\s+\$[({])?(?P<first>\w+)[)}]{1,2}\s*,\s*|,\s*\$[({](?:strip\s+\$[({])?(?P<second>\w+)[)}]{1,2}\s*"
    r"|\$[({]origin\s+(?P<origin>\w+)[)}]\s*,\s*undefined\s*)\)"
)
_INCLUDE = re.compile(r"(?:-|s)?include\s+(.+)", re.S)
_NAMES: Final = ("Makefile", "makefile", "GNUmakefile")
#: So many files are read for one, and files that include others are looked for in so many directories above.
_MAX_FILES: Final = 20
_MAX_ABOVE: Final = 8


class Definitions:
    """What the makefile *path*, read in the directory *home*, says of variables.

    ``values`` are texts that may name others, None where a value is not known; ``tools`` are the build tools
    that some of those stand for, ``plain`` those that hold options which choose neither Dockerfile nor stage.
    """

    def __init__(self, repository: Repository, path: str, home: str) -> None:
        self.values: dict[str, str | None] = {}
        self.tools: dict[str, str] = {}
        self.plain = OptionVariables()
        self._repository = repository
        self._home = home
        self._read: set[str] = set()
        self._specific: set[str] = set()
        self._overriding: set[str] = set()
        #: Variables that the file sets whatever the environment says.
        self.hard: set[str] = set()
        self._file(path)
        for name in self._specific:
            # Which value counts is told by the target that is made.
            self.values[name] = None
            self.plain.set(name, None)

    def set(self, value: str, *names: str) -> None:
        """Give the variables *names* the *value*, whatever the file says."""
        self.values.update(dict.fromkeys(names, value))

    def given(self, values: Mapping[str, str | None]) -> dict[str, str | None]:
        """The values where whoever calls make gives *values*, which the file keeps where it overrides them."""
        return {**self.values, **{name: one for name, one in values.items() if name not in self._overriding}}

    def default(self, value: str, name: str) -> None:
        """Give the variable *name* the *value* where the file says nothing of it."""
        self.values.setdefault(name, value)

    def _file(self, path: str) -> None:
        if path in self._read or len(self._read) >= _MAX_FILES:
            return
        self._read.add(path)
        text = self._repository.read(path) if self._repository.is_file(path) else None
        #: For each condition that a line stands under, the variable that has no value there.
        conditions: list[str | None] = []
        for _, line in logical_lines(text or ""):
            bare = line.strip()
            if line[:1] in ("\t", "#") or not bare:
                continue
            condition = _CONDITION.match(bare)
            included = _names_included(bare)
            assigned = _VARIABLE.match(bare)
            if condition is not None:
                _enter(conditions, condition[1], condition[2])
            elif included is not None:
                for name in included:
                    self._file(joined(self._home, name))
            elif assigned is not None:
                name, flavour, value = assigned.groups()
                if bare.startswith("override"):
                    self._overriding.add(name)
                self._assign(name, flavour or "", value.partition(" #")[0].strip(), conditions)
            elif (specific := _SPECIFIC.match(bare)) is not None:
                self._specific.add(specific[1])

    def _assign(self, name: str, flavour: str, value: str, conditions: list[str | None]) -> None:
        self.plain.set(name, None if flavour == "!" else value)
        if flavour == "?" or (conditions and all(one == name for one in conditions)):
            if name not in self.values and flavour != "!":
                self.values[name] = value
            return
        self.hard.add(name)
        tool = chosen_tool(value)
        if tool is not None:
            self.tools.setdefault(name, tool)
        before = self.values.get(name)
        if conditions or flavour == "!" or (flavour == "+" and name in self.values and before is None):
            # Which of several values counts, or what comes to one, only a run tells.
            if before is not None and chosen_tool(before) is not None:
                self.tools.setdefault(name, chosen_tool(before) or "")
            self.values[name] = None
        elif flavour == "+" and before:
            self.values[name] = f"{before} {value}"
        else:
            self.values[name] = value


def _enter(conditions: list[str | None], word: str, rest: str) -> None:
    """Follow a line of a condition: *conditions* are those that the next line stands under."""
    if word == "endif":
        del conditions[-1:]
    elif word == "else":
        conditions[-1:] = [None]
    elif word == "ifndef":
        conditions.append(rest.partition("#")[0].strip())
    else:
        match = _UNSET.match(rest) if word == "ifeq" else None
        conditions.append((match["first"] or match["second"] or match["origin"]) if match is not None else None)


def is_included_by_name(path: str) -> bool:
    """Whether the file at *path* is called as those are that others include: make would not find it by itself."""
    return posixpath.basename(path) not in _NAMES


def includers(repository: Repository, path: str) -> list[str]:
    """The makefiles beside and above *path* that include it; make runs its recipes in their directories."""
    found: list[str] = []
    folder = posixpath.dirname(path)
    for _ in range(_MAX_ABOVE):
        for name in _NAMES:
            other = joined(folder, name)
            if other == path or not repository.is_file(other):
                continue
            if path in repository.recall(("included", other), partial(_included, repository, other)):
                found.append(other)
        if not folder:
            break
        folder = posixpath.dirname(folder)
    return found


def _included(repository: Repository, path: str) -> frozenset[str]:
    """The files that the makefile *path* includes by their names."""
    home = posixpath.dirname(path)
    found: set[str] = set()
    for _, line in logical_lines(repository.read(path) or ""):
        names = _names_included(line.strip()) if line[:1] != "\t" else None
        found.update(joined(home, name) for name in names or ())
    return frozenset(found)


def _names_included(line: str) -> list[str] | None:
    """The files that *line* includes by their names; None where it includes none."""
    match = _INCLUDE.match(line)
    if match is None:
        return None
    return [name for name in match[1].partition("#")[0].split() if "$" not in name and "*" not in name]
