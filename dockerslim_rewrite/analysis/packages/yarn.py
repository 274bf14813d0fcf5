"""What ``yarn install`` brings: whether anything of it is compiled, and which programs there are.

What ``YarnSite`` reads of the build context says what is installed, the lock file what npm's registry has of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...knowledge.linked import linked_packages
from ...knowledge.smaller import Installer
from ..locked import Lock, PackageEntry
from ..shell.operations import Operation
from .asked import YARN_TARGET, npm_installs_development
from .indexed import Settled
from .listed import Lists, Unmet, check_addon, look_up
from .yarn_lock import YarnPackage
from .yarn_site import YarnSite


def settle_yarn(site: YarnSite, done: Operation, lock: Lock, known: Installer, *, compiles: bool = False) -> Settled:
    """What is known of all that *done* installs at *site*; *known* tells whose install scripts compile nothing,
    *compiles* that a compiler is there.

    Raises ``Unmet`` where something may be compiled, or is not known.
    """
    site.check_words(done)
    development = npm_installs_development(done, site.lists.facts.state(site.run).env)
    found, locked = site.packages(development=development), site.lock()
    flag = "--mode" if locked.modern else "--ignore-scripts"
    mute = done.has_flag(flag) and done.flag_value(flag) in (("skip-build",) if locked.modern else (None, "true"))
    if not locked.modern and done.has_flag("--mode"):
        raise Unmet("what yarn install --mode installs is not known")
    told = site.quiet(locked)
    quiet = mute or told
    if not mute and not (told and not locked.modern):
        site.check_own_scripts()
    starter = next((one for one in found if one.name in linked_packages("npm").runs), None)
    if starter is not None:
        raise Unmet(f"{starter.name} may start a program of the full image")
    programs = {program for one in found for program in one.bins}
    named: list[str] = []
    for one in found:
        entry = _answer(lock, one)
        if entry is None and not quiet:
            raise Unmet(f"yarn may have to compile {one.requirement}{look_up(lock, YARN_TARGET)}")
        if entry is None:
            continue
        if not quiet and one.name not in known.harmless_scripts:
            check_addon("yarn", one.requirement, entry, compiles=compiles)
        programs.update(entry.bins)
        named += _uses(one, entry, site.lists, known)
    return Settled((), frozenset(programs), looked_up=True, named=tuple(named))


def programs_unsaid(site: YarnSite, done: Operation, lock: Lock) -> str:
    """Who may tell which programs the packages bring that *done* installs at *site*; nothing where that is known."""
    found = site.packages(development=npm_installs_development(done, site.lists.facts.state(site.run).env))
    known = all(one.bins or _answer(lock, one) is not None for one in found)
    return "" if known or site.lock().modern else look_up(lock, YARN_TARGET)


def _uses(package: YarnPackage, entry: PackageEntry, lists: Lists, known: Installer) -> Iterator[str]:
    """What only full images have, and the code of *package* names."""
    if package.name in known.packages | linked_packages("npm").plain:
        return
    for use in (*entry.uses, *(entry.aside if lists.loads_into(package.name) else ())):
        yield f"{package.name}=={package.version} names {use}"


def _answer(lock: Lock, package: YarnPackage) -> PackageEntry | None:
    entry = lock.packages.get(YARN_TARGET, {}).get(f"{package.name}=={package.version}")
    return entry if entry is not None and package.requirement in entry.asked else None
