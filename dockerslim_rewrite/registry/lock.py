"""The lock file ``dockerslim.lock``: what tags stood for and what indexes had when it was locked. No network here.

The format is TOML: people read it in reviews, every value has a line of its own, and each reference is a table under
its own name, so two branches that lock different images merge without conflict, and a merge gone wrong is an error of
syntax (a table defined twice) instead of a silent choice. JSON Lines merges as well but puts an entry in one line that
nobody reads. Tables are sorted by reference and lists by value, so the same lock is always the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..analysis.locked import FILE_NAME, Lock, LockEntry, PackageEntry
from ..ir.reference import ImageReference, InvalidReference, parse, valid_digest
from ..patterns import re
from ..record import evolve, record
from ..regular import read_whole
from ..text.structured import read_toml
from .crew import crew
from .errors import NotFound, RegistryError
from .proofs import proof_lines, read_proofs
from .resolution import Resolution, Resolver

SCHEMA = 1
_HEADER = "# Made by `dockerslim lock`; `dockerslim lock --update` refreshes it. Keep it under version control.\n"
_WORKERS = 4
#: A package takes some 300 bytes: nobody has as many.
_MOST = 16 * 1024 * 1024
#: What a TOML string may not hold as it is.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: The lists of a package's entry, in the order in which they are written.
_LISTS = ("asked", "requires", "libraries", "uses", "aside", "bins")
_ANSWERS = ("compiled", "alone")

__all__ = [
    "FILE_NAME",
    "Lock",
    "LockEntry",
    "LockError",
    "Moved",
    "Outcome",
    "key_of",
    "load",
    "lockable",
    "read_lock",
    "refresh",
    "renewable",
    "write_lock",
]


class LockError(ValueError):
    """A lock file that cannot be used; the message says why and what to do."""


@record
class Moved:
    """A reference whose entry differs from what it stands for: *before* is None when it was not locked yet.

    *after* is None when it is gone from the registry, or no longer used.
    """

    reference: str
    before: LockEntry | None
    after: LockEntry | None


@record
class Outcome:
    """The lock as it should be, what differs from before, and references that could not be asked for (reasons)."""

    lock: Lock
    moved: tuple[Moved, ...]
    failed: Mapping[str, str]


def key_of(reference: ImageReference) -> str:
    """The name under which *reference* is locked. Raises ``ValueError`` for a template."""
    return reference.canonical


def lockable(reference: ImageReference) -> bool:
    """Whether a lock has something to say: not for templates, ``scratch`` and what has a digest already."""
    return not (reference.template or reference.scratch or reference.digest is not None)


def renewable(reference: ImageReference) -> bool:
    """Whether *reference* has a digest that can be asked for again: by the tag before it."""
    return not reference.template and reference.tag is not None and reference.digest is not None


def refresh(
    lock: Lock,
    references: Iterable[ImageReference],
    resolver: Resolver,
    now: datetime,
    *,
    wanted: Callable[[str], bool] = lambda _: True,
    prune: bool = False,
    renew: bool = False,
) -> Outcome:
    """What the lock should be for *references*: locked ones are asked for again if *wanted* says so, new ones always.

    A reference with a digest counts by the tag before it where that is locked, and with *renew* in any case: its own
    digest is then the one before. What the digest of an entry was before it moved is kept with it.
    An entry whose digest and tag are the same keeps its time. With *prune* entries that no reference uses go. What
    cannot be asked for keeps its entry. *lock* is not changed.
    """
    used: dict[str, ImageReference] = {}
    digests: dict[str, set[str]] = {}
    for reference in references:
        if lockable(reference):
            used[key_of(reference)] = reference
        elif reference.digest is not None and renewable(reference):
            key = reference.by_tag
            if key in lock.entries or (renew and wanted(key)):
                used.setdefault(key, parse(key))
                digests.setdefault(key, set()).add(reference.digest.text)
    asked = {key: reference for key, reference in used.items() if key not in lock.entries or wanted(key)}
    entries = {key: entry for key, entry in lock.entries.items() if key in used or not prune}
    moved = [Moved(key, entry, None) for key, entry in lock.entries.items() if key not in entries]
    failed: dict[str, str] = {}
    for key, answer in _ask_all(asked, resolver).items():
        before = lock.entries.get(key)
        if isinstance(answer, RegistryError):
            failed[key] = str(answer)
            if isinstance(answer, NotFound) and before is not None:
                moved.append(Moved(key, before, None))
            continue
        after = _entry(answer, now)
        if before is not None and evolve(after, locked=before.locked, previous=before.previous) == before:
            continue
        after = evolve(after, previous=_previous(before, after, digests.get(key, set())))
        entries[key] = after
        moved.append(Moved(key, before, after))
    ordered = tuple(sorted(moved, key=lambda item: item.reference))
    return Outcome(evolve(lock, entries=dict(sorted(entries.items()))), ordered, dict(sorted(failed.items())))


def read_lock(text: str) -> Lock:
    """The lock in *text*. Raises ``LockError``."""
    try:
        document = read_toml(text)
    except ValueError as error:
        raise LockError(f"not readable: {error}; after a merge, solve the conflict or lock anew") from error
    version = document.get("version")
    if version != SCHEMA:
        raise LockError(f"version {version!r} of the format is not known here (known: {SCHEMA}); update this program")
    images = document.get("image", {})
    if not isinstance(images, dict):
        raise LockError("'image' must hold tables")
    packages = document.get("package", {})
    if not isinstance(packages, dict) or not all(isinstance(one, dict) for one in packages.values()):
        raise LockError("'package' must hold tables of tables")
    tables = {
        target: {key: _read_package(key, value) for key, value in sorted(entries.items())}
        for target, entries in sorted(packages.items())
    }
    entries = {key: _read_entry(key, value) for key, value in sorted(images.items())}
    try:
        return Lock(entries, tables, read_proofs(document.get("proof", {})))
    except ValueError as error:
        raise LockError(str(error)) from error


def write_lock(lock: Lock) -> str:
    """*lock* as text; ``read_lock`` gives it back."""
    pieces = [_HEADER, f"version = {SCHEMA}\n"]
    for key, entry in sorted(lock.entries.items()):
        pieces += [
            f"\n[image.{_string(key)}]\n",
            f"tag = {_string(entry.tag)}\n",
            f"digest = {_string(entry.digest)}\n",
            *([f"previous = {_string(entry.previous)}\n"] if entry.previous else ()),
            f"registry = {_string(entry.registry)}\n",
            f"locked = {entry.locked.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}\n",
            "platforms = [\n",
            *(f"    {_string(platform)},\n" for platform in sorted(entry.platforms)),
            "]\n",
        ]
    for target, packages in sorted(lock.packages.items()):
        for key, package in sorted(packages.items()):
            pieces.append(f"\n[package.{_string(target)}.{_string(key)}]\n")
            for name in _LISTS:
                values = ", ".join(map(_string, sorted(getattr(package, name))))
                pieces += [f"{name} = [{values}]\n"] if values else []
            pieces += [f"{name} = true\n" for name in _ANSWERS if getattr(package, name)]
            pieces.append(f"locked = {package.locked.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}\n")
    return "".join((*pieces, *proof_lines(lock.proofs)))


def load(path: Path) -> Lock:
    """The lock in the file *path*. Raises ``FileNotFoundError``, ``OSError`` or ``LockError`` (naming the file)."""
    if path.stat().st_size > _MOST:
        raise LockError(f"{path}: larger than {_MOST // (1024 * 1024)} MiB, which no lock file is")
    content = read_whole(path, _MOST)
    try:
        return read_lock(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise LockError(f"{path}: not UTF-8 text") from None
    except LockError as error:
        raise LockError(f"{path}: {error}") from error


def _ask_all(asked: Mapping[str, ImageReference], resolver: Resolver) -> dict[str, Resolution | RegistryError]:
    def ask(reference: ImageReference) -> Resolution | RegistryError:
        try:
            return resolver.resolve(reference)
        except RegistryError as error:
            return error

    with crew(_WORKERS) as pool:
        return dict(zip(asked, pool.map(ask, asked.values()), strict=True))


def _previous(before: LockEntry | None, after: LockEntry, written: set[str]) -> str | None:
    """The one digest that *after* takes the place of: that of the entry before, else the one that files name."""
    if before is not None:
        return before.previous if before.digest == after.digest else before.digest
    others = written - {after.digest}
    return others.pop() if len(others) == 1 else None


def _entry(found: Resolution, now: datetime) -> LockEntry:
    return LockEntry(
        tag=found.version_tag or found.tag or "latest",
        digest=found.digest,
        platforms=tuple(sorted(found.platforms)),
        registry=found.registry,
        locked=now.astimezone(UTC).replace(microsecond=0),
    )


def _read_entry(key: str, value: Any) -> LockEntry:
    try:
        reference = parse(key)
        entry = LockEntry(
            tag=_text(value, "tag"),
            digest=_text(value, "digest"),
            platforms=tuple(str(platform) for platform in value["platforms"]),
            registry=_text(value, "registry"),
            locked=value["locked"],
            previous=_text(value, "previous") if "previous" in value else None,
        )
        parse(f"a:{entry.tag}")
    except InvalidReference as error:
        raise LockError(f"entry {key!r}: {error}") from error
    except (KeyError, TypeError) as error:
        raise LockError(f"entry {key!r}: {error} is missing or of the wrong type") from error
    if reference.template or reference.canonical != key:
        raise LockError(f"entry {key!r} is not a reference in full, such as docker.io/library/python:3")
    for digest in (entry.digest, entry.previous):
        if digest is not None and not valid_digest(digest):
            raise LockError(f"entry {key!r}: {digest!r} is not a digest")
    if not isinstance(entry.locked, datetime) or entry.locked.tzinfo is None:
        raise LockError(f"entry {key!r}: 'locked' must be a time with its zone")
    return entry


def _read_package(key: str, value: Any) -> PackageEntry:
    if not isinstance(value, dict):
        raise LockError(f"package {key!r}: must be a table")
    lists: dict[str, Any] = {}
    for name in _LISTS:
        found = value.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise LockError(f"package {key!r}: {name!r} must be a list of strings")
        lists[name] = tuple(found)
    answers = {name: value.get(name, False) for name in _ANSWERS}
    locked = value.get("locked")
    for name, answer in answers.items():
        if not isinstance(answer, bool):
            raise LockError(f"package {key!r}: {name!r} must be true or false")
    if not isinstance(locked, datetime) or locked.tzinfo is None:
        raise LockError(f"package {key!r}: 'locked' must be a time with its zone")
    return PackageEntry(**lists, **answers, locked=locked)


def _text(value: Mapping[str, Any], name: str) -> str:
    text = value[name]
    if not isinstance(text, str):
        raise TypeError(name)
    return text


def _string(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)
    return f'"{escaped}"'
