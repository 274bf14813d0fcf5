"""Which Dockerfiles a call means: files named outright, folders, and patterns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..ir.build import read_build
from ..knowledge.repository import is_dockerfile_name
from ..record import record
from ..regular import read_regular
from ..syntax import ParseError, parse
from .patterns import is_pattern, read_pattern
from .repository import root_of
from .templates import template_mark
from .walk import Seen, walk

_MAX_BYTES = 4 * 1024 * 1024
_FIRST = frozenset(("FROM", "ARG"))


@record
class Covered:
    """A file that the call means, by its path as a caller would name it, and whether it was ``named`` outright."""

    path: str
    named: bool = False


@record
class Skipped:
    """A file that looks like a Dockerfile, or a folder that may hold some, and why it is left alone."""

    path: str
    reason: str
    folder: bool = False


#: Whether the configuration leaves a path out: the reason, None where it does not.
Excluded = Callable[[str], str | None]


def discover(
    paths: Sequence[str], *, python: bool = False, excluded: Excluded = lambda path: None, looks: bool = True
) -> Iterator[Covered | Skipped]:
    """The Dockerfiles that *paths* mean, each once, in order.

    A file named outright is always taken, whatever its name. A folder stands for all Dockerfiles in it; *python* adds
    modules that hold a Dockerfile in a string. A path with ``*``, ``?`` or ``[`` that no file has is a pattern,
    which is held against what a folder stands for: it reaches nothing through links, and what else is left out only
    by its name. Folders that Git ignores and files that are links, templates or no Dockerfile are skipped and say why.
    Without *looks* no file is opened: what is none by its content is then the caller's to find, with ``refusal_of``.
    Raises ``ValueError`` for a pattern that nothing matches.
    """
    seen: set[str] = set()

    def judge(path: str) -> str | None:
        module = python and path.endswith(".py")
        return excluded(path) or (not_a_dockerfile(path) if looks and not module else None)

    for path in paths:
        for found in _one(path, python, judge):
            key = found.path if found.path == "-" else os.path.abspath(found.path)
            if key not in seen:
                seen.add(key)
                yield found


def _one(path: str, python: bool, judge: Excluded) -> Iterator[Covered | Skipped]:
    if path != "-" and os.path.isdir(path):
        yield from _folder(path, python, judge)
    elif path != "-" and not os.path.lexists(path) and is_pattern(path):
        yield from _glob(path, python, judge)
    else:
        yield Covered(path, named=True)


def _glob(text: str, python: bool, judge: Excluded) -> Iterator[Covered | Skipped]:
    pattern = read_pattern(text)
    found: list[Covered | Skipped] = []
    matched = False
    if not os.path.isdir(pattern.base):
        raise ValueError(f"{text}: no file matches")
    for seen, path in _seen(pattern.base, lambda path: pattern.reach(path) is not None, pattern.names):
        # Where the first folder cannot be read it is all that is seen.
        reach = pattern.reach(path) if path else "below"
        shown = os.path.normpath(os.path.join(pattern.base, path))
        if reach == "below":
            matched = True
            found += _in_folder(seen, shown, python, judge)
        elif seen.folder:
            matched = matched or reach == "itself"
            found += _in_folder(seen, shown, python, judge)
        elif reach == "itself" and not pattern.folders:
            matched = True
            found.append(_judged(shown, judge) if seen.skipped is None else Skipped(shown, seen.skipped))
    if not matched:
        raise ValueError(f"{text}: no file matches")
    yield from found


def _folder(path: str, python: bool, judge: Excluded) -> Iterator[Covered | Skipped]:
    for seen, below in _seen(path):
        yield from _in_folder(seen, os.path.normpath(os.path.join(path, below)), python, judge)


def _seen(
    folder: str, enter: Callable[[str], bool] = lambda path: True, named: Callable[[str], bool] = lambda path: False
) -> Iterator[tuple[Seen, str]]:
    """What ``walk`` sees below *folder*, each with its path from there; *enter* and *named* are asked by that path."""
    root = root_of(Path(folder))
    start = os.path.relpath(os.path.realpath(folder), root)
    start = "" if start == "." else start.replace(os.sep, "/")
    cut = len(start) + 1 if start else 0
    for seen in walk(root, start, lambda path: enter(path[cut:]), lambda path: named(path[cut:])):
        yield seen, seen.path[cut:]


def _in_folder(seen: Seen, shown: str, python: bool, judge: Excluded) -> Iterator[Covered | Skipped]:
    name = seen.path.rpartition("/")[2]
    dockerfile = is_dockerfile_name(name)
    if seen.folder:
        if not name.startswith(".") or seen.skipped == "ignored by Git":
            yield Skipped(shown, seen.skipped or "", folder=True)
    elif seen.skipped is not None:
        if dockerfile or seen.unfollowed:
            yield Skipped(shown, seen.skipped)
    elif dockerfile:
        yield _judged(shown, judge)
    elif python and name.endswith(".py") and _holds_dockerfile(shown):
        reason = judge(shown)
        yield Covered(shown) if reason is None else Skipped(shown, reason)


def _judged(path: str, judge: Excluded) -> Covered | Skipped:
    reason = judge(path)
    return Covered(path) if reason is None else Skipped(path, reason)


def is_missing(one: Covered) -> bool:
    """Whether *one* is named outright and not there."""
    return one.named and one.path != "-" and not os.path.lexists(one.path)


def files_of(found: Sequence[Covered | Skipped]) -> list[str]:
    """The paths of the files among what was *found*, of those that are left alone too."""
    return [one.path for one in found if isinstance(one, Covered) or not one.folder]


def not_a_dockerfile(path: str) -> str | None:
    """Why the file at *path* is none that can be rewritten; None where it is."""
    try:
        data = read_regular(path, _MAX_BYTES + 1)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return refusal_of(os.path.basename(path), data)


#: How the reason begins where a file that is called so is none.
NO_DOCKERFILE, BINARY, TEMPLATE = "no Dockerfile", "binary data", "a template"


def refusal_of(name: str, data: bytes) -> str | None:
    """Why *data*, the content of a file called *name*, is none that can be rewritten; None where it is."""
    if len(data) > _MAX_BYTES:
        return f"larger than {_MAX_BYTES // (1024 * 1024)} MiB, which no Dockerfile is"
    if b"\0" in data:
        return BINARY if not data.startswith((b"\xff\xfe", b"\xfe\xff")) else f"{BINARY} (UTF-16); save it as UTF-8"
    text = data.decode("utf-8", "surrogateescape")
    mark = template_mark(name, text)
    if mark is not None:
        return f"{TEMPLATE}: line {mark[0]} holds {mark[1]}"
    try:
        document = parse(text)
        build = read_build(document)
    except ParseError as error:
        return f"{NO_DOCKERFILE}: line {error.line}: {error.reason}"
    first = document.instructions[0].keyword
    if first not in _FIRST:
        return f"{NO_DOCKERFILE}: it begins with {first}, not with FROM"
    return None if build.stages else f"{NO_DOCKERFILE}: it has no FROM"


def _holds_dockerfile(path: str) -> bool:
    """Whether the module at *path* may hold a Dockerfile; which of its strings are some, reading it properly tells."""
    try:
        data = read_regular(path, _MAX_BYTES)
    except OSError:
        return False
    return b"FROM " in data and b"RUN " in data
