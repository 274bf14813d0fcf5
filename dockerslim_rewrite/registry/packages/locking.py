"""The packages of the lock file: which answers it keeps, and which it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from ...analysis.locked import Lock, PackageEntry
from ...analysis.packages.asked import GEM_TARGET, NPM_TARGET, YARN_TARGET
from ...analysis.runtime.asking import Asked
from ...record import evolve, record
from ..crew import crew
from ..errors import RegistryError
from . import gems
from .npm import NpmStore, answers, exact_answers
from .resolving import Chosen, Store, Unresolved, resolve
from .tags import MACHINES

_WORKERS = 8
#: More than any image installs by name.
_MOST_ASKED = 2_000
_PREFIX = "pypi-"


@record
class PackagesOutcome:
    """The lock as it should be; ``added`` and ``gone`` are its packages that differ from before, as
    ``(target, name==version)``, ``failed`` the requirements that could not be answered, with the reasons.
    """

    lock: Lock
    added: tuple[tuple[str, str], ...]
    gone: tuple[tuple[str, str], ...]
    failed: Mapping[str, str]


def refresh_packages(
    lock: Lock,
    builds: Iterable[tuple[Asked, ...]],
    store: Store,
    now: datetime,
    *,
    npm: NpmStore | None = None,
    gem: gems.GemStore | None = None,
    update: bool = False,
    prune: bool = False,
) -> PackagesOutcome:
    """What the lock should say of the packages that *builds* ask for; each is what one build asks.

    *store* answers for Python, *npm* for Node.js, *gem* for Ruby. Requirements that are locked keep their answers
    unless *update* says to ask again; with *prune* those that no build asks for go. *lock* is not changed.
    """
    builds = tuple(builds)
    tables = {target: dict(entries) for target, entries in lock.packages.items()}
    if prune:
        wished = {(one.target, one.requirement) for build in builds for one in build}
        for target, entries in tables.items():
            for key, entry in entries.items():
                asked = tuple(one for one in entry.asked if (target, one) in wished)
                entries[key] = evolve(entry, asked=asked)
    failed: dict[str, str] = {}
    now = now.astimezone(UTC).replace(microsecond=0)
    for build in builds:
        for target in sorted({one.target for one in build}):
            wanted = tuple(dict.fromkeys(one.requirement for one in build if one.target == target))
            if not update and all(lock.answer(target, one) is not None for one in wanted):
                continue
            if len(wanted) > _MOST_ASKED:
                failed[target] = (
                    f"a build asks for {len(wanted)} packages, more than the {_MOST_ASKED} that are looked up; none was"
                )
                continue
            if target == NPM_TARGET:
                if npm is not None:
                    tables[target] = _by_npm(tables.get(target, {}), wanted, npm, now, failed)
                continue
            if target == YARN_TARGET:
                if npm is not None:
                    tables[target] = _by_lock_file(tables.get(target, {}), wanted, npm, now, failed)
                continue
            if target == GEM_TARGET:
                if gem is not None:
                    anew = [one for one in wanted if update or lock.answer(target, one) is None]
                    tables[target] = _merged(tables.get(target, {}), gems.answers(anew, gem, now, failed))
                continue
            python = target.removeprefix(_PREFIX).partition("-")[0]
            table = tables.setdefault(target, {})
            for asked, chosen in _chosen(wanted, store, python, failed):
                _put(table, asked, chosen, store, now, failed)
    found = {target: table for target, entries in sorted(tables.items()) if (table := _reached(entries))}
    before = {(target, key) for target, entries in lock.packages.items() for key in entries}
    after = {(target, key) for target, entries in found.items() for key in entries}
    kept = {target: _settled(lock.packages.get(target, {}), entries) for target, entries in found.items()}
    return PackagesOutcome(
        evolve(lock, packages=kept), tuple(sorted(after - before)), tuple(sorted(before - after)), failed
    )


def _by_npm(
    table: dict[str, PackageEntry], wanted: tuple[str, ...], npm: NpmStore, now: datetime, failed: dict[str, str]
) -> dict[str, PackageEntry]:
    """*table* with the answers of npm's registry for all of *wanted*, one by one where that has none."""
    try:
        return _merged(table, answers(wanted, npm, now))
    except (RegistryError, Unresolved) as error:
        if len(wanted) == 1:
            failed[wanted[0]] = str(error)
            return table
    for one in wanted:
        table = _by_npm(table, (one,), npm, now, failed)
    return table


