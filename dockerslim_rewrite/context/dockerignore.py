"""Which files of a folder a build is sent: `.dockerignore` as BuildKit matches it.

Source: moby/patternmatcher (``ignorefile.ReadAll`` and ``PatternMatcher``), Go's ``path/filepath``, and the section
".dockerignore files" of the Docker documentation. The rules differ from gitignore's: patterns are anchored at the
root, the last one that matches decides, and what matches a folder holds for all that is in it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import cached_property, lru_cache

from ..record import record
from ..text.glob import Glob, Token

#: What is special in an expression and plain in a pattern. Not ``^``: the original leaves it alone, too.
_PLAIN_ESCAPED = frozenset(".+()|{}$")
_CLASS_CHARACTER = r"(?:\\.|[^\\\]\-])"
_RANGE = rf"{_CLASS_CHARACTER}(?:-{_CLASS_CHARACTER})?"
_CLASS = re.compile(rf"\[(?:\^(?!\]))?+{_RANGE}(?:{_RANGE})*\]", re.S)
_STARS = frozenset((".*", "(?:.*/)?", "[^/]*"))
_SYNTAX = re.compile(rf"(?:\\.|{_CLASS.pattern}|[^\\\[])*\Z", re.S)


#: The longest file has a few hundred. Each pattern is held against each file of a context.
_MOST = 2_000
#: A pattern of several stars is followed character by character; ordinary files have a few dozen of them.
_MOST_STARS, _MOST_SIGNS = 1_500, 40_000
_STAR = re.compile(r"\*+")


class DockerignoreError(ValueError):
    """A pattern that BuildKit refuses; the build fails with it."""


class TooManyPatterns(DockerignoreError):
    """More patterns than are followed: what the build is sent is not known."""


@record(slots=False)
class Pattern:
    """One line: ``text`` is the cleaned pattern without its ``!``; ``line`` counts from 1."""

    text: str
    exception: bool
    line: int

    def matches(self, path: str) -> bool:
        """Whether the context path *path* itself matches; folders above it are not looked at."""
        return self._matcher(path)

    def matches_above(self, path: str) -> bool:
        """Whether a folder above the context path *path* matches."""
        folder, new = path.rpartition("/")[0], []
        while folder and folder not in self._folders:
            new.append(folder)
            folder = folder.rpartition("/")[0]
        found = self._folders.get(folder, False)
        for one in reversed(new):
            found = self._folders[one] = found or self.matches(one)
        return found

    @cached_property
    def _matcher(self) -> Callable[[str], bool]:
        return _compiled(self.text)

    @cached_property
    def _folders(self) -> dict[str, bool]:
        return {}


@record
class Dockerignore:
    """The patterns of a file, in order."""

    patterns: tuple[Pattern, ...] = ()

    @property
    def has_exceptions(self) -> bool:
        """Whether a ``!`` may let a file of an excluded folder in."""
        return any(pattern.exception for pattern in self.patterns)

    def excludes(self, path: str) -> bool:
        """Whether the file or folder at the context path *path* is kept from the build."""
        excluded = False
        for pattern in self.patterns:
            if pattern.exception != excluded:
                continue
            if pattern.matches(path) or pattern.matches_above(path):
                excluded = not pattern.exception
        return excluded


def read_dockerignore(text: str) -> Dockerignore:
    """The patterns of a `.dockerignore` file. Raises ``DockerignoreError`` for one that BuildKit refuses."""
    found: list[Pattern] = []
    stars = signs = 0
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if line.startswith("#"):
            continue
        pattern = line.strip()
        exception = pattern.startswith("!")
        if exception:
            pattern = pattern[1:].strip()
            if not pattern:
                raise DockerignoreError(f"line {number}: ! without a pattern")
        if not pattern:
            continue
        pattern = _clean(pattern)
        if len(pattern) > 1 and pattern.startswith("/"):
            pattern = pattern[1:]
        if len(found) == _MOST:
            raise TooManyPatterns(f"line {number}: more than {_MOST:,} patterns, which are not followed")
        several = len(_STAR.findall(pattern))
        stars += several if several > 1 else 0
        signs += len(pattern) if several > 1 else 0
        if stars > _MOST_STARS:
            raise TooManyPatterns(f"line {number}: more than {_MOST_STARS:,} stars, which are not followed")
        if signs > _MOST_SIGNS:
            raise TooManyPatterns(
                f"line {number}: more than {_MOST_SIGNS:,} characters between stars, which are not followed"
            )
        _check(pattern, number)
        found.append(Pattern(pattern, exception, number))
    return Dockerignore(tuple(found))


def _clean(path: str) -> str:
    """``filepath.Clean``: like ``normpath``, which alone keeps two leading slashes."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def _check(pattern: str, line: int) -> None:
    """Refuse what ``filepath.Match`` and the expression made of the pattern refuse."""
    if not _SYNTAX.match(pattern):
        raise DockerignoreError(f"line {line}: {pattern!r} is not a pattern: see its brackets and backslashes")
    try:
        _compiled(pattern)
    except re.error as error:
        raise DockerignoreError(f"line {line}: {pattern!r}: {error}") from None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Callable[[str], bool]:
    kind, expression = _translate(pattern)
    if kind == "exact":
        return pattern.__eq__
    if kind == "prefix":
        return lambda path: path.startswith(pattern[:-2])
    if kind == "suffix":
        end = pattern[2:]
        return lambda path: path.endswith(end) or (end.startswith("/") and path == end[1:])
    if sum(piece in _STARS for piece in expression) > 1:
        return Glob(token for piece in _pieces(expression) for token in _tokens(piece)).matches
    compiled = re.compile("".join(expression) + r"\Z", re.S)
    return lambda path: compiled.match(path) is not None


