"""Words by which source code shows what it does at run time; see ``data/vocabulary.toml``."""

from __future__ import annotations

import re
from functools import cache

from ..record import record
from .tables import table


@record
class Vocabulary:
    """The expressions of one language.

    ``files`` are suffixes of configuration files in which they count as well; ``comments`` start lines that are none
    of the program's.
    """

    language: str
    name: str
    suffixes: tuple[str, ...]
    files: tuple[str, ...]
    comments: tuple[str, ...]
    writes: tuple[re.Pattern[str], ...]
    listens: tuple[re.Pattern[str], ...]
    default_port: re.Pattern[str]
    privileges: tuple[tuple[re.Pattern[str], str], ...]
    runs: tuple[re.Pattern[str], ...]


@cache
def vocabularies() -> dict[str, Vocabulary]:
    """All languages by their key in the data file."""
    data = table("vocabulary")
    return {
        language: Vocabulary(
            language,
            entry["name"],
            tuple(entry["suffixes"]),
            tuple(entry.get("files", ())),
            tuple(entry["comments"]),
            tuple(map(re.compile, entry["writes"])),
            tuple(map(re.compile, entry["listens"])),
            re.compile(entry["default_port"]),
            tuple((re.compile(expression), need) for expression, need in entry["privileges"]),
            tuple(map(re.compile, entry["runs"])),
        )
        for language, entry in data.items()
    }


def language_of(path: str) -> str | None:
    """The language of a source file by its name; None for another file."""
    for language, words in vocabularies().items():
        if path.endswith(words.suffixes):
            return language
    return "python" if path.endswith(".py") else None
