"""How configuration and code name paths that a program writes; see ``data/written.toml``."""

from __future__ import annotations

from fnmatch import translate
from functools import cache

from ..patterns import re
from ..record import record
from .tables import table

READERS = ("environment", "ini", "properties", "yaml", "json", "toml", "xml")


@record
class WrittenNames:
    """The expressions of the data file, by what they tell of keys and values."""

    surely: re.Pattern[str]
    dotted: re.Pattern[str]
    maybe: re.Pattern[str]
    port: re.Pattern[str]
    never: re.Pattern[str]
    addresses: re.Pattern[str]
    address: re.Pattern[str]
    source: re.Pattern[str]
    ending: re.Pattern[str]
    roots: re.Pattern[str]


@record
class Addresses:
    """How code speaks of addresses, by the data file: ``keys`` name them, calls ``first`` are given one in front of all
    else, calls ``anywhere`` in any place. ``verbs`` are in the names of calls that write.
    """

    keys: re.Pattern[str]
    first: frozenset[str]
    anywhere: frozenset[str]
    before: re.Pattern[str]
    verbs: re.Pattern[str]


@cache
def addresses() -> Addresses:
    """The words of the data file."""
    data = table("written")["addresses"]
    return Addresses(
        re.compile(data["keys"]),
        frozenset(data["first"]),
        frozenset((*data["anywhere"],)),
        re.compile(data["before"]),
        re.compile(data["verbs"]),
    )


@cache
def _absolute() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    data = table("written")["absolute"]
    return re.compile(data["path"]), re.compile(data["read"]), re.compile(data["alone"])


def absolute_path(text: str) -> bool:
    """Whether *text* is an absolute path of a file or directory, outside what programs only read as a rule."""
    path, read, alone = _absolute()
    if len(text) >= 200 or not path.match(text) or read.match(text):
        return False
    return "/" in text.strip("/") or "." in text or bool(alone.match(text))


@cache
def own_port() -> re.Pattern[str]:
    """The dotted keys by which a program's configuration names the port that it listens on."""
    return re.compile(table("written")["keys"]["own_port"])


@cache
def written_names() -> WrittenNames:
    """The expressions of the data file."""
    data = table("written")
    keys, databases = data["keys"], data["databases"]
    return WrittenNames(
        **{name: re.compile(keys[name]) for name in ("surely", "dotted", "maybe", "port", "never", "addresses")},
        address=re.compile(databases["address"]),
        source=re.compile(databases["source"]),
        ending=re.compile(rf"{data['ending']}\Z"),
        roots=re.compile(data["roots"]),
    )


@cache
def configuration_names() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], re.Pattern[str], re.Pattern[str]]:
    """What reads a file by its name, in the order to be asked; what is read without being named; what is for tools."""
    files = table("written")["files"]
    readers = tuple((name, _any(files[name])) for name in READERS)
    return readers, _any(files["loaded"]), _any(files["tools"])


@cache
def lock_names() -> re.Pattern[str]:
    """The names of files in which package managers keep what they chose: nothing in them is a setting."""
    return _any(table("written")["files"]["locks"])


@cache
def configured_elsewhere() -> frozenset[str]:
    """Folders whose files no program of the image reads as its configuration."""
    return frozenset(table("written")["files"]["elsewhere"])


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)))


def looks_written(text: str) -> bool:
    """Whether *text* looks like the path of something that a program writes."""
    names = written_names()
    if not text or len(text) > 200 or re.search(r"[\s:*?<>|\"'(){}$,;=]", text) or text.startswith("//"):
        return False
    return (bool(names.ending.search(text)) and not text.startswith(".")) or bool(names.roots.match(text))
