"""Paths of an image through its symbolic links."""

from __future__ import annotations

import posixpath

from ..rootfs import Kind, RootFilesystem

#: As many links as the kernel follows (path_resolution(7)).
_MOST = 40


def follow(path: str, files: RootFilesystem) -> str | None:
    """What *path*, absolute, leads to in *files*; None where it leads to nothing."""
    for _ in range(_MOST):
        at = "/"
        for part in path.strip("/").split("/"):
            at = posixpath.join(at, part)
            entry = files.get(at)
            if entry is None:
                return "/" if path == "/" else None
            if entry.kind is Kind.LINK:
                path = posixpath.normpath(posixpath.join(posixpath.dirname(at), entry.content) + path[len(at) :])
                break
        else:
            return path
    return None
