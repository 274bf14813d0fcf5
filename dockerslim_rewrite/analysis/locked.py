"""What moving tags stood for, and what package indexes had, when somebody locked them.

Only data: reading and refreshing is the registry's part.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from ..ir.reference import ImageReference, parse
from ..record import record

#: The lock file's name.
FILE_NAME = "dockerslim.lock"


@record
class LockEntry:
    """What a reference stood for at *locked*: *tag* is the most exact tag of *digest* (the reference's own at worst).

    ``previous`` is the digest that it stood for before it was refreshed, None where that is not known. ``platforms``
    are those of the index, sorted: ``linux/amd64``, ``linux/arm/v7``.
    """

    tag: str
    digest: str
    platforms: tuple[str, ...]
    registry: str
    locked: datetime
    previous: str | None = None


@record
class PackageEntry:
    """What an index of packages had of one version for one kind of image, at *locked*.

    ``asked`` are the requirements that were answered by it, as ``packages.asked.asked`` writes them; ``requires`` the
    versions that it needs beside it, each ``name==version`` like the keys of its table. ``compiled`` says that an
    installation has to compile it, ``alone`` that what npm compiles of it is linked to nothing but the libraries of C
    and C++; ``libraries`` are those (by soname) that it is linked to and that slim images lack, ``uses`` the programs
    and libraries of full images that its code names, each with the file that does, ``aside`` those that are named only
    in files which nobody loads but by their paths, and ``bins`` the programs that it brings.
    """

    asked: tuple[str, ...]
    requires: tuple[str, ...]
    compiled: bool
    libraries: tuple[str, ...]
    uses: tuple[str, ...]
    bins: tuple[str, ...]
    locked: datetime
    aside: tuple[str, ...] = ()
    alone: bool = False


@record
class Supposed:
    """What *rule* may take for granted of one Dockerfile: building has shown it, or is about to.

    The rule changes the base to ``base`` (empty: to the one that its recipe prefers), has ``packages`` installed there,
    and copies ``places``, where it splits a stage. ``level`` is the name of the one that the change deserves,
    ``evidence`` one line for people.
    """

    rule: str
    base: str = ""
    packages: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    level: str = "aggressive"
    evidence: str = ""


@record
class Proof:
    """What building the Dockerfile *file* showed, when its text and its build context had these digests.

    ``ignored`` are codes of rules whose changes were not part of what was shown, ``also`` of those whose changes were
    part of it beside the one that ``supposed`` is for.
    """

    file: str
    dockerfile: str
    context: str
    supposed: Supposed
    proved: datetime
    ignored: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def granted(self) -> tuple[Supposed, ...]:
        """What each of its rules may take for granted."""
        given = self.supposed
        others = tuple(Supposed(code, level=given.level, evidence=given.evidence) for code in self.also)
        return (given, *others)


@record
class Lock:
    """Entries by canonical reference (``docker.io/library/python:3``), packages by what they are installed for,
    and what was proved by building.

    Packages are installed for ``pypi-3.11-debian`` (the version of Python, the family of the distribution); below that
    the key is ``name==version``.
    """

    entries: Mapping[str, LockEntry] = MappingProxyType({})
    packages: Mapping[str, Mapping[str, PackageEntry]] = MappingProxyType({})
    proofs: tuple[Proof, ...] = ()

    def answer(self, target: str, requirement: str) -> Mapping[str, PackageEntry] | None:
        """What *requirement* brings where it is installed for *target*: its own entry first, then all that it needs.

        None where it was not asked, or where an entry is missing.
        """
        known = self.packages.get(target, {})
        # Where builds were answered differently, each answer counts.
        waiting = [key for key, entry in known.items() if requirement in entry.asked]
        if not waiting:
            return None
        found: dict[str, PackageEntry] = {}
        while waiting:
            key = waiting.pop()
            if key in found:
                continue
            if key not in known:
                return None
            found[key] = known[key]
            waiting += known[key].requires
        return found

    def proofs_of(self, dockerfile: str) -> tuple[Proof, ...]:
        """The proofs of files whose text has the digest *dockerfile*, whatever their contexts."""
        return tuple(one for one in self.proofs if one.dockerfile == dockerfile)

    def find(self, reference: ImageReference) -> LockEntry | None:
        """The entry of *reference*, however it is spelled; None for a template and for what is not locked."""
        return None if reference.template else self.entries.get(reference.canonical)

    def renewed(self, reference: ImageReference) -> LockEntry | None:
        """The entry of the tag of *reference*, which has a digest: None where it has no tag, or is not locked."""
        if reference.template or reference.tag is None or reference.digest is None:
            return None
        return self.entries.get(reference.by_tag)

    def of_version(self, reference: ImageReference) -> LockEntry | None:
        """The entry of *reference*, or the newest one of its repository that was locked to the tag it has.

        So a reference keeps its digest when the tag in it has been pinned: ``python`` was locked, and stands there as
        ``python:3.14.1`` now.
        """
        found = self.find(reference)
        if found is not None or reference.template or reference.tag is None:
            return found
        named = [
            entry
            for key, entry in self.entries.items()
            if entry.tag == reference.tag.text and parse(key).name == reference.name
        ]
        return max(named, key=lambda entry: (entry.locked, entry.digest), default=None)


#: What is known without a lock file.
NO_LOCK = Lock()
