"""The scratch tree: an image with nothing in it but directories, how to restore it and what has become of it.

Works inside the sandbox, where / is the scratch tree.
"""

from __future__ import annotations

import contextlib
import os
import stat
from hashlib import blake2b
from posixpath import dirname

from tests.trace.model import Node

SKELETON = ("bin", "etc", "home", "lib", "opt", "root", "run", "sbin", "srv", "tmp", "usr", "usr/bin", "usr/lib",
            "usr/local", "usr/local/bin", "usr/sbin", "usr/share", "usr/src", "var", "var/cache", "var/cache/apk",
            "var/lib", "var/lib/apt", "var/lib/apt/lists", "var/log", "var/tmp", "var/www")  # fmt: skip
OURS = frozenset({"dev", "proc", ".trace"})


def restore() -> None:
    """Empties the scratch tree and makes the directories of the empty image."""
    _empty("/", OURS)
    _empty("/dev", frozenset({"null"}))
    os.umask(0o022)
    for name in SKELETON:
        os.mkdir(f"/{name}")
    os.chmod("/tmp", 0o1777)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"/dev/{name}")


def create(path: str, content: str) -> None:
    """Writes a file and makes the directories above it, if that can be done."""
    with contextlib.suppress(OSError):  # a file where a directory should be, or no room: then there is no such file
        os.makedirs(dirname(path), exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        try:
            os.write(descriptor, os.fsencode(content))
        finally:
            os.close(descriptor)


def something(path: str) -> bool:
    """Whether `path` is a file, or a directory that is not empty."""
    try:
        return bool(os.listdir(path))
    except NotADirectoryError:
        return True
    except OSError:
        return False


def snapshot() -> dict[str, Node]:
    """What differs from the empty image, by path."""
    tree: dict[str, Node] = {}
    expected = {f"/{name}": Node("directory", 0o1777 if name == "tmp" else 0o755) for name in SKELETON}
    stack = [entry.path for entry in os.scandir("/") if entry.name not in OURS]
    while stack:
        path = stack.pop()
        node = _node(path)
        if node.kind == "directory":
            _open_up(path, 0o700)
            stack += [entry.path for entry in os.scandir(path)]
        if expected.pop(path, None) != node:
            tree[path] = node
    tree.update({path: Node("missing", 0) for path in expected if path not in tree})
    return tree


def file(content: str) -> Node:
    """The node of a file that `create` wrote and nobody changed."""
    return Node("file", 0o644, blake2b(os.fsencode(content), digest_size=8).hexdigest())


def _node(path: str) -> Node:
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        return Node("directory", mode)
    if stat.S_ISLNK(status.st_mode):
        return Node("link", 0, os.readlink(path))
    if stat.S_ISREG(status.st_mode):
        _open_up(path, 0o600)
        with open(path, "rb") as file:
            return Node("file", mode, blake2b(file.read(), digest_size=8).hexdigest())
    return Node("special", mode)


def _open_up(path: str, mode: int) -> None:
    """Makes an entry of the tree accessible where this process has no rights beyond its owner's."""
    if not os.access(path, mode >> 6):
        os.chmod(path, mode)


def _empty(directory: str, keep: frozenset[str]) -> None:
    """Removes all in `directory` but `keep`, step by step: bodies can nest deeper than a path or the stack may be."""
    os.chdir(directory)
    above: list[str] = []
    while True:
        inner = None
        for entry in os.scandir("."):
            if not above and entry.name in keep:
                continue
            if entry.is_dir(follow_symlinks=False):
                inner = entry.name
            else:
                os.unlink(entry.name)
        if inner is not None:
            _open_up(inner, 0o700)
            os.chdir(inner)
            above.append(inner)
        elif above:
            os.chdir("..")
            os.rmdir(above.pop())
        else:
            os.chdir("/")
            return
