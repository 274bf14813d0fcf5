"""What in a context an image rarely needs, by the names of files and folders."""

from __future__ import annotations

from fnmatch import fnmatchcase, translate
from functools import cache

from ..analysis.project import Classified, FileRole
from ..knowledge.project_files import RoleNames, role_names
from ..patterns import re
from .tree import ContextTree

#: From this size on a single file is worth a remark.
LARGE_BYTES = 50 * 1024 * 1024


def classify(tree: ContextTree) -> tuple[Classified, ...]:
    """The files and folders of *tree* that have a role, each counted once, in the order of their paths."""
    sizes: dict[tuple[str, bool, str, str], list[int]] = {}
    folders, names = _likely()
    for file in tree.files:
        parts = file.path.split("/")
        likely = not folders.isdisjoint(parts) or names.match(parts[-1])
        found = _role(file.path, tree) if likely else None
        if found is None:
            if file.size >= LARGE_BYTES:
                found = (file.path, False, FileRole.LARGE.name, file.path)
            else:
                continue
        count = sizes.setdefault(found, [0, 0])
        count[0] += 1
        count[1] += file.size
    return tuple(
        Classified(path, folder, FileRole[role], count, size, pattern)
        for (path, folder, role, pattern), (count, size) in sorted(sizes.items())
    )


@cache
def _likely() -> tuple[frozenset[str], re.Pattern[str]]:
    """The folders' names that have a role, and what the names of files that have one match."""
    patterns = {pattern for names in role_names() for pattern in names.files}
    folders = frozenset(folder for names in role_names() for folder in names.folders)
    return folders, re.compile("|".join(sorted(map(translate, patterns))))


def _role(path: str, tree: ContextTree) -> tuple[str, bool, str, str] | None:
    parts = path.split("/")
    for names in role_names():
        for index, part in enumerate(parts[:-1]):
            if index and not names.anywhere:
                break
            folder = "/".join(parts[: index + 1])
            if part in names.folders and (names.marker is None or f"{folder}/{names.marker}" in tree.by_path):
                return folder, True, names.role, _pattern(part, names)
        if len(parts) > 1 and not names.anywhere:
            continue
        if any(fnmatchcase(parts[-1], pattern) for pattern in names.exceptions):
            continue
        for pattern in names.files:
            if fnmatchcase(parts[-1], pattern):
                return path, False, names.role, _pattern(pattern, names)
    return None


def _pattern(name: str, names: RoleNames) -> str:
    """The line of .dockerignore: anchored at the root, unless the name counts at any depth."""
    return f"**/{name}" if names.anywhere else name
