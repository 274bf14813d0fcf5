"""Programs that code of the project starts, and whether a runtime stage has them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...analysis.project import StartedProgram
from ...ir.reference import parse
from ...knowledge.images import image_facts
from ...knowledge.smaller import common_commands, programs_of, smaller
from .runtime_needs import CERTIFICATES
from .split_project import Project, Target


def lacking(project: Project, target: Target) -> str | None:
    """Why the stage on *target* may lack a program that code starts in the container; None where it lacks none."""
    context = project.facts.project
    if context is None:
        return None
    there: frozenset[str] | None = None
    for started in context.behaviour(project.build).programs:
        if started.name is None:
            return f"what code starts or loads is known only when it runs: {started.written} ({started.evidence})"
        there = there if there is not None else frozenset(_programs(project, target))
        if not _has(project, target, started, there):
            return f"code uses {started.name} ({started.evidence}), which {target.image} may lack"
    return None


def _has(project: Project, target: Target, started: StartedProgram, there: frozenset[str]) -> bool:
    folder, name = posixpath.split(started.name or "")
    if folder and folder not in ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin"):
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name or ""))
        return project.shipping.covers(path) and name in project.shipping.made
    if name in there or (not folder and name in project.shipping.made):
        return True
    left = {one.name for one in project.shipping.packages if one.written not in target.packages}
    stays = target.image == project.stage.head.image
    return stays and name not in left | {program for package in left for program in programs_of(package)}


def _programs(project: Project, target: Target) -> Iterator[str]:
    """The programs that the stage on *target* surely has."""
    yield from project.recipe.programs
    reference = parse(target.image)
    facts = image_facts(reference.familiar_name, reference.tag.text if reference.tag is not None else None)
    if facts is not None and facts.shell not in (None, "none") and facts.family is not None:
        yield from common_commands(facts.family)
    packages = {package.partition("=")[0] for package in target.packages} - {CERTIFICATES}
    yield from packages
    for package in packages:
        yield from programs_of(package)
    full = smaller("python", "slim", "debian")
    if full is not None:
        yield from (command for command, package in full.packages.items() if package in packages)
