"""Two images side by side: configuration field by field, root filesystem path by path."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from .expectations import Difference, Expectation, reason_for
from .interface import ImageConfig
from .rootfs import Entry, Kind, RootFilesystem

#: The reason of differences that a second build of the same Dockerfile shows as well.
UNSTABLE = "differs between two builds of BEFORE"
#: The reason of files that are gone together with their package.
DEPARTED = "files of packages that are not installed any more"
#: The reason of symbolic links that are gone together with what they led to.
DANGLING = "links to what is expected to be gone"


#: How paths differ between two builds of one file: for each path the kinds, with a few words.
Seen = Mapping[str, frozenset[tuple[Difference, str]]]


@dataclass(frozen=True, slots=True)
class PathDifference:
    """One path that differs. ``size`` is the change in bytes; ``expected`` the reason why it may, or None."""

    path: str
    kind: Difference
    detail: str
    size: int
    expected: str | None


@dataclass(frozen=True, slots=True)
class ConfigDifference:
    """One field of the configuration that differs; values are as Docker has them, None where there is none."""

    name: str
    before: Any
    after: Any
    expected: bool

    def __str__(self) -> str:
        return f"{self.name}: {_shown(self.before)} → {_shown(self.after)}"


def _shown(value: Any) -> str:
    return "(none)" if value is None else json.dumps(value, ensure_ascii=False)


def compare_configs(
    before: ImageConfig, after: ImageConfig, expected: Collection[str] = ()
) -> tuple[ConfigDifference, ...]:
    """Fields that differ; a mapping (``Env``, ``Labels``, …) is compared entry by entry, named ``Env.PATH``.

    *expected* holds names, of fields (``Labels``) or of entries (``Env.PATH``).
    """
    found = []
    for name in ImageConfig.NAMES:
        old, new = before.fields.get(name), after.fields.get(name)
        if old == new:
            continue
        entries = isinstance(old or {}, dict) and isinstance(new or {}, dict) and name != "Healthcheck"
        pairs = _entries(name, old or {}, new or {}) if entries else iter([(name, old, new)])
        found += [ConfigDifference(n, a, b, name in expected or n in expected) for n, a, b in pairs]
    return tuple(found)


def _entries(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key) or (key in old) != (key in new):
            yield f"{name}.{key}", old.get(key), new.get(key)


def compare_files(
    before: RootFilesystem,
    after: RootFilesystem,
    expectations: Collection[Expectation] = (),
    known: Mapping[str, str] = MappingProxyType({}),
    departed: Collection[str] = (),
    unstable: Seen = MappingProxyType({}),
) -> tuple[PathDifference, ...]:
    """All differences in order of path. *known* gives reasons for paths that may differ in whatever way.

    *departed* are paths that may be removed, as they belong to packages that may be missing, with what their scripts
    made in folders of theirs. *unstable* tells how
    *before* differs from itself when it is built again: differences of the same kind are no news, others are.
    A path may differ in more than one way: content, owner and mode are told apart.
    """
    found: list[PathDifference] = []
    for path in sorted({*before.paths(), *after.paths()}):
        old = before.get(path)
        new = after.get(path)
        for kind, detail in _differences(old, new):
            if path in known:
                expected: str | None = known[path]
            elif kind is Difference.REMOVED and (path in departed or _above(path, departed)):
                expected = DEPARTED
            elif path in unstable and _like(kind, detail, new, unstable[path]):
                expected = UNSTABLE
            else:
                expected = reason_for(kind, path, expectations)
            size = (new.size if new else 0) - (old.size if old else 0)
            counted = kind in (Difference.ADDED, Difference.REMOVED, Difference.CHANGED)
            found.append(PathDifference(path, kind, detail, size if counted else 0, expected))
    return _without_dangling(found, before)


def _above(path: str, departed: Collection[str]) -> bool:
    """Whether *path* lies in a folder that is among *departed*."""
    while (path := posixpath.dirname(path)) != "/":
        if path in departed:
            return True
    return False


def seen(first: RootFilesystem, second: RootFilesystem) -> Seen:
    """How two builds of one file differ."""
    found: dict[str, frozenset[tuple[Difference, str]]] = {}
    for one in compare_files(first, second):
        found[one.path] = found.get(one.path, frozenset()) | {(one.kind, _sort(one.detail))}
    return found


def _like(kind: Difference, detail: str, new: Entry | None, known: Collection[tuple[Difference, str]]) -> bool:
    """Whether a difference is of a kind that is *known* of its path; a file that is empty now never is."""
    emptied = kind is Difference.CHANGED and new is not None and new.kind is Kind.FILE and not new.size
    return (kind, _sort(detail)) in known and not emptied


def _sort(detail: str) -> str:
    """The first word of *detail*: sizes, owners and modes differ from build to build as well."""
    return "content" if detail.startswith("content") else detail if "→" not in detail else "→"


def _without_dangling(found: Sequence[PathDifference], before: RootFilesystem) -> tuple[PathDifference, ...]:
    """The same, with links expected to be gone if what they lead to is; a link may lead to a link."""
    gone = {one.path for one in found if one.kind is Difference.REMOVED and one.expected}
    waiting = [one for one in found if one.kind is Difference.REMOVED and not one.expected]
    dangling: set[str] = set()
    while fresh := [one.path for one in waiting if one.path not in dangling and _target(one.path, before) in gone]:
        dangling.update(fresh)
        gone.update(fresh)
    return tuple(replace(one, expected=DANGLING) if one.path in dangling and not one.expected else one for one in found)


def _target(path: str, files: RootFilesystem) -> str | None:
    """Where the symbolic link at *path* leads; None if it is none."""
    entry = files.get(path)
    if entry is None or entry.kind is not Kind.LINK:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.content))


def _differences(old: Entry | None, new: Entry | None) -> Iterator[tuple[Difference, str]]:
    if old is None or new is None:
        if new is not None:
            yield Difference.ADDED, new.kind.value
        elif old is not None:
            yield Difference.REMOVED, old.kind.value
        return
    if old.kind is not new.kind:
        yield Difference.CHANGED, f"{old.kind.value} → {new.kind.value}"
    elif old.content != new.content:
        yield Difference.CHANGED, _content(old, new)
    if old.attributes != new.attributes:
        yield Difference.CHANGED, "extended attributes"
    if (old.uid, old.gid) != (new.uid, new.gid):
        yield Difference.OWNER, f"{old.uid}:{old.gid} → {new.uid}:{new.gid}"
    if old.mode != new.mode:
        yield Difference.MODE, f"{old.mode:04o} → {new.mode:04o}"


def _content(old: Entry, new: Entry) -> str:
    if old.kind is Kind.FILE:
        return "content" if old.size == new.size else f"content, {old.size} → {new.size} bytes"
    return f"{old.content} → {new.content}"
