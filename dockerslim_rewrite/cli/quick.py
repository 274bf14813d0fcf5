"""Plain calls of ``rewrite``, read without Typer.

Typer takes longer to load than the compiler needs for a file (60 to 120 ms, by version), and editors and commit hooks
call for one file at a time. What is read here is read as Typer reads it, which a test holds; a call with anything else
in it (help, an option unknown here, a mistake) is Typer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

FLAGS = {
    "-i": "in_place",
    "--in-place": "in_place",
    "--diff": "diff",
    "--check": "check",
    "--strict": "strict",
    "--dockerignore": "dockerignore",
    "--suggest": "suggest",
    "--flatten": "flatten",
    "-q": "quiet",
    "--quiet": "quiet",
}
VALUES = {
    "-o": "output",
    "--output": "output",
    "--level": "level",
    "--style": "style",
    "--templates": "templates",
    "--pin": "pin",
    "--lock": "lock",
    "--context": "context",
    "--account": "account",
    "--cleanup": "cleanup",
    "--format": "format",
}
LISTS = {"--select": "select", "--ignore": "ignore"}
_PATHS = frozenset(("templates", "lock", "context"))


def read_plain(arguments: Sequence[str]) -> dict[str, Any] | None:
    """What *arguments*, those behind ``rewrite``, ask for, by the names of ``Request``; None where Typer must read."""
    paths: list[str] = []
    found: dict[str, Any] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument == "-" or not argument.startswith("-"):
            paths.append(argument)
        elif argument in FLAGS:
            found[FLAGS[argument]] = True
        else:
            name, equals, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
            field = VALUES.get(name) or LISTS.get(name)
            if field is None:
                return None
            if not equals:
                value = next(rest, "")
            if not value or value.startswith("-"):
                return None
            if name in LISTS:
                found[field] = (*found.get(field, ()), *split(value))
            else:
                found[field] = Path(value) if field in _PATHS else value
    return found | {"paths": tuple(paths)} if paths and all(paths) else None


def split(value: str) -> tuple[str, ...]:
    """The rules in a comma-separated list."""
    return tuple(part.strip() for part in value.split(",") if part.strip())
