"""Whether requirements of Python install without a compiler, and run, on an image that lacks what full ones have.

The lock file says it of what was asked of the index; of the rest, what is known of packages by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...knowledge.larger import larger
from ...knowledge.libraries import package_of
from ...knowledge.linked import linked_packages
from ...knowledge.smaller import Installer
from ...patterns import re
from ...record import record
from ..locked import Lock, PackageEntry
from .asked import GEM_TARGET, NPM_TARGET, asked
from .listed import Unmet, check_addon

_NAMED = re.compile(r"([a-z0-9-]+)((?:\[[^\]]*\])?)([^;]*)(?:;.*)?\Z")


@record
class Settled:
    """A requirement that is known: ``compiled`` are the packages that an installation compiles, ``programs`` those
    that it brings. ``looked_up`` says that the lock file told, not only what is known of the name. ``named`` is what
    their code may start or load, which only full images have; ``loads`` are packages whose library is known by name,
    ``linked`` the development packages with the libraries that archives of them are linked to.
    """

    compiled: tuple[str, ...]
    programs: frozenset[str]
    looked_up: bool
    named: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()


def settle_npm(
    lock: Lock,
    requirement: str | None,
    known: Installer,
    loads: Callable[[str], bool],
    *,
    compiles: bool = False,
) -> Settled | None:
    """What *lock* says of npm's *requirement*, as ``asked.npm_asked`` writes it; None where it says nothing.

    *known* tells whose install scripts compile nothing, *loads* whether the project loads files of a package by paths
    into it. Raises ``Unmet`` where the smaller image lacks something.
    """
    answer = lock.answer(NPM_TARGET, requirement) if requirement is not None else None
    if answer is None:
        return None
    linked = linked_packages("npm")
    compiled: list[str] = []
    named: list[str] = []
    programs: set[str] = set()
    for key, entry in answer.items():
        name = key.rpartition("==")[0]
        programs.update(entry.bins)
        if entry.compiled and name not in known.harmless_scripts:
            if not compiles or name not in linked.packages:
                check_addon("npm", key, entry, compiles=compiles)
            compiled.append(name)
        elif entry.libraries:
            check_addon("npm", key, entry, compiles=compiles)
        if name in linked.runs:
            raise Unmet(f"{key} may start a program which the smaller image lacks")
        if name not in known.packages | linked.plain:
            named += [f"{key} names {use}" for use in (*entry.uses, *(entry.aside if loads(name) else ()))]
    return Settled(tuple(compiled), frozenset(programs), looked_up=True, named=tuple(named))


def settle_gem(lock: Lock, requirement: str) -> frozenset[str] | None:
    """The programs that the gem *requirement* (``name==version``) brings, by what *lock* says; None where it says
    nothing. Raises ``Unmet`` where the gem is compiled, or needs what only full images have.
    """
    answer = lock.answer(GEM_TARGET, requirement)
    if answer is None:
        return None
    programs: set[str] = set()
    for key, entry in answer.items():
        if entry.compiled:
            raise Unmet(f"{key} is compiled, and may be linked to any library of the full image")
        if entry.libraries:
            raise Unmet(f"{key} is linked to {entry.libraries[0]}, which the smaller image lacks")
        if entry.uses:
            raise Unmet(f"{key} names {entry.uses[0]}, which the smaller image may lack")
        programs.update(entry.bins)
    return frozenset(programs)


@record
class Index:
    """What *lock* says of an index for *target*, beside what is *known* by name for that version of *python*."""

    lock: Lock
    target: str | None
    known: Installer
    python: str = ""

    def settle(self, line: str, *, compiles: bool = False) -> Settled | None:
        """What is known of the requirement in *line*; None where nothing is.

        *compiles*: a compiler is there, so that only what the result is linked to counts. Raises ``Unmet`` where the
        lock file tells that the smaller image lacks something.
        """
        requirement = asked(line)
        if requirement is None:
            return None
        answer = self.lock.answer(self.target, requirement) if self.target is not None else None
        if answer is not None:
            return self._looked_up(answer, compiles=compiles)
        named = _NAMED.match(requirement)
        if named is None:
            return None
        name, extras, version = named.groups()
        if compiles and self.known.comes_compiled(f"{name}{extras}", version, self.python):
            return Settled((), frozenset(), looked_up=False)
        if compiles:
            return Settled((name,), frozenset(), looked_up=False) if name in self.known.packages else None
        brings = self.known.brings(f"{name}{extras}", version, self.python)
        return Settled((), frozenset(), looked_up=False) if brings else None

    def _looked_up(self, answer: Mapping[str, PackageEntry], *, compiles: bool) -> Settled:
        linked = linked_packages("pip")
        compiled: list[str] = []
        named: list[str] = []
        loads: list[str] = []
        held: dict[str, None] = {}
        programs: set[str] = set()
        there = {key.partition("==")[0] for key in answer}
        for key, entry in answer.items():
            name = key.partition("==")[0]
            programs.update(entry.bins)
            if entry.compiled and not compiles and name in self.known.packages:
                # An extension of it is left out where nothing compiles it.
                continue
            if entry.compiled:
                if not compiles:
                    raise Unmet(f"pip compiles {key}, of which the index has no archive for every platform")
                if name not in self.known.packages | linked.packages:
                    raise Unmet(f"{key} is compiled, and may be linked to any library of the full image")
                compiled.append(name)
                continue
            uses = entry.uses
            library = next((use for use in uses if use.partition(" ")[0] in larger().libraries), None)
            if library is not None and name in linked.links:
                loads += [name] if there.isdisjoint(linked.complete.get(name, ())) else []
                # What would tell where the library lies is asked where it is not found by its name.
                names = {use: use.partition(" ")[0] for use in uses}
                uses = tuple(
                    use for use in uses if not names[use].endswith("config") and names[use] not in larger().libraries
                )
                library = None
            elif name in self.known.packages or name in self.known.wheels or name in linked.plain - linked.runs:
                continue
            for one in entry.libraries:
                package = package_of(one.partition(" ")[0])
                if package is None:
                    raise Unmet(f"{key} is linked to {one}, which the smaller image lacks")
                held[package] = None
            if library is not None:
                raise Unmet(f"{key} loads {library}, which the smaller image lacks")
            named += [f"{key} names {use}" for use in uses]
        return Settled(
            tuple(compiled),
            frozenset(programs),
            looked_up=True,
            named=tuple(named),
            loads=tuple(loads),
            linked=tuple(held),
        )
