"""Small docker-archives made in memory, so that reading and comparing images can be tested without an engine."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class LayerOf:
    """One layer to be written: what made it, and its members."""

    made_by: str
    members: list[tuple[tarfile.TarInfo, bytes]] = field(default_factory=list)

    def file(self, path: str, content: str = "", *, mode: int = 0o644, owner: int = 0) -> LayerOf:
        info = self._info(path, tarfile.REGTYPE, mode, owner)
        info.size = len(content.encode())
        self.members.append((info, content.encode()))
        return self

    def folder(self, path: str, *, mode: int = 0o755) -> LayerOf:
        self.members.append((self._info(path, tarfile.DIRTYPE, mode, 0), b""))
        return self

    def symlink(self, path: str, target: str, *, mode: int = 0o777) -> LayerOf:
        info = self._info(path, tarfile.SYMTYPE, mode, 0)
        info.linkname = target
        self.members.append((info, b""))
        return self

    def hardlink(self, path: str, target: str) -> LayerOf:
        info = self._info(path, tarfile.LNKTYPE, 0o644, 0)
        info.linkname = target
        self.members.append((info, b""))
        return self

    def attribute(self, name: str, value: str) -> LayerOf:
        self.members[-1][0].pax_headers = {f"SCHILY.xattr.{name}": value}
        return self

    def whiteout(self, path: str) -> LayerOf:
        parent, _, name = path.rpartition("/")
        return self.file(f"{parent}/.wh.{name}")

    def opaque(self, path: str) -> LayerOf:
        return self.file(f"{path}/.wh..wh..opq")

    @staticmethod
    def _info(path: str, kind: bytes, mode: int, owner: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(path.lstrip("/"))
        info.type, info.mode, info.uid, info.gid = kind, mode, owner, owner
        return info

    def data(self) -> bytes:
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for info, content in self.members:
                archive.addfile(info, io.BytesIO(content))
        return raw.getvalue()


def write_image(
    path: Path,
    *layers: LayerOf,
    config: dict[str, Any] | None = None,
    squeezed: bool = False,
    history: int | None = None,
) -> Path:
    """Write an image of *layers*; *squeezed* compresses them, *history* keeps only that many steps of it."""
    blobs = [layer.data() for layer in layers]
    document = {
        "config": config or {},
        "rootfs": {"diff_ids": [f"sha256:{hashlib.sha256(blob).hexdigest()}" for blob in blobs]},
        "history": [
            {"created_by": '/bin/sh -c #(nop) CMD ["sh"]', "empty_layer": True},
            *({"created_by": layer.made_by} for layer in layers[: history if history is not None else len(layers)]),
        ],
    }
    names = [f"{number}/layer.tar" for number in range(len(blobs))]
    files = {"manifest.json": json.dumps([{"Config": "config.json", "Layers": names}]).encode()}
    files["config.json"] = json.dumps(document).encode()
    files |= {name: gzip.compress(blob) if squeezed else blob for name, blob in zip(names, blobs, strict=True)}
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path
