"""Looking into archives of packages: one at a time, and one sentence for those that are broken."""

from __future__ import annotations

import bz2
import gzip
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from ..errors import RegistryError

#: What the files that are read have together. An archive is small that unpacks to any size.
_MAX_TEXTS = 64 * 1024 * 1024
#: What the libraries of the archives say of one that is none, is cut off, or is made to confuse them.
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    RuntimeError,
)
#: What an archive may make its reader take in one piece: longer names, and texts, no package has.
_MAX_PIECE = 16 * 1024 * 1024
_BLOCK = 1024 * 1024
#: How each entry of the directory of a ZIP archive begins.
_ENTRY = b"PK\x01\x02"
# Their texts are in memory while archives are looked into, and threads do not look any faster than one alone.
_ONE = threading.Lock()


class Unpacking:
    """What has been read of one archive called *name*."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._read = 0

    def count(self, size: int) -> None:
        """Another *size* bytes are read. Raises ``RegistryError`` where that makes too many."""
        self._read += size
        if self._read > _MAX_TEXTS:
            raise too_large(self._name, "its code", _MAX_TEXTS)


@contextmanager
def unpacking(name: str, kind: str) -> Iterator[Unpacking]:
    """Within the block an archive called *name*, a *kind*, is looked into, and no other. Raises ``RegistryError``."""
    with _ONE:
        try:
            yield Unpacking(name)
        except _BROKEN:
            raise RegistryError(
                f"{name} cannot be read as a {kind}: the index has a damaged file, or sent a part of it; "
                "run lock again, or ask for another version"
            ) from None


class _InPieces:
    """*file* for a reader that asks for as much as the archive tells it to, be that gigabytes for one name."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int) -> bytes:
        """The next *size* bytes. Raises ``RegistryError`` where those are more than any package has in one piece."""
        if size > _MAX_PIECE:
            raise too_large(self._name, "a header in it", _MAX_PIECE)
        return self._file.read(size)


def tar(content: IO[bytes], name: str) -> tarfile.TarFile:
    """The tar archive *content*, plain or packed with gzip or bzip2."""
    start = content.read(3)
    content.seek(0)
    file: Any = content
    if start.startswith(b"\x1f\x8b"):
        file = gzip.GzipFile(fileobj=content)
    elif start == b"BZh":
        file = bz2.BZ2File(content)
    return tarfile.open(fileobj=cast(IO[bytes], _InPieces(file, name)), mode="r:")


def zipped(content: IO[bytes], name: str, most: int) -> zipfile.ZipFile:
    """The ZIP archive *content*. Raises ``RegistryError`` where it has more than *most* files.

    Opening it makes records of all of them, so they are counted before.
    """
    found, rest = 0, b""
    while block := content.read(_BLOCK):
        found += (rest + block).count(_ENTRY)
        if found > most:
            raise too_many(name, most)
        rest = block[1 - len(_ENTRY) :]
    content.seek(0)
    return zipfile.ZipFile(content)


def too_large(name: str, what: str, most: int) -> RegistryError:
    """Why *name* is not looked into: *what* has more than *most* bytes."""
    return RegistryError(f"{name} is not looked into: {what} has more than {most // 1024 // 1024} MiB")


def too_many(name: str, most: int) -> RegistryError:
    """Why *name* is not looked into: it has more than *most* files."""
    return RegistryError(f"{name} is not looked into: it has more than {most} files")
