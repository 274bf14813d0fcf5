"""Contents of files in an image, read from its archive in one pass; layers that are known are not read again."""

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


def look_at(archive: Path, files: RootFilesystem, look: Look[T], known: dict[str, dict[str, T]]) -> dict[str, T]:
    """What *look* makes of each regular file of *archive* that *files*, its merged root filesystem, still has.

    *known* holds by the digest of a layer what *look* made of it, and learns new ones. Raises ``EngineError`` where the
    archive cannot be read.
    """
    found: dict[str, T] = {}
    try:
        with tarfile.open(archive) as whole:
            manifest = json.load(_member(whole, "manifest.json"))[0]
            digests = json.load(_member(whole, manifest["Config"]))["rootfs"]["diff_ids"]
            for digest, name in zip(digests, manifest["Layers"], strict=True):
                if digest not in known:
                    known[digest] = _layer(_member(whole, name), look)
                found.update(known[digest])
    except (tarfile.TarError, KeyError, OSError) as error:
        raise EngineError(f"the exported image cannot be read: {error}") from None
    kept = ((path, one, files.get(path)) for path, one in found.items())
    return {path: one for path, one, entry in kept if entry is not None and entry.kind is Kind.FILE}


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    member = archive.extractfile(name)
    if member is None:
        raise KeyError(name)
    return member


def _layer(stream: IO[bytes], look: Look[T]) -> dict[str, T]:
    head = stream.read(2)
    stream.seek(0)
    plain = gzip.GzipFile(fileobj=stream) if head == b"\x1f\x8b" else stream
    found: dict[str, T] = {}
    with tarfile.open(fileobj=plain, mode="r|") as layer:
        for member in layer:
            file = layer.extractfile(member) if member.isreg() else None
            if file is None:
                continue
            path = "/" + "/".join(part for part in member.name.split("/") if part not in ("", "."))
            first = file.read(_HEAD)
            made = look(path, first, lambda file=file, first=first: first + file.read())  # type: ignore[misc]
            if made is not None:
                found[path] = made
    return found
