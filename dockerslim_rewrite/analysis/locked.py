"""What moving tags stood for when somebody locked them. Only data: reading and refreshing is the registry's part."""

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
    """Entries by canonical reference (``docker.io/library/python:3``), and what was proved by building."""

    entries: Mapping[str, LockEntry] = MappingProxyType({})
    proofs: tuple[Proof, ...] = ()

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
