"""Images as files: layers with their instructions and sizes, and the root filesystem that they add up to.

The form is what ``docker save`` and ``docker-archive:`` write (a manifest, a configuration, one tar per layer), see
the image specification of Docker v1.2 and OCI's rules for whiteouts. Nothing is unpacked, so no privileges are needed
and nothing has to be unmounted.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from .history import instruction
from .interface import EngineError, ImageConfig
from .packages import installed, is_list
from .rootfs import Entry, Kind, RootFilesystem

_BLOCK = 1 << 20
#: Registries keep layers as gzip wrote them; this is the level that engines use by default.
_LEVEL = 6
_SPECIAL = {tarfile.CHRTYPE: Kind.DEVICE, tarfile.BLKTYPE: Kind.DEVICE, tarfile.FIFOTYPE: Kind.FIFO}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: the instruction that made it, the bytes of its files, its bytes as a registry keeps it."""

    instruction: str
    digest: str
    size: int
    compressed: int


@dataclass(frozen=True, slots=True)
class Image:
    """What an archive holds: its layers from the base up, its configuration, and its merged root filesystem.

    ``packages`` tells for each package of the distribution which paths belong to it.
    """

    layers: tuple[Layer, ...]
    config: ImageConfig
    files: RootFilesystem
    packages: Mapping[str, frozenset[str]]

    @property
    def size(self) -> int:
        """Bytes of all files in all layers, those that a later layer hides included."""
        return sum(layer.size for layer in self.layers)

    @property
    def compressed(self) -> int:
        """Bytes that a registry keeps and a pull transfers."""
        return sum(layer.compressed for layer in self.layers)


@dataclass(frozen=True, slots=True)
class _Content:
    size: int
    compressed: int
    entries: tuple[tuple[str, Entry], ...]
    #: The texts of the package manager's lists, by path.
    lists: Mapping[str, bytes]


class LayerCache:
    """What is known of layers by their digest: images that share a base have it read and compressed once."""

    def __init__(self) -> None:
        self._known: dict[str, _Content] = {}
        self._plain: dict[str, _Content] = {}

    def get(self, digest: str, read: Callable[[], _Content], *, squeezed: bool) -> _Content:
        """The content of the layer *digest*, from *read* if it is new; without *squeezed* its compressed size is 0, if
        nobody has asked for that before.
        """
        found = self._known.get(digest) or (None if squeezed else self._plain.get(digest))
        if found is None:
            found = read()
            (self._known if squeezed else self._plain)[digest] = found
        return found


def read_archive(path: Path, cache: LayerCache, *, squeezed: bool = True) -> Image:
    """Read the docker-archive *path*. Raises ``EngineError`` if it is none, or holds layers in an unknown form.

    Without *squeezed* layers that are not known yet are not compressed, which takes most of the time, and count as 0
    bytes compressed.
    """
    with tarfile.open(path) as archive:
        manifest = json.load(_member(archive, "manifest.json"))[0]
        document: dict[str, Any] = json.load(_member(archive, manifest["Config"]))
        files = RootFilesystem()
        layers = []
        lists: dict[str, bytes] = {}
        digests: list[str] = document["rootfs"]["diff_ids"]
        instructions = _instructions(document.get("history") or [], len(digests))
        for digest, name, made_by in zip(digests, manifest["Layers"], instructions, strict=True):
            read = partial(_read_layer, _member(archive, name), squeezed=squeezed)
            content = cache.get(digest, read, squeezed=squeezed)
            files.apply(content.entries)
            lists.update(content.lists)
            layers.append(Layer(made_by, digest, content.size, content.compressed))
    return Image(tuple(layers), ImageConfig.of(document.get("config") or {}), files, installed(lists, files))


def read_config(path: Path) -> ImageConfig:
    """Only the configuration of the image in the docker-archive *path*. Raises ``EngineError`` if it is none."""
    with tarfile.open(path) as archive:
        manifest = json.load(_member(archive, "manifest.json"))[0]
        return ImageConfig.of(json.load(_member(archive, manifest["Config"])).get("config") or {})


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        member = archive.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise EngineError(f"the exported image has no {name}")
    return member


