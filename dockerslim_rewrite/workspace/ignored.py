"""What Git ignores in a repository: its `.gitignore` files, as far as they are of a length that people write."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..regular import read_text
from ..text.paths import LONGEST
from ..text.stars import once

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_MAX_IGNORE = 1024 * 1024
#: Each pattern becomes an expression, and is held against each path. The longest files that people write have some
#: hundreds; all of a repository, those that say the same counted once, some thousands.
_MOST, _MOST_IN_ALL = 2_000, 10_000
_MOST_CHARACTERS, _MOST_STARS = 128 * 1024, 5_000
#: What `pathspec` makes of a pattern's stars, and the pieces of its expressions.
_STARS = ("[^/]*", "(?:.+/)?", "(?:/.+)?")
_PIECE = re.compile(
    rf"{'|'.join(map(re.escape, _STARS))}|\(\?:\(\?P<ps_d>/\)\|\$\)|\(\?P<ps_d>/\)|\[\^/\]\+?"
    r"|\[\^?\]?(?:\\.|[^\]\\])*+(?:\]|\Z)|\\.|.",
    re.S,
)
_BRACKETS = re.compile(r"\[(?!\^/\])")


class Rules:
    """The ignore files from the root down to a folder; the deepest that says something counts."""

    def __init__(self, prefix: str, spec: GitIgnoreSpec | None, above: Rules | None) -> None:
        self._prefix = prefix
        self._spec = spec
        self._above = above

    def ignores(self, path: str) -> bool:
        """Whether Git ignores *path*; that of a folder ends in a slash."""
        rules: Rules | None = self
        while rules is not None:
            if rules._spec is not None:
                include = rules._spec.check_file(path[len(rules._prefix) :]).include
                if include is not None:
                    return include
            rules = rules._above
        return False


class IgnoreFiles:
    """The ignore files of the repository *root*. Of one that is not followed ``refused`` says why, by its path: what it
    ignores is not known, and taken for the repository's own.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: set[tuple[str, ...]] = set()
        self._patterns = self._characters = self._stars = 0
        self.refused: dict[str, str] = {}

    def rules(self, prefix: str, above: Rules | None) -> Rules | None:
        """The rules for the folder *prefix*, which ends in a slash unless it is the root; *above* are its parent's."""
        path = f"{prefix}.gitignore"
        file = self._root / path
        try:
            if file.is_symlink() or not os.path.isfile(file):
                return above
            if file.stat().st_size > _MAX_IGNORE:
                self.refused[path] = f"is larger than {_MAX_IGNORE // 1024} KiB; not followed"
                return above
            lines = tuple(read_text(file, _MAX_IGNORE, "surrogateescape").splitlines())
        except OSError:
            return above
        reason = self._refusal(lines)
        if reason is not None:
            self.refused[path] = f"{reason}; not followed"
            return above
        return Rules(prefix, _spec(lines), above)

    def _refusal(self, lines: tuple[str, ...]) -> str | None:
        """Why a file of these *lines* is not followed; None where it is, and counts."""
        if lines in self._known:
            return None
        patterns = [line for line in lines if line.strip() and not line.startswith("#")]
        if len(patterns) > _MOST:
            return f"holds more than {_MOST:,} patterns"
        if any(len(pattern) > LONGEST for pattern in patterns):
            return f"holds a pattern of more than {LONGEST:,} characters"
        counts = (
            self._patterns + len(patterns),
            self._characters + sum(map(len, patterns)),
            self._stars + sum(pattern.count("*") for pattern in patterns if pattern.count("*") > 1),
        )
        for count, most, what in zip(
            counts, (_MOST_IN_ALL, _MOST_CHARACTERS, _MOST_STARS), ("patterns", "characters", "stars"), strict=True
        ):
            if count > most:
                return f"holds, with those before it, more than {most:,} {what}"
        self._patterns, self._characters, self._stars = counts
        self._known.add(lines)
        return None


@cache
def _spec(lines: Sequence[str]) -> GitIgnoreSpec | None:
    from pathspec import GitIgnoreSpec, RegexPattern

    try:
        spec = GitIgnoreSpec.from_lines(lines)
    except (ValueError, re.error):
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
    except (ValueError, re.error):
        return False
    return True
