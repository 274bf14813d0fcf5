"""Package managers: how their command lines read, what they leave behind, how that is cleaned.

One data file a manager, read when its command is first seen: a file that only uses apt does not pay for npm.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..patterns import re
from ..record import record
from .tables import table


@record
class Linked:
    """What makes an installation one of links into the cache: options and variables with their values (empty: any), and
    patterns of what settings in files of these names say, and of commands in the Dockerfile (``text``).
    """

    options: dict[str, str]
    variables: dict[str, str]
    settings: dict[str, re.Pattern[str]]
    text: re.Pattern[str] | None


@record
class Manager:
    """One package manager.

    ``values`` are options that take the next word; where they are ``whole``, a word with one dash is one option and no
    bundle of letters. ``kinds`` maps a subcommand (one or two words) to what it does (install, update = refresh of the
    index, upgrade, remove, clean, download, build, other); ``bare`` is the kind of a call without subcommand, ``any``
    that of an unknown one. ``paths`` are caches (``~`` for HOME), ``option`` keeps the cache from being written,
    ``environment`` is the variable that does the same, ``location`` those that say where the cache is, ``clean`` the
    command that empties it, ``clean_built`` one that empties only what a build adds to what was fetched before,
    ``places`` options that say where the cache is, ``emptied`` options that empty it where they stand alone,
    ``offline`` those that read it, ``reading`` subcommands that do, and ``readers`` programs of others. Where one of
    ``linked`` says so, what is installed are links into it. ``saving`` is an estimate in bytes, ``saving_source`` where
    it comes from. An installing one of ``operations`` without packages installs only with a letter of ``upgrading``.
    """

    name: str
    source: str
    values: frozenset[str]
    whole: bool
    kinds: dict[str, str]
    bare: str | None
    any: str | None
    operations: dict[str, str]
    upgrading: tuple[str, ...]
    assume_yes: tuple[str, ...]
    short_yes: str | None
    paths: tuple[str, ...]
    option: str | None
    option_alternatives: tuple[str, ...]
    environment: str | None
    location: frozenset[str]
    clean: str | None
    clean_built: str | None
    places: tuple[str, ...]
    idle: tuple[str, ...]
    emptied: tuple[str, ...]
    offline: tuple[str, ...]
    reading: tuple[str, ...]
    readers: tuple[str, ...]
    linked: Linked | None
    saving: int | None
    saving_source: str | None


@record
class Index:
    """Which manager is behind a command, and which commands only run another."""

    executables: dict[str, str]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    modules: dict[str, str]
    wrappers: dict[str, frozenset[str]]


@lru_cache(maxsize=1)
def index() -> Index:
    """The index of all managers."""
    data = table("index")
    return Index(
        data["executables"],
        tuple((re.compile(pattern), name) for pattern, name in data["patterns"].items()),
        data["modules"],
        {name: frozenset(values) for name, values in data["wrappers"].items()},
    )


@lru_cache(maxsize=1024)
def manager_name(executable: str) -> str | None:
    """The manager behind *executable* (a name or path), if it is one's command."""
    base = executable.rsplit("/", 1)[-1]
    known = index()
    if base in known.executables:
        return known.executables[base]
    return next((name for pattern, name in known.patterns if pattern.fullmatch(base)), None)


@lru_cache(maxsize=64)
def manager(name: str) -> Manager:
    """The manager called *name*. Raises ``FileNotFoundError`` for an unknown one."""
    data = table("managers", name)
    cache = data.get("cache", {})
    return Manager(
        name=data["name"],
        source=data["source"],
        values=frozenset(data["values"]),
        whole=data.get("whole", False),
        kinds={word: kind for kind, words in data.get("kinds", {}).items() for word in words},
        bare=data.get("bare"),
        any=data.get("any"),
        operations=data.get("operations", {}),
        upgrading=tuple(data.get("upgrading", ())),
        assume_yes=tuple(data["assume_yes"]),
        short_yes=data.get("short_yes"),
        paths=tuple(cache.get("paths", ())),
        option=cache.get("option"),
        option_alternatives=tuple(cache.get("option_alternatives", ())),
        environment=cache.get("environment"),
        location=frozenset(cache.get("location", ())),
        clean=cache.get("clean"),
        clean_built=cache.get("clean_built"),
        places=tuple(cache.get("places", ())),
        idle=tuple(cache.get("idle", ())),
        emptied=tuple(cache.get("emptied", ())),
        offline=tuple(cache.get("offline", ())),
        reading=tuple(cache.get("reading", ())),
        readers=tuple(cache.get("readers", ())),
        linked=_linked(cache.get("linked")),
        saving=cache.get("saving"),
        saving_source=cache.get("saving_source"),
    )


def _linked(data: dict[str, Any] | None) -> Linked | None:
    if data is None:
        return None
    settings = {name: re.compile(pattern, re.M) for name, pattern in data.get("settings", {}).items()}
    text = re.compile(data["text"]) if "text" in data else None
    return Linked(data.get("options", {}), data.get("variables", {}), settings, text)
