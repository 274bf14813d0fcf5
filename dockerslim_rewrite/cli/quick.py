"""Plain calls of ``rewrite``, read without Typer.

Typer takes longer to load than the compiler needs for a file (60 to 120 ms, by version), and editors and commit hooks
call for one file at a time. What is read here is read as Typer reads it, which a test holds; a call with anything else
in it (help, an option unknown here, a mistake) is Typer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..pipeline.settings import settings

PLAIN = {flag: one for one in settings() if one.plain for flag in one.flags}


def read_plain(arguments: Sequence[str]) -> dict[str, Any] | None:
    """What *arguments*, those after ``rewrite``, ask for, by the names of ``Request``; None where Typer must read."""
    paths: list[str] = []
    found: dict[str, Any] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument == "-" or not argument.startswith("-"):
            paths.append(argument)
            continue
        name, equals, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
        one = PLAIN.get(name)
        if one is None or (one.kind == "flag" and equals):
            return None
        if one.kind == "flag":
            found[one.name] = True
            continue
        if not equals:
            value = next(rest, "")
        if not value or value.startswith("-") or (one.choices and value not in one.choices):
            return None
        if one.kind == "rules":
            parts = split(value)
            if not parts:
                return None
            found[one.name] = (*found.get(one.name, ()), *parts)
        else:
            found[one.name] = Path(value) if one.kind in ("path", "folder") else value
    return found | {"paths": tuple(paths), "given": frozenset(found)} if paths and all(paths) else None


def split(value: str) -> tuple[str, ...]:
    """The rules in a comma-separated list."""
    return tuple(part.strip() for part in value.split(",") if part.strip())
