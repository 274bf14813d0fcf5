"""All files below a folder that are the repository's own: what Git ignores and other people's code left out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..knowledge.repository import excluded_folders
from ..record import record
from ..regular import read_text
from ..text.stars import once

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_MAX_IGNORE = 1024 * 1024
#: Deeper folders are not entered: people's repositories stay far below.
_MAX_DEPTH = 64
#: What `pathspec` makes of a pattern's stars, and the pieces of its expressions.
_STARS = ("[^/]*", "(?:.+/)?", "(?:/.+)?")
_PIECE = re.compile(
    rf"{'|'.join(map(re.escape, _STARS))}|\(\?:\(\?P<ps_d>/\)\|\$\)|\(\?P<ps_d>/\)|\[\^/\]\+?"
    r"|\[\^?\]?(?:\\.|[^\]\\])*+(?:\]|\Z)|\\.|.",
    re.S,
)
_BRACKETS = re.compile(r"\[(?!\^/\])")


@record
class Seen:
    """A file, or a folder that was not entered, by its path relative to the root; ``skipped`` says why it is left out,
    None for a file that is the repository's own.
    """

    path: str
    skipped: str | None = None
    folder: bool = False


class _Rules:
    """The ignore files from the root down to a folder; the deepest that says something counts."""

    def __init__(self, prefix: str, spec: GitIgnoreSpec | None, above: _Rules | None) -> None:
        self._prefix = prefix
        self._spec = spec
        self._above = above

    def ignores(self, path: str) -> bool:
        rules: _Rules | None = self
        while rules is not None:
            if rules._spec is not None:
                include = rules._spec.check_file(path[len(rules._prefix) :]).include
                if include is not None:
                    return include
            rules = rules._above
        return False


def walk(
    root: Path,
    start: str = "",
    enter: Callable[[str], bool] = lambda path: True,
    named: Callable[[str], bool] = lambda path: False,
) -> Iterator[Seen]:
    """The files below the folder *start* of the repository *root*, sorted within each folder; nothing through links.

    Folders of which *enter* says no are passed over; where *named* says yes, a folder is entered that is else left out.
    """
    rules = None
    above = [""] if start else []
    for part in start.split("/")[:-1] if start else []:
        above.append(f"{above[-1]}{part}/")
    for prefix in above:
        rules = _rules(root, prefix, rules)
    # The user named this folder: whatever ignore files say of it, its files are meant.
    yield from _folder(root, f"{start}/" if start else "", rules, 0, enter, named)


def _folder(
    root: Path,
    prefix: str,
    above: _Rules | None,
    depth: int,
    enter: Callable[[str], bool],
    named: Callable[[str], bool],
) -> Iterator[Seen]:
    try:
        with os.scandir(root / prefix) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield Seen(prefix.rstrip("/"), f"cannot be read: {error.strerror}", folder=True)
        return
    rules = _rules(root, prefix, above) if any(entry.name == ".gitignore" for entry in entries) else above
    for entry in entries:
        path = prefix + entry.name
        folder = entry.is_dir(follow_symlinks=False)
        if folder and not enter(path):
            continue
        if folder:
            reason = _reason(entry, root, path, depth)
            if reason is None and rules is not None and rules.ignores(path + "/"):
                reason = "ignored by Git"
            if reason is None or (depth < _MAX_DEPTH and named(path)):
                yield from _folder(root, path + "/", rules, depth + 1, enter, named)
            else:
                yield Seen(path, reason, folder=True)
        elif entry.is_symlink():
            yield Seen(path, "a symbolic link")
        elif not entry.is_file(follow_symlinks=False):
            yield Seen(path, "no regular file")
        elif rules is not None and rules.ignores(path):
            yield Seen(path, "ignored by Git")
        else:
            yield Seen(path)


def _reason(entry: os.DirEntry[str], root: Path, path: str, depth: int) -> str | None:
    if entry.name in excluded_folders():
        return "version control data" if entry.name.startswith(".") else "other people's code"
    if depth >= _MAX_DEPTH:
        return f"more than {_MAX_DEPTH} directories deep"
    if os.path.lexists(root / path / ".git"):
        return "a repository of its own (a submodule)"
    return None


def _rules(root: Path, prefix: str, above: _Rules | None) -> _Rules | None:
    file = root / prefix / ".gitignore"
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > _MAX_IGNORE:
            return above
        lines = read_text(file, _MAX_IGNORE, "surrogateescape").splitlines()
    except OSError:
        return above
    return _Rules(prefix, _spec(tuple(lines)), above)


@cache
def _spec(lines: tuple[str, ...]) -> GitIgnoreSpec | None:
    from pathspec import GitIgnoreSpec, RegexPattern

    try:
        spec = GitIgnoreSpec.from_lines(lines)
    except ValueError:
        # Git passes over a line that it cannot read; so do we, one by one.
        spec = GitIgnoreSpec.from_lines([line for line in lines if _valid(line)])
    for pattern in spec.patterns:
        expression = pattern.regex.pattern if isinstance(pattern, RegexPattern) and pattern.regex else None
        # Each star more takes what the others do once more for each character of a name.
        if isinstance(expression, str) and sum(map(expression.count, _STARS)) > 1:
            pieces = _PIECE.findall(expression)
            # For Git, brackets take no slash: not even those that take all but some characters.
            pattern.regex = re.compile(once([f"(?!/){one}" if _BRACKETS.match(one) else one for one in pieces]))
    return spec


def _valid(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
