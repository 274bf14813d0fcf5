"""Package lists: what claims delete must not be read by what runs on top of the layer, in this build or another."""

from __future__ import annotations

from ..change import AddsOption, DropsFiles
from ..ir.build import Build
from ..ir.steps import Onbuild
from .claims import Licences
from .cleanups import reads_lists
from .observe import units
from .program import base_of, commands_of, script_of
from .verdict import Unsound

_FETCHES = frozenset(("--no-cache", "-U", "--update", "--update-cache"))


def check_package_lists(new: Build, licences: Licences) -> None:
    """Raise ``Unsound`` where a RUN, or a trigger, reads lists of packages that a claim took from the layer."""
    if any("/var/lib/apt/lists/*" in claim.argv for claim in licences.of(DropsFiles)):
        _apt(new)
    if any("--no-cache" in claim.options for claim in licences.of(AddsOption)):
        _apk(new)


def _apt(new: Build) -> None:
    ends: list[int | None] = []
    for stage in new.stages:
        base = base_of(stage, new)
        deleted = ends[base] if isinstance(base, int) else None
        for step in stage.steps:
            script = script_of(step)
            if script is None:
                continue
            reads = reads_lists(units(script))
            if deleted is not None and reads is True:
                raise Unsound(f"apt reads lists that line {deleted} deleted", None, step.line)
            if reads is False:
                deleted = None
            if "rm -rf /var/lib/apt/lists/*" in script.text:
                deleted = step.line
        for step in stage.steps:
            script = script_of(step.trigger) if isinstance(step, Onbuild) and step.trigger is not None else None
            if deleted is not None and script is not None and reads_lists(units(script)) is True:
                raise Unsound(f"a trigger has apt read lists that line {deleted} deleted", None, step.line)
        ends.append(deleted)


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