def _by_lock_file(
    table: dict[str, PackageEntry], wanted: tuple[str, ...], npm: NpmStore, now: datetime, failed: dict[str, str]
) -> dict[str, PackageEntry]:
    """*table* with the answers of npm's registry for all of *wanted*, or none: each may load files of the others."""
    try:
        return _merged(table, exact_answers(wanted, npm, now))
    except (RegistryError, Unresolved) as error:
        failed["yarn.lock"] = str(error)
        return table


def _merged(table: Mapping[str, PackageEntry], found: Mapping[str, PackageEntry]) -> dict[str, PackageEntry]:
    """*table* with the entries *found*; what was answered otherwise before is answered anew."""
    anew = {one for entry in found.values() for one in entry.asked}
    kept = {key: evolve(entry, asked=tuple(sorted(set(entry.asked) - anew))) for key, entry in table.items()}
    for key, entry in found.items():
        before = kept.get(key)
        if before is not None:
            entry = evolve(
                entry,
                asked=tuple(sorted({*entry.asked, *before.asked})),
                requires=tuple(sorted({*entry.requires, *before.requires})),
            )
        kept[key] = entry
    return kept


def _chosen(
    wanted: tuple[str, ...], store: Store, python: str, failed: dict[str, str]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Chosen]]]:
    """The versions for all of *wanted* at once; one by one where that has no answer."""
    try:
        yield wanted, resolve(wanted, store, python)
        return
    # Versions of thousands of digits are numbers that Python refuses to read.
    except (RegistryError, Unresolved, ValueError) as error:
        if len(wanted) == 1:
            failed[wanted[0]] = str(error)
            return
    for one in wanted:
        yield from _chosen((one,), store, python, failed)


def _put(
    table: dict[str, PackageEntry],
    asked: tuple[str, ...],
    chosen: Mapping[str, Chosen],
    store: Store,
    now: datetime,
    failed: dict[str, str],
) -> None:
    """Write the answers for *asked* into *table*."""
    with crew(_WORKERS) as pool:
        looked = dict(zip(chosen, pool.map(lambda one: _look(one, store), chosen.values()), strict=True))
    answers: dict[str, list[str]] = {}
    for requirement in asked:
        answers.setdefault(_name(requirement), []).append(requirement)
    for key, entry in table.items():
        table[key] = evolve(entry, asked=tuple(one for one in entry.asked if one not in asked))
    for name, one in chosen.items():
        found = looked[name]
        if isinstance(found, str):
            failed[one.key] = found
            continue
        before = table.get(one.key)
        requirements = {*answers.get(name, ()), *(before.asked if before is not None else ())}
        requires = {*one.requires, *(before.requires if before is not None else ())}
        table[one.key] = evolve(found, asked=tuple(sorted(requirements)), requires=tuple(sorted(requires)), locked=now)


def _look(chosen: Chosen, store: Store) -> PackageEntry | str:
    """What the archives of one version are made of; why they could not be looked into."""
    release = chosen.release
    files = {one.url: one for machine in MACHINES if (one := release.wheels.get(machine)) is not None}
    if release.compiled and release.source is not None:
        files = {release.source.url: release.source}
    try:
        archives = [store.archive(file) for file in files.values()]
    except RegistryError as error:
        return str(error)
    return PackageEntry(
        asked=(),
        requires=(),
        compiled=any(one.compiled for one in archives),
        libraries=tuple(sorted({name for one in archives for name in one.libraries})),
        uses=tuple(sorted({name for one in archives for name in one.uses})),
        bins=tuple(sorted({name for one in archives for name in one.bins})),
        locked=datetime.fromtimestamp(0, UTC),
    )


def _name(requirement: str) -> str:
    for at, character in enumerate(requirement):
        if not (character.isalnum() or character == "-"):
            return requirement[:at]
    return requirement


def _reached(table: Mapping[str, PackageEntry]) -> dict[str, PackageEntry]:
    """The entries that answer something, and those that they need."""
    waiting = [key for key, entry in table.items() if entry.asked]
    found: dict[str, PackageEntry] = {}
    while waiting:
        key = waiting.pop()
        if key in table and key not in found:
            found[key] = table[key]
            waiting += table[key].requires
    return dict(sorted(found.items()))


def _settled(before: Mapping[str, PackageEntry], after: dict[str, PackageEntry]) -> dict[str, PackageEntry]:
    """*after* with the times of entries that say what they said."""
    return {
        key: before[key] if key in before and evolve(entry, locked=before[key].locked) == before[key] else entry
        for key, entry in after.items()
    }