def _instructions(history: list[dict[str, Any]], layers: int) -> list[str]:
    """For each layer the instruction that made it; builders that squash keep a history that does not add up."""
    made = [step.get("created_by", "") for step in history if not step.get("empty_layer")]
    if len(made) != layers:
        made = ["(unknown)"] * (layers - len(made)) + made[-layers:] if len(made) < layers else made[-layers:]
    return [instruction(step) for step in made]


class _Meter:
    """Passes reads through, and counts what a registry would keep of them."""

    def __init__(self, raw: IO[bytes], *, squeezed: bool) -> None:
        self._raw = raw
        self._squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31) if squeezed else None
        self.compressed = 0

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        if self._squeeze is not None:
            self.compressed += len(self._squeeze.compress(data))
        return data

    def finish(self) -> int:
        """Read to the end; the number of compressed bytes."""
        while self.read(_BLOCK):
            pass
        if self._squeeze is not None:
            self.compressed += len(self._squeeze.flush())
        return self.compressed


def _read_layer(raw: IO[bytes], *, squeezed: bool = True) -> _Content:
    head = raw.read(4)
    raw.seek(0)
    if head == b"\x28\xb5\x2f\xfd":
        raise EngineError("the engine exports layers compressed with zstd, which this version cannot read")
    plain = gzip.GzipFile(fileobj=raw) if head[:2] == b"\x1f\x8b" else raw
    meter = _Meter(plain, squeezed=squeezed)  # type: ignore[arg-type]
    entries: list[tuple[str, Entry]] = []
    places: dict[str, Entry] = {}
    lists: dict[str, bytes] = {}
    # Strictly forward, one read of every byte: for sizes, digests and compression at once.
    with tarfile.open(fileobj=meter, mode="r|", bufsize=_BLOCK) as layer:  # type: ignore[call-overload]
        for member in layer:
            name = _normal(member.name)
            kept = io.BytesIO() if is_list(name) else None
            entry = _entry(layer, member, places, kept)
            if kept is not None:
                lists[name] = kept.getvalue()
            places[name] = entry
            entries.append((name, entry))
    # A second name of the same file takes no more space.
    size = sum(entry.size for _, entry in entries if not entry.linked)
    return _Content(size, meter.finish(), tuple(entries), lists)


def _normal(name: str) -> str:
    return "/" + "/".join(part for part in name.split("/") if part not in ("", "."))


def _entry(layer: tarfile.TarFile, member: tarfile.TarInfo, places: dict[str, Entry], kept: io.BytesIO | None) -> Entry:
    attributes = tuple(
        (name.removeprefix("SCHILY.xattr."), value)
        for name, value in sorted(member.pax_headers.items())
        if name.startswith("SCHILY.xattr.")
    )
    frame = {"mode": member.mode & 0o7777, "uid": member.uid, "gid": member.gid, "attributes": attributes}
    if member.islnk():
        original = places.get(_normal(member.linkname))
        content, size = (original.content, original.size) if original else (f"link:{member.linkname}", 0)
        return Entry(Kind.FILE, content=content, size=size, linked=True, **frame)  # type: ignore[arg-type]
    if member.isreg():
        return Entry(Kind.FILE, content=_digest(layer, member, kept), size=member.size, **frame)  # type: ignore[arg-type]
    if member.isdir():
        return Entry(Kind.DIRECTORY, **frame)  # type: ignore[arg-type]
    if member.issym():
        # The mode of a symbolic link means nothing, and builders write different ones.
        return Entry(Kind.LINK, content=member.linkname, **{**frame, "mode": 0o777})  # type: ignore[arg-type]
    numbers = f"{member.devmajor}:{member.devminor}"
    return Entry(_SPECIAL.get(member.type, Kind.DEVICE), content=numbers, **frame)  # type: ignore[arg-type]


def _digest(layer: tarfile.TarFile, member: tarfile.TarInfo, kept: io.BytesIO | None) -> str:
    """The digest of a file's content, which goes into *kept* as well; a stream can be read only once."""
    file = layer.extractfile(member)
    assert file is not None
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
        if kept is not None:
            kept.write(block)
    return digest.hexdigest()
