"""Builds in Makefiles. Source: GNU make manual, "Recipes", "How to Use Variables", "Flavors of Variables"."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ...knowledge.build_commands import names_a_builder
from ..repository import Repository
from .found import FoundBuild, Text
from .shell_scripts import ScriptReader
from .shell_values import stand_in
from .shell_words import logical_lines

_VARIABLE = re.compile(r"(?:export\s+|override\s+)*([A-Za-z_][\w.-]*)\s*(\?|::?:?|\+|!)?=\s*(.*)")
_REFERENCE = re.compile(r"\$(?:\$|\(([^()$]*)\)|\{([^{}$]*)\}|([A-Za-z@<^*]))")
_MAX_DEPTH = 10
_MAX_REPLACED = 1000
#: In all recipes of a file; a long value counts as several.
_MAX_REPLACED_IN_ALL = 20_000
_LONG_VALUE = 1000


def makefile(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds in the recipes of the Makefile *path*, which run in its folder."""
    text = repository.read(path)
    if text is None or not names_a_builder(text):
        return
    home = path.rpartition("/")[0]
    variables: dict[str, str | None] = {}
    lines = list(logical_lines(text))
    just = path.rpartition("/")[2].lower() == "justfile"
    for _, line in lines:
        match = None if line[:1] in ("\t", "#") else _VARIABLE.match(line.strip())
        if match is not None:
            name, flavour, value = match.groups()
            known = flavour not in ("+", "!") and "$(shell" not in value.replace("$(shell pwd)", "")
            if not (flavour == "?" and name in variables):
                variables[name] = value.partition(" #")[0].strip() if known else None
    folder = os.path.join(str(repository.root), home).rstrip("/")
    variables |= {
        "CURDIR": folder,
        "PWD": folder,
        "shell pwd": folder,
        "MAKE": "make",
        "DOCKER": variables.get("DOCKER", "docker"),
    }
    left = _MAX_REPLACED_IN_ALL
    for number, line in lines:
        recipe = line[:1] == "\t" or (just and line[:1] == " ")
        command = line.strip().lstrip("@-+ ")
        if not recipe or not _may_build(command, variables):
            continue
        unknown: dict[str, Text] = {}
        shell, replaced = _expanded(command, variables, min(left, _MAX_REPLACED), unknown)
        left = max(left - replaced, 0)
        homes: list[Text] = [home]
        yield from ScriptReader(repository, "make", path, number + 1, homes, unknown).read(shell)


def _may_build(command: str, variables: dict[str, str | None]) -> bool:
    return names_a_builder(command) or ("build" in command and "$" in command)


def _expanded(text: str, variables: dict[str, str | None], most: int, unknown: dict[str, Text]) -> tuple[str, int]:
    """*text* with up to *most* of make's variables replaced, for the shell, and how many that were.

    One that is not known, or one too many, becomes a variable of the shell, and is added to those *unknown*.
    """
    left = most

    def expand(text: str, depth: int) -> str:
        def replaced(match: re.Match[str]) -> str:
            nonlocal left
            if match[0] == "$$":
                return "$"
            name = (match[1] or match[2] or match[3] or "").strip()
            value = variables.get(name)
            if value is not None:
                left -= 1 + len(value) // _LONG_VALUE
            if value is None or depth >= _MAX_DEPTH or left < 0:
                return stand_in(match[0], unknown)
            return expand(value, depth + 1)

        return _REFERENCE.sub(replaced, text)

    return expand(text, 0), most - left
