"""A stage that builds and runs, as the splitting rules see it, and the bases that its runtime stage may stand on."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from fnmatch import fnmatchcase

from ...analysis.bases import base_image
from ...analysis.facts import Facts
from ...analysis.runtime.shipped import Obstacle, Shipping
from ...analysis.runtime.shipping import shipping
from ...analysis.runtime.starting import Started, Starting, given_starting, starting
from ...analysis.shell.operations import Kind, operation
from ...change import Claim, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Healthcheck, Step
from ...knowledge.images import ImageFacts
from ...knowledge.recipes import Recipe, recipe
from ...knowledge.servers import server
from ...record import record
from ...text import Edit


@record
class Project:
    """One stage that builds, with what is known of it."""

    build: Build
    facts: Facts
    stage: Stage
    recipe: Recipe
    image: ImageFacts
    shipping: Shipping
    starting: Starting

    @property
    def folder(self) -> str | None:
        """The working directory of the container."""
        return self.shipping.states[-1].workdir


@record
class Target:
    """A base for the runtime stage.

    ``files`` are further files to copy from the builder, ``environment`` lines to begin with, ``packages`` are to be
    installed. ``why`` is the reason to show. ``edits`` change the builder as ``claims`` say. ``places`` are what is
    copied of what the stage wrote, None for all of it; with ``bare`` they are also all that is copied of the build
    context. ``again`` are commands of the builder that are run again. ``saving`` is an estimate in bytes where the
    recipe's own is not the one. ``virtual`` is the virtual environment that packages of Python go to. ``unread``
    says how people find out whether the program starts something that stays behind; empty where that is known.
    ``programs`` are those that packages of the project bring.
    """

    image: str
    safety: Safety
    why: str
    files: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    claims: tuple[Claim, ...] = ()
    places: tuple[str, ...] | None = None
    again: tuple[str, ...] = ()
    saving: int | None = None
    virtual: str = ""
    bare: bool = False
    unread: str = ""
    programs: frozenset[str] = frozenset()


#: Which bases a project may get, the boldest first; a text says why none.
Choose = Callable[[Project], "list[Target] | str"]


def project_of(
    build: Build, facts: Facts, known: Recipe, installed: tuple[str, ...] = ()
) -> tuple[Project, Obstacle | None] | None:
    """The project that the recipe is for, and what is in the way of knowing all of it; None where it is for another."""
    if len(build.stages) != 1:
        return None
    stage = build.stages[0]
    image = base_image(build, facts, stage)
    if image is None or image.name not in known.images or not _builds(stage, known, image, facts):
        return None
    ships, obstacle = shipping(stage, known, image.parts.version, installed)
    starts = _starting(stage, known, image, facts)
    made = image.name in recipe("native").images and any(call.name == "make" for call in facts.calls(stage))
    if known.servers and (isinstance(starts, str) or not _serves(starts, known, ships, made=made)):
        return None
    if stage.head.origin.flags:
        obstacle = Obstacle("FROM names a platform", stage.head.line)
    obstacle = obstacle or other_shell(stage)
    if isinstance(starts, str):
        # Whatever else is in the way: nobody can say what such an image is for.
        obstacle = Obstacle(starts, stage.steps[-1].line)
        starts = Starting((), (), None)
    return Project(build, facts, stage, known, image, ships, starts), obstacle


def is_small(image: ImageFacts) -> bool:
    """Whether *image* has no compilers of its own."""
    return image.family == "alpine" or "slim" in image.parts.variant


def _builds(stage: Stage, known: Recipe, image: ImageFacts, facts: Facts) -> bool:
    """Whether *stage* runs one of the recipe's build tools and, with a small base, has installed tools for it."""
    installs = (
        word in known.packages or (word or "").endswith("-dev")
        for run in stage.runs
        for use in facts.uses(run)
        if use.operation.kind is Kind.INSTALL
        for word in use.command.argv
    )
    if known.same and not (known.slim and not is_small(image)) and not any(installs):
        return False
    commands = [(call.argv, call.name) for call in facts.calls(stage)]
    commands += [(run.argv, posixpath.basename(run.argv[0])) for run in stage.runs if run.argv]
    for argv, name in commands:
        found = operation(argv)
        if (found.manager.name if found is not None else name) in known.builders:
            return True
    return False


def _serves(starts: Starting, known: Recipe, ships: Shipping, *, made: bool) -> bool:
    """Whether the container starts one of the recipe's servers, and not one that the stage itself has *made*."""
    started = {posixpath.basename(one.name) for one in starts.programs} & known.servers
    patterns = [pattern for name in started if (found := server(name)) is not None for pattern in found.packages]
    brought = any(fnmatchcase(package.name, pattern) for package in ships.packages for pattern in patterns)
    return bool(started) and (brought or not made)


def _starting(stage: Stage, known: Recipe, image: ImageFacts, facts: Facts) -> Starting | str:
    """How the container starts: as *stage* says, else as all who run it do, or as the base *image* does where the
    recipe knows it.
    """
    named = any(isinstance(step, Exec) for step in stage.steps)
    usage = facts.project.usage if facts.project is not None else None
    given = given_starting(usage, stage.steps[-1].line) if usage is not None and stage.steps and not named else None
    if given is not None:
        return given
    serves = not known.serving or not known.serving.isdisjoint(image.parts.variant)
    if known.starts is not None and serves and not any(step.keyword in ("CMD", "ENTRYPOINT") for step in stage.steps):
        return Starting((Started(known.starts, "FROM", stage.head.line),), (known.starts,), None)
    return starting(stage)


def other_shell(stage: Stage) -> Obstacle | None:
    """A command of the image that is run by another shell than the last one of *stage*."""
    shells = [step.index for step in stage.steps if step.keyword == "SHELL"]
    early = next((step for step in stage.steps if shells and step.index < shells[-1] and _in_shell(step)), None)
    if early is None:
        return None
    return Obstacle(f"{early.keyword} is run by another shell than the last one", early.line)


def _in_shell(step: Step) -> bool:
    return isinstance(step, Exec | Healthcheck) and step.argv is None
