"""What programs do when a container starts them; see ``data/processes.toml``."""

from __future__ import annotations

import posixpath
from functools import cache

from ..record import record
from .tables import table


@record
class Server:
    """A server that runs code of the project: its default ``port``, and what its options mean.

    ``options`` give the port, ``address`` host and port, ``sockets`` a Unix socket, ``environment`` a file of
    variables, ``writes`` files that it writes, ``refuses`` tell that it is to change its user; ``values`` are all
    options that take the next word. ``writing_settings`` are names of its configuration in Python that give such files,
    ``refusing_settings`` those that change its user; ``arguments_variable`` is the environment's variable with further
    options. ``path`` options name folders in which modules are looked for as well; ``path_settings``,
    ``folder_settings`` (where it works) and ``module_settings`` (what it serves) are names of the configuration.
    """

    language: str
    port: int
    module: str
    options: frozenset[str]
    address: frozenset[str]
    config: frozenset[str]
    application: frozenset[str]
    folder: frozenset[str]
    writes: frozenset[str]
    refuses: frozenset[str]
    values: frozenset[str]
    writing_settings: frozenset[str]
    refusing_settings: frozenset[str]
    arguments_variable: str | None
    path: frozenset[str]
    path_settings: frozenset[str]
    folder_settings: frozenset[str]
    module_settings: frozenset[str]
    sockets: frozenset[str]
    environment: frozenset[str]


@cache
def kind_of(name: str) -> str | None:
    """What the program *name* is: ``service``, ``drops``, ``packages``, ``system``, ``owner``, ``raw``, ``harmless``,
    ``fetch`` or ``editor``; None for one that is not known.
    """
    data = table("processes")
    for kind in ("service", "drops", "packages", "system", "harmless"):
        if name in data[kind]["names"]:
            return kind
    for kind in ("owner", "raw"):
        if name in data["system"][kind]:
            return kind
    return next((kind for kind in ("fetch", "editor") if name in data["harmless"][kind]), None)


def is_init(name: str) -> bool:
    """Whether the program *name* is made to be process 1: it hands the signals on to what it starts."""
    return name in table("processes")["inits"]["names"]


@cache
def only_asks(words: tuple[str | None, ...]) -> bool:
    """Whether a call of a package manager, by its words, only tells something of what is installed."""
    return len(words) > 1 and words[1] in table("processes")["packages"]["asking"]


@cache
def launches(words: tuple[str, ...]) -> bool:
    """Whether the program that is meant is a child of the one that *words* start."""
    data = table("processes")["launchers"]
    name = posixpath.basename(words[0])
    child = len(words) > 1 and name not in ("all", "suffixes") and words[1] in data.get(name, ())
    return child or name in data["all"] or name.endswith(tuple(data["suffixes"]))


@cache
def rebuilds(name: str, word: str | None) -> bool:
    """Whether the program *name* with *word* as its first operand builds the project, and writes as it does."""
    data = table("processes")["rebuilding"]
    return name in data["all"] or (name != "all" and word in data.get(name, ()))


@cache
def wrapper_values(name: str) -> frozenset[str] | None:
    """The options with a value of a program that only runs another; None for one that does not."""
    found = table("processes")["wrappers"].get(name)
    return None if found is None else frozenset(found)


@cache
def server_named(name: str) -> Server | None:
    """The server *name*; None for another program."""
    entry = table("processes")["servers"].get(name)
    if entry is None:
        return None
    keys = ("options", "address", "config", "application", "folder", "writes", "refuses", "sockets", "environment")
    options = {key: frozenset(entry.get(key, ())) for key in keys}
    values = frozenset().union(entry.get("values", ()), *options.values())
    return Server(
        entry["language"],
        entry["port"],
        entry["module"],
        **options,
        values=values,
        writing_settings=frozenset(entry.get("writing_settings", ())),
        refusing_settings=frozenset(entry.get("refusing_settings", ())),
        path=frozenset(entry.get("path", ())),
        path_settings=frozenset(entry.get("path_settings", ())),
        folder_settings=frozenset(entry.get("folder_settings", ())),
        module_settings=frozenset(entry.get("module_settings", ())),
        arguments_variable=entry.get("arguments_variable"),
    )
