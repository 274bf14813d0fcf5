"""Which paths the values of a configuration file tell a program to write, and which port to bind."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Mapping, Sequence

from ...analysis.project import Evidence, Listener, WriteKind, WrittenPath
from ...knowledge.written import looks_written, written_names
from ...patterns import re
from ...text.numbers import small_number
from ..collected import at_path
from .entries import Entry, UnreadError

_REFERENCE = re.compile(r"\$\{(?:env:|sys:|ctx:)?([\w.-]+)(?::-?([^{}]*))?\}|%\(([\w.-]+)\)s|\$([A-Za-z_]\w*)")
_PATH = re.compile(r"(?!https?:|classpath:|jar:|//)[\w./~@+%-]*(?:/[\w.@+%-]*|\.\w{1,8})\Z")
_NOTHING = re.compile(r"-|std(?:out|err)|console|none|null|syslog|/dev/\S+|journal|true|false|\d+", re.I)
#: How far references lead on; how much longer values may become by them, and what short files may have besides.
_DEEPEST = 10
_TIMES, _ROOM = 4, 10_000
_MOST_NAMES = 5_000_000
_PORT = re.compile(r"https?://[^/:\s]*:(\d+)")


def written(
    entries: Sequence[Entry], path: str, cwd: str | None, environment: Mapping[str, str | None]
) -> Iterator[WrittenPath | Listener]:
    """What the values *entries* of the file at the context path *path* tell, for a program that runs in *cwd*."""
    values = {name: value for name, value in environment.items() if value is not None}
    if sum(len(key) + 1 for entry in entries for key in entry.keys) > _MOST_NAMES:
        raise UnreadError("the names of its values are too long")
    values.update((entry.key, entry.value) for entry in entries)
    values.update((".".join(entry.keys), entry.value) for entry in entries)
    references = _References(values, sum(len(entry.value) for entry in entries))
    handlers = {entry.keys[:-1] for entry in entries if entry.key == "class" and "FileHandler" in entry.value}
    for entry in entries:
        where = Evidence(path, entry.line)
        dotted = ".".join(key for key in entry.keys if key)
        text = references.resolved(entry.value.strip())
        if written_names().port.search(dotted):
            yield Listener(small_number(text), path, where, entry.key)
            continue
        if (port := _PORT.search(entry.value)) is not None and re.search(r"(?i)(?:\A|\.)urls?\Z", dotted):
            yield Listener(small_number(port[1]), path, where)
            continue
        if entry.key == "args" and entry.keys[:-1] in handlers:
            yield from _handler(entry.value, cwd, where)
            continue
        yield from _value(entry, dotted, text, cwd, where)


def _value(entry: Entry, dotted: str, text: str | None, cwd: str | None, where: Evidence) -> Iterator[WrittenPath]:
    names = written_names()
    database = names.address.search(entry.value) or names.source.search(entry.value)
    surely = bool(names.surely.search(dotted) or names.dotted.search(dotted)) and database is None
    if database is not None:
        place = _References({}, len(entry.value)).resolved(database["path"]) if text is None else database["path"]
        found = names.address.search(text or "") or names.source.search(text or "")
        place = found["path"] if found is not None else place
        if place is None or not (place.startswith(":memory:") or not place):
            yield at_path(place, WriteKind.DATABASE, entry.value, cwd, where)
    elif text is None:
        if surely:
            yield at_path(None, WriteKind.LOG, entry.value, cwd, where)
    elif _NOTHING.fullmatch(text):
        return
    elif surely and _PATH.match(text):
        folder = re.search(r"(?i)(?:dir(?:ectory)?|folder|path)\Z", entry.key) and "." not in posixpath.basename(text)
        yield at_path(text, WriteKind.FOLDER if folder else WriteKind.LOG, f"{entry.key} = {text}", cwd, where)
    elif names.never.search(entry.key) or any(map(names.addresses.match, dotted.split(".")[:-1])):
        return
    elif looks_written(text) or (names.maybe.search(dotted) and _PATH.match(text) and "/" in text):
        yield at_path(text, WriteKind.POSSIBLE, f"{entry.key} = {text}", cwd, where)


def _handler(text: str, cwd: str | None, where: Evidence) -> Iterator[WrittenPath]:
    """The arguments of a file handler in an INI file for Python's logging."""
    try:
        arguments = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        arguments = None
    first = arguments[0] if isinstance(arguments, tuple | list) and arguments else arguments
    yield at_path(first if isinstance(first, str) else None, WriteKind.LOG, text, cwd, where)


class _References:
    """Replaces references to other *values* in those of a file that are *long* in all."""

    def __init__(self, values: Mapping[str, str], long: int) -> None:
        self._values = values
        self._left = _TIMES * long + _ROOM
        self._known: dict[tuple[str, int], str | None] = {}

    def resolved(self, text: str, depth: int = 0) -> str | None:
        """*text* with its references replaced; None where one is known only to the running program.

        Raises ``UnreadError`` where the values of the file become many times as long as they are written.
        """
        if depth > _DEEPEST:
            return None
        key = (text, depth)
        if key not in self._known:
            self._known[key] = self._replaced(text, depth) if "$" in text or "%(" in text else text
        return self._known[key]

    def _replaced(self, text: str, depth: int) -> str | None:
        unknown = False

        def one(match: re.Match[str]) -> str:
            nonlocal unknown
            value = self._values.get(match[1] or match[3] or match[4])
            if value is None:
                value = match[2]
            elif value == text:
                value = None
            inner = self.resolved(value, depth + 1) if value is not None and not unknown else None
            unknown = unknown or inner is None
            self._spend(len(inner or ""))
            return inner or ""

        self._spend(len(text))
        replaced = _REFERENCE.sub(one, text)
        return None if unknown or "${" in replaced else replaced

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise UnreadError("its values refer to one another too often")
