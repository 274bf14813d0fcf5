"""Web servers that only read files: how they are installed, where they are configured, what they open."""

from __future__ import annotations

from functools import lru_cache

from ..record import record
from .tables import table


@record
class Server:
    """A web server.

    The system's ``packages`` bring it, by patterns, or the ``installed`` ones of npm and Yarn; packages in ``code``
    make it run code. ``configuration`` is the folder of its configuration, ``elsewhere`` the options that name another;
    ``roots`` are what it serves when nothing is configured, ``reads`` are files of other packages that it reads where
    they are. A server without configuration serves the folder that is its only operand: ``flags`` are its options
    without a value, ``values`` those with one.
    """

    name: str
    packages: tuple[str, ...]
    code: tuple[str, ...]
    installed: tuple[str, ...]
    configuration: str | None
    elsewhere: frozenset[str]
    roots: tuple[str, ...]
    reads: tuple[str, ...]
    flags: frozenset[str]
    values: frozenset[str]


@lru_cache(maxsize=32)
def server(name: str) -> Server | None:
    """What is known of the program *name*, given without its folder; None for one that is no known web server."""
    data = table("servers").get(name)
    if data is None:
        return None
    return Server(
        name=name,
        packages=tuple(data.get("packages", ())),
        code=tuple(data.get("code", ())),
        installed=tuple(data.get("global", ())),
        configuration=data.get("configuration"),
        elsewhere=frozenset(data.get("elsewhere", ())),
        roots=tuple(data.get("roots", ())),
        reads=tuple(data.get("reads", ())),
        flags=frozenset(data.get("flags", ())),
        values=frozenset(data.get("values", ())),
    )
