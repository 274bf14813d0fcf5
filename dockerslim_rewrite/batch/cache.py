"""Results of earlier runs, by everything that they rest on.

An entry lies under the digest of the file's content, its place in the repository, the options, the lock and the program
itself, and lists what was looked at in contexts. It is written whole, under another name first, after the rewrite
succeeded; runs side by side may overwrite each other's entries with equal ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ..context.project import FolderProject
from ..patterns import re
from ..pipeline import Options
from ..record import field_names
from ..regular import read_regular, read_whole
from ..workspace.inference import sources_in
from ..workspace.kept import keep
from .facts import Facts, facts_of, still_hold
from .outcome import SCHEMA, Outcome, Status, digest, from_data, renamed, to_data
from .unit import Unit, compute

#: A larger entry is none that this program wrote.
_MAX_ENTRY = 64 * 1024 * 1024
#: What ``keep`` calls an entry, and before it is whole; a run that was killed leaves such a file.
_ENTRY = re.compile(r"(?P<unfinished>\.)?[0-9a-f]{62}(?(unfinished)\.[a-z0-9_]{8})\Z")


class Cache:
    """The results in *folder*. What cannot be read is not there; what cannot be written is not kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, unit: Unit, key: str) -> Outcome | None:
        """The outcome for *unit* under *key*, if all that it rests on is as it was."""
        try:
            entry = json.loads(read_regular(self._path(key), _MAX_ENTRY))
            facts: Facts | None = entry["facts"]
            if facts is not None and not still_hold(facts, unit.projects(entry["sources"]), unit.root):
                return None
            return renamed(from_data(entry["outcome"]), unit.path, unit.name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def keep(self, key: str, facts: Facts | None, outcome: Outcome, unit: Unit) -> None:
        """Keep the *outcome* of *unit*, which rests on *facts* (None: on no context at all), if it was a success."""
        if outcome.status is Status.FAILED or outcome.companions:
            return
        sources = sources_in(unit.data) if facts is not None else ()
        entry = {"facts": facts, "sources": list(sources), "outcome": to_data(outcome)}
        data = json.dumps(entry, separators=(",", ":")).encode()
        keep(self._path(key), data)

    def clean(self) -> int:
        """Remove every result; how many there were. Raises ``OSError``.

        The user names the folder, and may keep other things in it: only what has the form of an entry goes.
        """
        count = 0
        for shelf in self.folder.glob("[0-9a-f][0-9a-f]"):
            if shelf.is_symlink() or not shelf.is_dir():
                continue
            own = [one for one in shelf.iterdir() if _ENTRY.match(one.name) and one.is_file() and not one.is_symlink()]
            for one in own:
                one.unlink()
            if own and not any(shelf.iterdir()):
                shelf.rmdir()
            count += sum(1 for one in own if not one.name.startswith("."))
        return count

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]


def compute_cached(unit: Unit, store: Cache | None) -> tuple[Outcome, bool]:
    """The outcome of *unit*, and whether it was there already."""
    if store is None:
        return compute(unit), False
    key = key_of(unit)
    known = store.get(unit, key)
    if known is not None:
        return known, True
    opened: list[Sequence[FolderProject]] = []

    def projects(sources: Sequence[str] | None = None) -> Sequence[FolderProject]:
        opened.append(unit.projects(sources))
        return opened[-1]

    outcome = compute(Unit(unit.path, unit.name, unit.root, unit.data, unit.options, projects, unit.named))
    store.keep(key, facts_of(opened[0], unit.root) if opened else None, outcome, unit)
    return outcome, False


def key_of(unit: Unit) -> str:
    """Under what the outcome of *unit* is kept: all that it rests on, but for contexts."""
    told = "\0".join((str(SCHEMA), program(), unit.name, str(unit.named), _options(unit.options)))
    return digest(told.encode("utf-8", "surrogateescape") + b"\0" + unit.data)


@cache
def program() -> str:
    """A digest of this program, its data and its templates: another version may come to other results."""
    from ..render.sources import shipped_templates

    package = Path(__file__).parent.parent
    found = []
    for folder in dict.fromkeys((package, shipped_templates())):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".toml", ".j2") and path.is_file():
                found.append(f"{path.relative_to(folder)} {digest(path.read_bytes())}")
    return digest("\n".join(found).encode())


_known: list[tuple[Options, str]] = []


def _options(options: Options) -> str:
    """*options* in words, the contents of a folder of templates among them; contexts and builds are left out."""
    for one, told in _known:
        if all(getattr(one, name) is getattr(options, name) for name in field_names(options)):
            return told
    told = digest(repr(_told(options)).encode("utf-8", "surrogateescape"))
    _known[:] = [(options, told), *_known[:15]]
    return told


def _told(options: Options) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name in field_names(options):
        value = getattr(options, name)
        if name in ("context", "builds"):
            continue
        if name == "lock":
            value = (
                sorted((key, repr(entry)) for key, entry in value.entries.items()),
                sorted((target, sorted(map(repr, table.items()))) for target, table in value.packages.items()),
                sorted(map(repr, value.proofs)),
            )
        elif name == "templates" and value is not None:
            files = [one for one in sorted(Path(value).rglob("*")) if one.is_file()]
            value = [(str(one), digest(read_whole(one))) for one in files]
        found.append((name, value))
    return found
