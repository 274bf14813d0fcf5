"""One digest of a whole build context, by which it is known again."""

from __future__ import annotations

import hashlib
import posixpath

from ..analysis.locked import FILE_NAME
from .tree import ContextTree

_BLOCK = 1 << 20
#: What changes without the project changing: version control, compiled modules, and what this program itself writes.
_FOLDERS = frozenset((".git", ".hg", ".svn", "__pycache__"))


def digest_of(tree: ContextTree) -> str | None:
    """The SHA-256 of the names, contents and executable bits in *tree*; None where something cannot be read.

    Of modes only that bit counts, as version control keeps no other.
    """
    if not tree.complete:
        return None
    whole = hashlib.sha256()
    for file in tree.files:
        if _apart(file.path):
            continue
        content = hashlib.sha256()
        try:
            with open(tree.root / file.path, "rb") as stream:
                while block := stream.read(_BLOCK):
                    content.update(block)
        except OSError:
            return None
        executable = "x" if file.mode & 0o100 else "-"
        whole.update(f"{content.hexdigest()} {executable} {file.path}\0".encode("utf-8", "surrogateescape"))
    return f"sha256:{whole.hexdigest()}"


def _apart(path: str) -> bool:
    name = posixpath.basename(path)
    if not _FOLDERS.isdisjoint(path.split("/")[:-1]) or name in (FILE_NAME, ".dockerignore"):
        return True
    lowered = name.lower()
    return lowered.startswith(("dockerfile", "containerfile")) or lowered.endswith((".dockerfile", ".dockerignore"))
