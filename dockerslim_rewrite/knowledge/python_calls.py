"""What calls of Python code write, bind and need; see ``data/python.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from .tables import table


@cache
def python_calls() -> dict[str, Any]:
    """The tables of the data file."""
    return table("python")


def is_interesting(text: str, imported: Iterable[str]) -> bool:
    """Whether the module *text*, which imports the modules *imported*, can hold anything that the tables speak of.

    Functions of a module count only where it is imported; imports themselves are another matter.
    """
    always, by_module = _words()
    if always.search(text):
        return True
    tops = {name.partition(".")[0] for name in imported}
    return any(top in tops and words.search(text) for top, words in by_module.items())


@cache
def _words() -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    data = python_calls()
    names = [name for key in ("writes", "opens", "listens", "privileges") for name in data[key]]
    names += [*data["runs"]["names"], *data["runs"]["spread"], *data["opaque"]["names"]]
    always = {*data["methods"], *data["listening_methods"], *data["settings"], "filename", "LOCATION", "SOCK_RAW"}
    always |= {"AF_PACKET", "sqlite3"}
    found: dict[str, set[str]] = {}
    for name in names:
        top, dot, rest = name.partition(".")
        if not dot or top == "builtins":
            always.add(rest or top)
        else:
            found.setdefault(top, set()).add(rest.rpartition(".")[2])
    return _any(always, "|sqlite:"), {top: _any(words) for top, words in found.items()}


def _any(words: Iterable[str], more: str = "") -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, words))) + r")\b" + more)
