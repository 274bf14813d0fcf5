"""The build context as a private copy, in which a source file can be touched without touching the user's."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

#: Files that people edit all day, as opposed to manifests, locks and data.
SOURCE_SUFFIXES = frozenset(
    (
        ".c", ".cc", ".cpp", ".cs", ".css", ".ex", ".go", ".h", ".hpp", ".html", ".java", ".js", ".jsx", ".kt",
        ".md", ".php", ".pl", ".py", ".rb", ".rs", ".scala", ".sh", ".sql", ".swift", ".ts", ".tsx", ".txt", ".vue",
    )
)  # fmt: skip

#: Names with such a suffix that say what to install, or that builds do not copy.
_NOT_SOURCES = frozenset(
    ("setup.py", "conftest.py", "cmakelists.txt", "requirements.txt", "readme.md", "changelog.md", "license.txt")
)
_NOT_FOLDERS = frozenset((".git", ".github", "node_modules", "venv", ".venv", "__pycache__", "test", "tests", "docs"))


def copy_context(context: Path, folder: Path) -> None:
    """Copy *context* to *folder*, which must not be there yet; links stay links, version control data stays behind."""
    shutil.copytree(context, folder, symlinks=True, ignore=shutil.ignore_patterns(".git", ".hg", ".svn"))


def source_file(context: Path) -> Path | None:
    """The file to touch, relative to *context*: of those nearest to its root the largest; None if there is none.

    The largest, because it is likelier to be the application than a helper beside it.
    """
    found = []
    for path in context.rglob("*"):
        relative = path.relative_to(context)
        if not path.is_file() or path.is_symlink() or path.suffix.lower() not in SOURCE_SUFFIXES:
            continue
        if path.name.lower() in _NOT_SOURCES or path.name.startswith((".", "requirements")):
            continue
        if not _NOT_FOLDERS.intersection(relative.parts[:-1]):
            found.append((len(relative.parts), -path.stat().st_size, relative.as_posix(), relative))
    return min(found)[3] if found else None


@contextlib.contextmanager
def touched(context: Path, file: Path) -> Iterator[None]:
    """While inside, *file* in *context* ends in one more line feed: other bytes, same meaning."""
    path = context / file
    data = path.read_bytes()
    path.write_bytes(data + b"\n")
    try:
        yield
    finally:
        path.write_bytes(data)
