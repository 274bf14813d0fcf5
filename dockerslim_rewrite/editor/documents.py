"""The open documents: their texts as the client has them, and what was found out about the newest version."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from lsprotocol import types
from pygls.uris import to_fs_path

from .edited import EditedText
from .kinds import Kind, kind_of
from .lines import Encoding, Lines

if TYPE_CHECKING:
    import asyncio

    from .analysis import Analysis

T = TypeVar("T")
_EDITIONS = count(1)


def path_of(uri: str) -> Path | None:
    """The file that *uri* is the address of; None where there can be none."""
    try:
        name = to_fs_path(uri) if uri.startswith("file:") else None
    except ValueError:
        # A host in brackets that is none.
        return None
    return Path(name) if name and "\0" not in name else None


class Document:
    """One open document. ``edition`` is another number after every change of its text, or of what holds for it."""

    def __init__(self, uri: str, language: str, version: int, lines: Lines) -> None:
        self.uri = uri
        self.version = version
        self._text = EditedText(lines)
        self.edition = next(_EDITIONS)
        # What is no file has no folder either, and is text alone.
        self.path = path_of(uri)
        last = self.path.name if self.path is not None else uri.rsplit("/", 1)[-1]
        self.kind: Kind | None = kind_of(last, language)
        self.found: Analysis | None = None
        self.again: dict[str, Analysis] = {}
        self._answers: dict[str, object] = {}
        #: The version whose diagnostics the client was sent last.
        self.published: int | None = None
        self.work: asyncio.Task[Analysis | None] | None = None
        self.waiting: asyncio.Task[None] | None = None

    @property
    def lines(self) -> Lines:
        """The text."""
        return self._text.lines

    def outdate(self) -> None:
        """What was found out no longer counts."""
        self.edition = next(_EDITIONS)
        self.found = None
        self.again = {}
        self._answers = {}

    def once(self, make: Callable[[Analysis], T], found: Analysis) -> T:
        """What *make* makes of *found*, what was found last: many requests for all of a text are one piece of work."""
        if make.__name__ not in self._answers:
            self._answers[make.__name__] = make(found)
        return cast(T, self._answers[make.__name__])

    def change(self, version: int, changes: Iterable[types.TextDocumentContentChangeEvent]) -> None:
        """Make *changes*, one on top of the other, which lead to *version*."""
        for one in changes:
            if isinstance(one, types.TextDocumentContentChangePartial):
                # Where a range ends before it starts, editors agree on what lies between.
                start, end = sorted((one.range.start, one.range.end), key=lambda place: (place.line, place.character))
                self._text.replace((start.line, start.character), (end.line, end.character), one.text)
            else:
                self._text = EditedText(Lines(one.text, self._text.encoding))
        self.version = version
        self.outdate()


class Documents:
    """The open documents by their addresses."""

    def __init__(self) -> None:
        self.encoding: Encoding = "utf-16"
        self._open: dict[str, Document] = {}

    def open(self, item: types.TextDocumentItem) -> Document:
        """Take over the document *item*, whose text is the client's from now on."""
        found = Document(item.uri, item.language_id, item.version, Lines(item.text, self.encoding))
        self._open[item.uri] = found
        return found

    def close(self, uri: str) -> Document | None:
        """Let go of the document *uri*."""
        return self._open.pop(uri, None)

    def get(self, uri: str) -> Document | None:
        """The open document *uri*; None where there is none."""
        return self._open.get(uri)

    def all(self) -> tuple[Document, ...]:
        """All open documents."""
        return tuple(self._open.values())
