"""Drafts of splits that were not made: what the recipe would write if what is in the way was not there."""

from __future__ import annotations

import posixpath
from itertools import pairwise

from ...analysis.facts import Facts
from ...analysis.flow.places import Place
from ...analysis.runtime.shipped import Obstacle
from ...analysis.runtime.starting import EVERYWHERE, Starting, worked_in
from ...change import Safety
from ...ir.build import Build
from ...ir.steps import Onbuild
from ...knowledge.recipes import recipe
from ...knowledge.servers import server
from ...patterns import re
from ...record import evolve, record
from ...text import Patch
from .likely_bases import likely_base
from .runtime_needs import likely_packages
from .split_project import Choose, Project, Target, project_of
from .splitting import change_of, targets_of, told_elsewhere

#: Programs of the distribution, or of the base image.
_SYSTEM = re.compile(r"/(?:usr/(?:local/)?)?s?bin/[^/]+\Z")
#: Where an image of a language has all of it.
_ALL_OF_THE_LANGUAGE = "/usr/local"


@record
class Draft:
    """A split that was not made: the rule, why not, on which line, and how the file would read.

    ``others`` is what else is not known, as line and reason.
    """

    rule: str
    reason: str
    line: int
    text: str
    others: tuple[tuple[int, str], ...] = ()


def draft_split(build: Build, facts: Facts, name: str, choose: Choose) -> Draft | None:
    """The split that the recipe *name* would make of *build* if nothing was in the way.

    None where nothing is, and where no split can be right: for images to work in, and images to build others on.
    """
    found = project_of(build, facts, recipe(name))
    if found is None:
        return None
    project, obstacle = found
    targets = targets_of(project, obstacle, choose)
    if not isinstance(targets, Obstacle) or told_elsewhere(project) or _worked_in(project):
        return None
    target = _target(project, choose)
    if target is None:
        return None
    change = change_of(project, target)
    others = tuple((one.line, one.reason) for one in project.shipping.obstacles if one != targets)
    return Draft(project.recipe.code, targets.reason, targets.line, Patch.of(change.edits).apply(build.text), others)


def _worked_in(project: Project) -> bool:
    """Whether the container is there for whoever works in it, with the tools of the build."""
    stage = project.stage
    triggers = any(isinstance(step, Onbuild) for step in stage.steps) or "onbuild" in project.image.parts.variant
    names = {posixpath.basename(one.name) for one in project.starting.programs}
    plain = {one.name for one in project.starting.programs}
    idle = worked_in(stage) and not names
    return triggers or idle or not names.isdisjoint(project.recipe.tools) or not plain.isdisjoint(EVERYWHERE)


def _target(project: Project, choose: Choose) -> Target | None:
    """The most careful base of those that the recipe would take if the program was known; else a likely one.

    None where nothing tells how to get the server that the container starts.
    """
    # As if everything was there that the container starts.
    ships = evolve(project.shipping, places=(Place("/"),), made=frozenset("*"), packages=())
    known = evolve(project, starting=Starting((), (), project.starting.needs_shell), shipping=ships)
    likely = choose(known)
    release = project.image.release or project.recipe.release(project.image.parts.version)
    packages = likely_packages(project, release)
    if not isinstance(likely, str) and likely:
        return evolve(likely[-1], packages=packages, files=(*_started(project), *likely[-1].files))
    if any((one := server(name)) is not None and one.installed for name in project.recipe.servers):
        return None
    files = (*_started(project), *((project.recipe.certificates,) if project.recipe.certificates else ()))
    if project.recipe.sites and not project.recipe.packages_in(project.image.parts.version):
        files = (*files, _ALL_OF_THE_LANGUAGE)
    return Target(likely_base(project), Safety.STANDARD, "", files, packages=packages)


def _started(project: Project) -> tuple[str, ...]:
    """Files that the container starts, which may have been made in a way that is not known."""
    words = project.starting.words
    names = [one.name for one in project.starting.programs if one.path]
    names += [name for word, name in pairwise(words) if word == "-jar"]
    paths = [posixpath.normpath(posixpath.join(project.folder or "/", name)) for name in names]
    return tuple(dict.fromkeys(path for path in paths if not project.shipping.holds(path) and not _SYSTEM.match(path)))
