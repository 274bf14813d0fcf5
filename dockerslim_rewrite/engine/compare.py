"""Two images side by side: configuration field by field, root filesystem path by path."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from .expectations import Difference, Expectation, reason_for
from .interface import ImageConfig
from .rootfs import Entry, Kind, RootFilesystem

#: The reason of differences that a second build of the same Dockerfile shows as well.
UNSTABLE = "differs between two builds of BEFORE"
#: The reason of files that are gone together with their package.
DEPARTED = "files of packages that are not installed any more"


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
    unstable: Collection[str] = (),
    departed: Collection[str] = (),
) -> tuple[PathDifference, ...]:
    """All differences in order of path. *unstable* are paths that differ between two builds of one Dockerfile.

    *departed* are paths that may be removed, as they belong to packages that may be missing.
    A path may differ in more than one way: content, owner and mode are told apart.
    """
    found = []
    for path in sorted({*before.paths(), *after.paths()}):
        old = before.get(path)
        new = after.get(path)
        for kind, detail in _differences(old, new):
            if path in unstable:
                expected: str | None = UNSTABLE
            elif kind is Difference.REMOVED and path in departed:
                expected = DEPARTED
            else:
                expected = reason_for(kind, path, expectations)
            size = (new.size if new else 0) - (old.size if old else 0)
            counted = kind in (Difference.ADDED, Difference.REMOVED, Difference.CHANGED)
            found.append(PathDifference(path, kind, detail, size if counted else 0, expected))
    return tuple(found)


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
