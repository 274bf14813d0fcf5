"""Package lists: what claims delete must not be read by what runs on top of the layer, in this build or another."""

from __future__ import annotations

import posixpath

from ...change import AddsCommand, AddsOption, DropsFiles, RemovesCommand
from ...ir.build import Build
from ...ir.steps import Copy, Onbuild, Run, Value
from ...patterns import re
from ...shell.names import POSIX_SHELLS
from ..core.observe import Command, units
from ..core.program import base_of, commands_of, script_of
from ..core.verdict import Unsound
from .claims import Licences
from .cleanups import reads_lists

_SOURCES = re.compile(r"/etc/apt|sources\.list|apt-(?:add-repository|key)|add-apt-repository|add-architecture|\.deb\b")
#: Commands that run what is written elsewhere.
_INTERPRETERS = POSIX_SHELLS | {".", "source", "eval"}
_FILE = re.compile(r"\.*+[^.].*\.[A-Za-z0-9]+\Z", re.S)
_FETCHES = frozenset(("--no-cache", "-U", "--update", "--update-cache"))


def check_package_lists(old: Build, new: Build, licences: Licences) -> None:
    """Raise ``Unsound`` where a RUN, or a trigger, reads lists of packages that a claim took from the layer, and where
    an update that a claim adds may meet other sources than the update before it.
    """
    if any("/var/lib/apt/lists/*" in claim.argv for claim in licences.of(DropsFiles)):
        deleted = _reads_deleted(new)
        if len(deleted) > len(_reads_deleted(old)):
            raise Unsound("apt reads lists that are deleted below it", None, deleted[-1])
    if any("--no-cache" in claim.options for claim in licences.of(AddsOption)):
        _apk(new)
    if any(_updates(claim.argv) for claim in licences.of(RemovesCommand)):
        without = _reads_none(new)
        if len(without) > len(_reads_none(old)):
            raise Unsound("apt reads lists that nothing fetches any more", None, without[-1])
    if any("update" in claim.argv for claim in licences.of(AddsCommand)):
        fresh = _fresh_updates(new)
        if len(fresh) > len(_fresh_updates(old)):
            raise Unsound("an added update may bring lists of sources that the install did not see", None, fresh[-1])


def _reads_deleted(build: Build) -> list[int]:
    """The lines of RUNs, and triggers, that have apt read lists which the layers below have deleted."""
    found: list[int] = []
    ends: list[int | None] = []
    for stage in build.stages:
        base = base_of(stage, build)
        deleted = ends[base] if isinstance(base, int) else None
        for step in stage.steps:
            script = script_of(step)
            if script is None:
                continue
            reads = reads_lists(units(script))
            if deleted is not None and reads is True:
                found.append(step.line)
            if reads is False:
                deleted = None
            if script.text.rfind("rm -rf /var/lib/apt/lists/*") > script.text.rfind(" update"):
                deleted = step.line
        for step in stage.steps:
            script = script_of(step.trigger) if isinstance(step, Onbuild) and step.trigger is not None else None
            if deleted is not None and script is not None and reads_lists(units(script)) is True:
                found.append(step.line)
        ends.append(deleted)
    return found


def _updates(argv: tuple[str, ...]) -> bool:
    return "update" in argv and not {"apt-get", "apt"}.isdisjoint(argv)


def _reads_none(build: Build) -> list[int]:
    """The lines of RUNs, and triggers, that may have apt read lists which no RUN of *build* below them fetched."""
    found: list[int] = []
    ends: list[bool] = []
    for stage in build.stages:
        base = base_of(stage, build)
        known = ends[base] if isinstance(base, int) else False
        triggers = [step.trigger for step in stage.steps if isinstance(step, Onbuild) and step.trigger is not None]
        for step in (*stage.steps, *triggers):
            if not isinstance(step, Run):
                continue
            script = script_of(step)
            # What cannot be read may read them.
            reads = True if script is None else reads_lists(units(script))
            if reads and not known:
                found.append(step.line)
            known = known or reads is False
        ends.append(known)
    return found


def _apk(new: Build) -> None:
    for stage in new.stages:
        for step in stage.steps:
            if not isinstance(step, Onbuild) or step.trigger is None:
                continue
            for command in commands_of(step.trigger):
                if command.words[:1] == ("apk",) and "update" in command.words:
                    break
                if command.words[:1] == ("apk",) and "add" in command.words and not _FETCHES & set(command.words):
                    raise Unsound("a trigger has apk read an index that is no longer there", None, step.line)


def _fresh_updates(build: Build) -> list[int]:
    """The lines of RUNs with an ``apt-get update`` for the first time in their layers, or behind what may have changed
    apt's sources: all but those that fetch again what the layers below have fetched.
    """
    found: list[int] = []
    ends: list[bool] = []
    places: list[str | None] = []
    for stage in build.stages:
        base = base_of(stage, build)
        known = ends[base] if isinstance(base, int) else False
        # Where a stage starts may be another place than the root; nobody keeps apt's sources there.
        place = places[base] if isinstance(base, int) else "/"
        for step in stage.steps:
            if isinstance(step, Value) and step.keyword == "WORKDIR":
                named = step.value.strip("\"'")
                place = None if "$" in named or place is None else posixpath.normpath(posixpath.join(place, named))
            elif isinstance(step, Copy):
                known = known and not _covers_sources(step, place)
            elif isinstance(step, Run):
                known = known and script_of(step) is not None
                for command in commands_of(step):
                    if "update" in command.words and {"apt-get", "apt"} & set(command.words):
                        if not known:
                            found.append(step.line)
                        known = True
                    elif _changes_sources(command):
                        known = False
        ends.append(known)
        places.append(place)
    return found


def _changes_sources(command: Command) -> bool:
    words = [*command.raw, *(target for _, target in command.redirects)]
    if any(_SOURCES.search(word) for word in words):
        return True
    return command.words[:1] != () and command.words[0].rpartition("/")[2] in _INTERPRETERS


def _covers_sources(step: Copy, place: str | None) -> bool:
    """Whether COPY may write below /etc/apt, as far as its destination, seen from *place*, tells."""
    if "$" in step.destination or (place is None and not step.destination.startswith("/")):
        return True
    path = posixpath.normpath(posixpath.join(place or "/", step.destination))
    if path.startswith("/etc/apt"):
        return True
    # A file lands beside /etc/apt, a folder may bring one.
    return path in ("/", "/etc") and not all(_FILE.match(source.rpartition("/")[2]) for source in step.sources)
