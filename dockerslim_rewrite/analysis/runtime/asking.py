"""What a build asks of package indexes: requirement by requirement."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...record import record
from ..bases import base_image
from ..facts import Facts
from ..packages.asked import ELSEWHERE, GEM_TARGET, NPM_TARGET, asked, npm_word, python_target
from ..packages.exact import LOCKS
from ..packages.listed import Lists, Unmet
from ..packages.lock_files import gems
from ..shell.operations import Kind
from .folders import folders


@record
class Asked:
    """A requirement, installed for *target*: a key of ``Lock.packages``."""

    target: str
    requirement: str


def asked_of(build: Build, facts: Facts) -> Iterator[Asked]:
    """What *build* asks of indexes on images of Python, Node.js and Ruby, as far as file and context tell."""
    lists = Lists(build, facts)
    for stage in build.stages:
        image = base_image(build, facts, stage)
        if image is None or image.name not in ("python", "node", "ruby"):
            continue
        working = folders(stage, facts, image.workdir)
        if image.name == "node":
            yield from _npm(stage, facts, lists, working)
            continue
        if image.name == "ruby":
            yield from _gems(stage, facts, lists, working)
            continue
        # A tag without a version is given the one that it stands for before anything rests on it.
        version = image.parts.version or (image.pin.tag.partition("-")[0] if image.pin is not None else None)
        target = python_target(image.family, version)
        if target is None:
            continue
        for run in stage.runs:
            for use in facts.uses(run):
                done = use.operation
                if done.manager.name in LOCKS and done.subcommand in ("sync", "install"):
                    yield from (
                        Asked(target, one) for one in _locked(lists, run, done.manager.name, working[run.index])
                    )
                    continue
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


def _locked(lists: Lists, run: Run, manager: str, folder: str | None) -> Iterator[str]:
    try:
        found = lists.locked(run, manager, folder)
    except Unmet:
        return
    yield from (requirement for one in found if (requirement := asked(one)) is not None)


def _npm(stage: Stage, facts: Facts, lists: Lists, working: Mapping[int, str | None]) -> Iterator[Asked]:
    for run in stage.runs:
        folder = working[run.index]
        for use in facts.uses(run):
            done = use.operation
            if done.manager.name != "npm" or done.kind is not Kind.INSTALL:
                continue
            wanted = [npm_word(use.command.argv[at] or "") for at in done.operands]
            if not done.operands and not lists.has("package-lock.json", folder):
                try:
                    wanted = list(lists.npm_asked(folder, development=True))
                except Unmet:
                    continue
            yield from (Asked(NPM_TARGET, one) for one in wanted if one is not None)


def _gems(stage: Stage, facts: Facts, lists: Lists, working: Mapping[int, str | None]) -> Iterator[Asked]:
    for run in stage.runs:
        folder = working[run.index]
        if not any(use.operation.manager.name == "bundler" for use in facts.uses(run)):
            continue
        text = lists.text(posixpath.join(folder or "/", "Gemfile.lock"), folder)
        yield from (Asked(GEM_TARGET, one.requirement) for one in gems(text or "") if one.usual and not one.foreign)


def _listed(lists: Lists, path: str, folder: str | None) -> tuple[str, ...]:
    try:
        return lists.lines(path, folder)
    except Unmet:
        return ()