def _pieces(expression: list[str]) -> list[str]:
    """*expression* with what stands in brackets put together; several stars behind one another are one."""
    found: list[str] = []
    waiting = iter(expression)
    for piece in waiting:
        if piece == "[":
            while not _CLASS.fullmatch(piece):
                more = next(waiting, None)
                if more is None or more in _STARS:
                    raise re.error("a star within brackets")
                piece += more
        elif piece in _STARS and found and found[-1] == piece:
            continue
        found.append(piece)
    return found


def _tokens(piece: str) -> tuple[Token, ...]:
    """What *piece* of an expression matches, character by character."""
    if piece == ".*":
        return (Token(_anything, many=True, skips=(1,)),)
    if piece == "(?:.*/)?":
        return (Token(_nothing, skips=(1, 3)), Token(_anything, many=True, skips=(1,)), Token("/".__eq__))
    if piece == "[^/]*":
        return (Token("/".__ne__, many=True, skips=(1,)),)
    return (Token("/".__ne__),) if piece == "[^/]" else (Token(_one(piece)),)


def _one(piece: str) -> Callable[[str], bool]:
    compiled = re.compile(piece, re.S)
    return lambda char: compiled.fullmatch(char) is not None


def _anything(_: str) -> bool:
    return True


def _nothing(_: str) -> bool:
    return False


def _translate(pattern: str) -> tuple[str, list[str]]:
    """The kind of match that *pattern* asks for, and the pieces of its regular expression where it needs one."""
    kind, out, index, count = "exact", [], 0, 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "*" and pattern[index : index + 1] == "*":
            index += 1
            if pattern[index : index + 1] == "/":
                index += 1
            if index == len(pattern):
                if kind == "exact":
                    kind = "prefix"
                else:
                    out.append(".*")
                    kind = "expression"
            else:
                out.append("(?:.*/)?")
                kind = "expression"
            if count == 0:
                kind = "suffix"
        elif char == "*":
            out.append("[^/]*")
            kind = "expression"
        elif char == "?":
            out.append("[^/]")
            kind = "expression"
        elif char in _PLAIN_ESCAPED:
            out.append("\\" + char)
        elif char == "\\" and index < len(pattern):
            out.append(char + pattern[index])
            index += 1
            kind = "expression"
        else:
            out.append(char)
            if char in "[]":
                kind = "expression"
        count += 1
    return kind, out
