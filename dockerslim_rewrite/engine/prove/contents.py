"""Contents of files in an image, read from its archive in one pass."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

from ..interface import EngineError
from ..rootfs import Kind, RootFilesystem

T = TypeVar("T")

#: Takes the path, the first bytes and a way to get all of them; None is not kept.
Look = Callable[[str, bytes, Callable[[], bytes]], T | None]
_HEAD = 4


def look_at(archive: Path, files: RootFilesystem, look: Look[T]) -> dict[str, T]:
    """What *look* makes of each regular file of *archive* that *files*, its merged root filesystem, still has.

    Raises ``EngineError`` where the archive cannot be read.
    """
    found: dict[str, T] = {}
    try:
        with tarfile.open(archive) as whole:
            member = whole.extractfile("manifest.json")
            assert member is not None
            for name in json.load(member)[0]["Layers"]:
                stream = whole.extractfile(name)
                assert stream is not None
                _layer(stream, files, look, found)
    except (tarfile.TarError, KeyError, OSError) as error:
        raise EngineError(f"the exported image cannot be read: {error}") from None
    return {path: one for path, one in found.items() if path in files}


def _layer(stream: IO[bytes], files: RootFilesystem, look: Look[T], found: dict[str, T]) -> None:
    head = stream.read(2)
    stream.seek(0)
    plain = gzip.GzipFile(fileobj=stream) if head == b"\x1f\x8b" else stream
    with tarfile.open(fileobj=plain, mode="r|") as layer:
        for member in layer:
            path = "/" + "/".join(part for part in member.name.split("/") if part not in ("", "."))
            entry = files.get(path)
            if not member.isreg() or entry is None or entry.kind is not Kind.FILE or entry.size != member.size:
                continue
            file = layer.extractfile(member)
            if file is None:
                continue
            first = file.read(_HEAD)
            made = look(path, first, lambda file=file, first=first: first + file.read())  # type: ignore[misc]
            if made is not None:
                found[path] = made
            else:
                found.pop(path, None)
