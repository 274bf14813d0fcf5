"""What commands write, as far as their words tell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..record import record
from .tables import table


@record
class Writing:
    """How the words of one command tell what it writes; see ``data/writes.toml`` for the kinds.

    ``values`` are options that take the next word, ``output`` and ``folder`` those whose value is what is written,
    ``named`` those that write a file named like its source, ``unsure`` those that make it write where nobody knows.
    """

    kind: str
    skip: int = 0
    values: frozenset[str] = frozenset()
    output: frozenset[str] = frozenset()
    folder: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()


@lru_cache(maxsize=512)
def writing(name: str) -> Writing | None:
    """What is known of the command *name*, given without its folder; None for one that may write anywhere."""
    entry: Mapping[str, Any] | None = table("writes")["commands"].get(name)
    if entry is None:
        kind = next((kind for kind, names in table("writes")["plain"].items() if name in names), None)
        return Writing(kind) if kind else None
    return _writing(entry)


def module_writing(name: str) -> Writing | None:
    """What is known of the module *name*, run by ``python -m``; None for one that may write anywhere."""
    entry: Mapping[str, Any] | None = table("writes")["modules"].get(name)
    return None if entry is None else _writing(entry)


def _writing(entry: Mapping[str, Any]) -> Writing:
    options = {key: frozenset(entry.get(key, ())) for key in ("output", "folder", "named", "unsure")}
    values = frozenset(entry.get("values", ())) | options["output"] | options["folder"]
    return Writing(entry["kind"], entry.get("skip", 0), values, **options, files=tuple(entry.get("files", ())))


@record
class ToolWriting:
    """What a build tool's subcommand leaves behind: a kind of ``data/writes.toml``, ``site`` for the folders in which
    the language looks for packages; ``folder`` and ``unsure`` are options as in ``Writing``. ``globally`` are options
    and subcommands that install for all projects; ``tools`` are packages that serve builds only, wherever they are put.
    ``files`` are all that it writes into the project where only options among ``plain`` are given; none: anything.
    """

    kind: str
    folder: frozenset[str]
    unsure: frozenset[str]
    globally: frozenset[str]
    tools: frozenset[str]
    plain: frozenset[str]
    files: tuple[str, ...]


def tool_writing(manager: str, subcommand: str) -> ToolWriting | None:
    """What is known of *subcommand* of *manager*; None for a manager that is no known build tool."""
    entry: Mapping[str, Any] | None = table("writes")["managers"].get(manager)
    if entry is None:
        return None
    first = subcommand.split()[0] if subcommand else ""
    idle = {subcommand, first} & set(entry.get("nothing", ()))
    kind: str = "nothing" if idle else entry.get(subcommand, entry["default"])
    folder, unsure, globally, tools, plain = (
        frozenset(entry.get(key, ())) for key in ("folder", "unsure", "globally", "tools", "plain")
    )
    return ToolWriting(kind, folder, unsure, globally, tools, plain, tuple(entry.get("files", ())))


@record
class Redirecting:
    """Variables of the environment by which a package manager writes elsewhere.

    ``folder`` name a folder that packages go to, ``unsure`` make it write where nobody knows; ``usual`` are values by
    which it writes where it would anyway, the empty one among them. Its variables begin with ``own``: those that
    ``plain`` does not match may make it write more into the project; those of ``given`` do unless the variable that
    each belongs to names a folder.
    """

    folder: tuple[str, ...]
    unsure: tuple[str, ...]
    usual: tuple[str, ...]
    own: str
    plain: str
    given: Mapping[str, str]


@lru_cache(maxsize=64)
def redirecting(manager: str) -> Redirecting:
    """What is known of the variables of *manager*."""
    entry: Mapping[str, Any] = table("writes")["environment"].get(manager, {})
    folder, unsure = (tuple(entry.get(key, ())) for key in ("folder", "unsure"))
    usual = ("", *entry.get("usual", ()))
    return Redirecting(folder, unsure, usual, entry.get("own", ""), entry.get("plain", ""), entry.get("given", {}))


def settles_permissions(program: str, *, deep: bool) -> bool:
    """Whether *program* sets owners or permissions of all that lies in a directory; *deep* tells that it is told to."""
    data = table("writes")["permissions"]
    return program in data["always"] or (deep and program in data["deep"])
