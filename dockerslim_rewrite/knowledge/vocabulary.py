"""Words by which source code shows what it does at run time; see ``data/vocabulary.toml``."""

from __future__ import annotations

from functools import cache

from ..patterns import re
from ..record import record
from .tables import table


@record
class Vocabulary:
    """The expressions of one language.

    ``files`` are suffixes of configuration files in which they count as well; ``comments`` start lines that are none
    of the program's. ``runs`` count in files that match ``starts``, where there is such; ``packages`` name libraries,
    in sources or in ``manifests`` where there are such, but for those that ``core`` matches. ``own`` names the
    project's own packages, in files that end in one of ``own_files``. An absolute path may be written where it stands
    in a line that ``paths`` matches. What ``kit`` matches needs the development kit, which has ``kit_name``.
    ``loads`` find shared libraries that are loaded when it runs (group ``library``),
    ``tables`` calls that read a table of the distribution, with its path.
    ``fixed`` listen on ports of their own, ``home`` asks for the home directory.
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
    starts: re.Pattern[str] | None
    kit: re.Pattern[str] | None
    manifests: tuple[str, ...]
    packages: tuple[re.Pattern[str], ...]
    core: re.Pattern[str] | None
    own: re.Pattern[str] | None
    own_files: tuple[str, ...]
    paths: re.Pattern[str] | None
    kit_name: str = "javac"
    loads: tuple[re.Pattern[str], ...] = ()
    tables: tuple[tuple[re.Pattern[str], str], ...] = ()
    fixed: tuple[tuple[re.Pattern[str], int], ...] = ()
    home: re.Pattern[str] | None = None


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
            _compiled(entry.get("starts")),
            _compiled(entry.get("kit")),
            tuple(entry.get("manifests", ())),
            tuple(re.compile(expression, re.M) for expression in entry.get("packages", ())),
            _compiled(entry.get("core")),
            re.compile(entry["own"], re.M) if "own" in entry else None,
            tuple(entry.get("own_files", entry["suffixes"])),
            _compiled(entry.get("paths")),
            entry.get("kit_name", "javac"),
            tuple(map(re.compile, entry.get("loads", ()))),
            tuple((re.compile(expression), path) for expression, path in entry.get("tables", ())),
            tuple((re.compile(expression), port) for expression, port in entry.get("fixed", ())),
            _compiled(entry.get("home")),
        )
        for language, entry in data.items()
    }


def _compiled(expression: str | None) -> re.Pattern[str] | None:
    return None if expression is None else re.compile(expression)


def language_of(path: str) -> str | None:
    """The language of a source file by its name; None for another file."""
    for language, words in vocabularies().items():
        if path.endswith(words.suffixes):
            return language
    return "python" if path.endswith(".py") else None
