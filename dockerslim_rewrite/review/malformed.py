"""Descriptions of builds that nobody can read any more.

Sources: YAML 1.2.2, 3.2.1.3, for keys that are there twice, which Compose and GitHub refuse ("mapping key already
defined", "is already defined"); HCL native syntax specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..knowledge.repository import build_source
from ..record import record
from ..text.yaml_nodes import TooManyValues, compose
from ..workspace.builds.yaml_values import YamlError, documents
from ..workspace.repository import Repository

#: Descriptions in YAML whose readers refuse keys that are there twice.
_YAML = frozenset(("compose", "workflow"))
_NOT_READ = "; not read"


@record
class Malformed:
    """What is wrong with a description, on which line; ``sure`` that its own reader refuses it as well."""

    line: int
    reason: str
    sure: bool


def malformed(repository: Repository, path: str) -> Malformed | None:
    """Why the description of builds *path* of *repository* cannot be read; None where it can, or is none."""
    kind = build_source(path)
    if kind == "bake" and path.endswith(".hcl"):
        told = repository.complaints.get(path, "")
        return Malformed(_line_in(told), told.removesuffix(_NOT_READ), False) if told.startswith("no HCL") else None
    text = repository.read(path) if kind in _YAML and repository.is_file(path) else None
    if text is None:
        return None
    try:
        documents(text)
        twice = next(_twice(text), None)
    except TooManyValues:
        return None
    except YamlError as error:
        # What is only too much to be read here is no fault of the file.
        return (
            None
            if isinstance(error.__cause__ or error.__context__, TooManyValues | RecursionError)
            else Malformed(error.line, error.reason, True)
        )
    return None if twice is None else Malformed(twice[0], f"`{twice[1]}` is there twice", True)


def _line_in(told: str) -> int:
    number = told.partition(" at line ")[2].partition(",")[0]
    return int(number) if number.isdecimal() else 1


def _twice(text: str) -> Iterator[tuple[int, str]]:
    """The keys that a mapping of the YAML *text* has already, with their lines."""
    waiting: list[Any] = [one for one in compose(text) if one is not None]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or type(node).__name__ == "ScalarNode":
            continue
        seen.add(id(node))
        if type(node).__name__ == "SequenceNode":
            waiting += node.value
            continue
        known: set[str] = set()
        for key, item in node.value:
            waiting.append(item)
            if type(key).__name__ == "ScalarNode" and key.value != "<<":
                if key.value in known:
                    yield key.start_mark.line + 1, key.value
                known.add(key.value)
