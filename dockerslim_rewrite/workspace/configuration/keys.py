"""The keys of a configuration file: the options of the table that may stand in one, and those of the repository."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, Literal, TypeAlias

from ...pipeline.settings import settings
from ...record import record

_MOST_PATTERNS = 1_000
_LONGEST_PATTERN = 1_000
Shape: TypeAlias = Literal["flag", "text", "choice", "path", "rules", "globs", "by_glob"]


@record
class Key:
    """A key: its ``shape`` says what it may hold, ``name`` is the option that it sets, if it is one.

    ``per_file`` tells that it may differ from file to file.
    """

    key: str
    shape: Shape
    help: str
    name: str | None = None
    choices: tuple[str, ...] = ()
    per_file: bool = True


_SHAPES: dict[str, Shape] = {
    "flag": "flag",
    "text": "text",
    "choice": "choice",
    "path": "path",
    "folder": "path",
    "rules": "rules",
    "words": "globs",
}
_OWN = (
    Key("extend", "path", "Another configuration file, whose values count where this one has none.", per_file=False),
    Key("exclude", "globs", "Files and directories to leave alone, relative to this file.", per_file=False),
    Key("python", "flag", "Look into Python modules for Dockerfiles in strings as well.", "python", per_file=False),
    Key("contexts", "by_glob", "Build contexts: a directory for each pattern of Dockerfiles.", per_file=False),
    Key("build-args", "by_glob", "Build arguments for --verify, by pattern of Dockerfiles.", per_file=False),
    Key("per-file", "by_glob", "Other settings for the Dockerfiles that a pattern matches.", per_file=False),
)


@cache
def keys() -> dict[str, Key]:
    """All keys, by their spelling."""
    found = [Key(one.key, _SHAPES[one.kind], one.help, one.name, one.choices) for one in settings() if one.config]
    return {one.key: one for one in (*found, *_OWN)}


class ConfigError(ValueError):
    """A configuration that cannot be used: one line that says where and what to do."""


def checked(values: Any, where: str, *, per_file: bool = False) -> dict[str, Any]:
    """The table *values* if every key of it is known and holds what it may. Raises ``ConfigError``."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: must be a table")
    known = {name: one for name, one in keys().items() if one.per_file or not per_file}
    for name, value in values.items():
        one = known.get(name)
        if one is None:
            raise ConfigError(f"{where}: unknown key {name!r}; {_nearest(name, list(known))}")
        problem = _problem(one, value)
        if problem is not None:
            raise ConfigError(f"{where}: {name} {problem}")
    for pattern, inner in values.get("per-file", {}).items():
        checked(inner, f"{where}: per-file {pattern!r}", per_file=True)
    return values


def _nearest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.replace("_", "-"), known, 1, 0.5)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"


def _problem(one: Key, value: Any) -> str | None:
    """What is wrong with *value* for the key *one*."""
    if one.shape == "flag":
        return None if isinstance(value, bool) else "must be true or false"
    if one.shape in ("text", "path"):
        if not isinstance(value, str):
            return "must be a string"
        return _no_account(value) if one.key == "account" else None
    if one.shape == "choice":
        if value in one.choices:
            return None
        from difflib import get_close_matches

        near = get_close_matches(str(value), one.choices, 1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"cannot be {value!r}; {hint}choose from {', '.join(one.choices)}"
    if one.shape in ("rules", "globs"):
        listed = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return _too_much(value) if listed else "must be a list of strings"
    if not isinstance(value, dict):
        return "must be a table with a pattern of files on each line"
    if _too_much(value) is not None:
        return _too_much(value)
    if one.key == "contexts" and not all(isinstance(item, str) for item in value.values()):
        return "must name a directory for each pattern"
    if one.key == "build-args":
        tables = all(isinstance(item, dict) for item in value.values())
        if not tables or not all(isinstance(text, str) for item in value.values() for text in item.values()):
            return "must be a table of strings for each pattern"
    return None


def _no_account(value: str) -> str | None:
    from ...pipeline.options import account_problem

    problem = account_problem(value)
    return None if problem is None else f"cannot be {value!r}; {problem}"


def _too_much(patterns: Collection[str]) -> str | None:
    """What is wrong with *patterns* that nobody has written: each is tried on every file."""
    if len(patterns) > _MOST_PATTERNS:
        return f"must have no more than {_MOST_PATTERNS:,} entries"
    if any(len(one) > _LONGEST_PATTERN for one in patterns):
        return f"must have entries of no more than {_LONGEST_PATTERN:,} characters"
    return None
