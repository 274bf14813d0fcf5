"""A root filesystem as a mapping from paths to what is there, added up from layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


class Kind(Enum):
    """What a path is."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "symbolic link"
    DEVICE = "device"
    FIFO = "fifo"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path. ``content`` is the SHA-256 of a file, the target of a link, the numbers of a device.

    ``linked`` marks a further name of a file that the same layer holds already. ``size`` is in bytes. Times are left
    out: two builds of one Dockerfile never agree on them.
    """

    kind: Kind
    mode: int
    uid: int
    gid: int
    content: str = ""
    size: int = 0
    linked: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


class RootFilesystem:
    """Layers on top of each other."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._children: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, path: object) -> bool:
        return path in self._entries

    def get(self, path: str) -> Entry | None:
        """What is at *path*, or None."""
        return self._entries.get(path)

    def paths(self) -> Iterator[str]:
        """All paths, absolute, without the root."""
        return iter(self._entries)

    @property
    def size(self) -> int:
        """Bytes of the files that can be seen."""
        return sum(entry.size for entry in self._entries.values() if not entry.linked)

    def apply(self, entries: Iterable[tuple[str, Entry]]) -> None:
        """Put a layer on top: whiteouts remove what lower layers hold, everything else replaces or adds."""
        layer = list(entries)
        for path, _ in layer:
            parent, _, name = path.rpartition("/")
            if name == _OPAQUE:
                for child in tuple(self._children.get(parent, ())):
                    self._remove(child)
            elif name.startswith(_WHITEOUT):
                self._remove(f"{parent}/{name.removeprefix(_WHITEOUT)}")
        for path, entry in layer:
            if path != "/" and not path.rpartition("/")[2].startswith(_WHITEOUT):
                self._put(path, entry)

    def _put(self, path: str, entry: Entry) -> None:
        if entry.kind is not Kind.DIRECTORY and path in self._children:
            self._remove(path)
        self._entries[path] = entry
        self._children.setdefault(path.rpartition("/")[0], set()).add(path)

    def _remove(self, path: str) -> None:
        self._children.get(path.rpartition("/")[0], set()).discard(path)
        waiting = [path]
        while waiting:
            gone = waiting.pop()
            self._entries.pop(gone, None)
            waiting += self._children.pop(gone, ())
