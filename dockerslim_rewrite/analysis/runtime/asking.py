"""What a build asks of package indexes: requirement by requirement."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.build import Build
from ...record import record
from ..bases import base_image
from ..facts import Facts
from ..packages.asked import ELSEWHERE, asked, python_target
from ..packages.listed import Lists, Unmet
from ..shell.operations import Kind
from .folders import folders


@record
class Asked:
    """A requirement, installed for *target*: a key of ``Lock.packages``."""

    target: str
    requirement: str


def asked_of(build: Build, facts: Facts) -> Iterator[Asked]:
    """What the stages of *build* on images of Python ask of the index, as far as the file and its context tell."""
    lists = Lists(build, facts)
    for stage in build.stages:
        image = base_image(build, facts, stage)
        if image is None or image.name != "python":
            continue
        target = python_target(image.family, image.parts.version)
        if target is None:
            continue
        working = folders(stage, facts, image.workdir)
        for run in stage.runs:
            for use in facts.uses(run):
                done = use.operation
                if done.manager.name not in ("pip", "uv") or done.kind not in (Kind.INSTALL, Kind.UPGRADE):
                    continue
                if done.has_flag(*ELSEWHERE):
                    continue
                lines = [use.command.argv[at] or "" for at in done.operands]
                for flag in done.flags:
                    if flag.name in ("-r", "--requirement") and flag.value:
                        lines += _listed(lists, flag.value, working[run.index])
                for line in lines:
                    requirement = asked(line)
                    if requirement is not None:
                        yield Asked(target, requirement)


def _listed(lists: Lists, path: str, folder: str | None) -> tuple[str, ...]:
    try:
        return lists.lines(path, folder)
    except Unmet:
        return ()
