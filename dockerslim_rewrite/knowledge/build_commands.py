"""Commands that build images; see ``data/build_commands.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from ..patterns import re
from .tables import table


class _Tool(NamedTuple):
    before: frozenset[str]
    subcommands: tuple[tuple[str, ...], ...]
    here: bool
    files: tuple[str, ...]


@cache
def _tools() -> dict[str, _Tool]:
    found = {}
    for entry in table("build_commands")["tool"]:
        known = _Tool(
            frozenset(entry["before"]),
            tuple(tuple(one.split()) for one in entry["subcommands"]),
            entry.get("here", False),
            tuple(entry.get("files", ("Dockerfile",))),
        )
        found.update(dict.fromkeys(entry["names"], known))
    return found


def builds_here(name: str) -> bool:
    """Whether the tool *name* builds the working directory where no context is named."""
    tool = _tools().get(name.rpartition("/")[2])
    return tool is not None and tool.here


def default_files(name: str) -> tuple[str, ...]:
    """The files of the context that the tool *name* looks for where none is named, in its order."""
    tool = _tools().get(name.rpartition("/")[2])
    return ("Dockerfile",) if tool is None else tool.files


@cache
def options_with_values() -> frozenset[str]:
    """The options of build commands that take a word of their own."""
    return frozenset(table("build_commands")["options"]["values"])


@cache
def checkout_variables() -> frozenset[str]:
    """Variables that hold the folder of the checkout."""
    return frozenset(table("build_commands")["checkout"]["variables"])


def names_a_builder(text: str) -> bool:
    """Whether *text* can hold a command that builds an image at all: a cheap first look."""
    return "kaniko" in text or ("bu" in text and any(name in text for name in _tools()))


@cache
def _choice() -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(_tools(), key=len, reverse=True)))
    return re.compile(
        rf"""["']*(?:(?:\$\(|`)\s*(?:shell\s+)?(?:which|command -v|type -[pP])\s+)?(?:[\w.-]*/)*+({names})(?![\w-])"""
    )


def chosen_tool(text: str) -> str | None:
    """The build tool that a variable with the definition *text* stands for: by name, or where a shell finds it."""
    match = _choice().match(text)
    return None if match is None else match[1]


def build_arguments(words: Sequence[str | None]) -> int | None:
    """Where the arguments of a build begin in the command *words*, whose unknown words are None; None for others."""
    if not words or words[0] is None:
        return None
    name = words[0].rpartition("/")[2]
    if words[0].endswith("kaniko/executor"):
        return 1
    tool = _tools().get(name)
    if tool is None:
        return None
    at = 1
    while at < len(words):
        word = words[at]
        if word is None or not word.startswith("-"):
            break
        at += 2 if word in tool.before else 1
    for subcommand in tool.subcommands:
        if tuple(words[at : at + len(subcommand)]) == subcommand:
            return at + len(subcommand)
    return None
