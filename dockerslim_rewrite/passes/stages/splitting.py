"""What the rules DS401 and following share: when one stage that builds and runs may become two.

The runtime stage gets everything that the Dockerfile itself put into the image. What is lost is what the base image
brought, and packages that only builds use.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ...analysis.effects.asking import effects
from ...analysis.effects.reached import Ran
from ...analysis.facts import Facts
from ...analysis.runtime.home import in_home
from ...analysis.runtime.late import brought_again
from ...analysis.runtime.shipped import Obstacle
from ...analysis.shell.operations import Kind, operation
from ...change import Change, InstallsAgain, SplitsStage
from ...ir.build import Build
from ...ir.steps import Env, Exec, Healthcheck, Label, Listing, Value
from ...knowledge.build_tools import build_tools
from ...knowledge.images import ImageFacts
from ...knowledge.recipes import Recipe, recipe
from ...patterns import re
from ...record import evolve
from ...render.instructions import instruction
from ..base import Proposals, missed
from .accounts_again import Accounts, accounts_again
from .code_needs import as_far_as_read, completed, left_behind
from .granted import granted_target, on_proof
from .kept_owners import kept_owners
from .runtime_needs import no_program
from .split_obstacles import obstacle_in, package_obstacle
from .split_project import Choose, Project, Target, project_of
from .stage_text import Install, split_text

#: Managers of packages that may have to be compiled where they are installed.
_OF_LANGUAGES = frozenset(
    (
        "npm",
        "yarn",
        "pnpm",
        "bun",
        "pip",
        "uv",
        "poetry",
        "pipenv",
        "pdm",
        "bundler",
        "gem",
        "cargo",
        "composer",
        "cpan",
    )
)
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def split_stage(build: Build, facts: Facts, name: str, choose: Choose, installed: tuple[str, ...] = ()) -> Proposals:
    """Propose to split the only stage of *build* by the recipe *name*, or say what is in the way.

    *installed* are the paths that installing the project creates, where those are known.
    """
    found = project_of(build, facts, recipe(name), installed)
    if found is None:
        return
    project, obstacle = found
    targets = targets_of(project, obstacle, choose)
    given = facts.granted(project.recipe.code)
    if given is not None:
        reason = targets if isinstance(targets, Obstacle) else None
        target = granted_target(project, given)
        lost = owner_obstacle(project, target)
        if lost is not None:
            yield missed(lost.line, f"cannot split into builder and runtime: {lost.reason}")
        else:
            yield on_proof(change_of(project, target), given, reason)
        return
    if isinstance(targets, Obstacle):
        if not told_elsewhere(project):
            yield missed(targets.line, f"cannot split into builder and runtime: {targets.reason}")
        return
    for target in targets:
        left = [one for one in left_behind(project, target) if one in project.recipe.packages or one.endswith("-dev")]
        if target.image != project.stage.head.image or left or (target.places is not None and not target.virtual):
            yield change_of(project, target)


def told_elsewhere(project: Project) -> bool:
    """Whether the rule for web servers says it."""
    return not project.recipe.told.isdisjoint(posixpath.basename(one.name) for one in project.starting.programs)


def targets_of(project: Project, obstacle: Obstacle | None, choose: Choose) -> list[Target] | Obstacle:
    """The bases for *project*, or the first thing that is in the way."""
    obstacle = _decisive(project) or _installing(project) or obstacle or obstacle_in(project)
    if obstacle is not None:
        return obstacle
    home = in_home(project.stage, project.build, project.facts)
    if home is not None:
        return Obstacle(home, project.stage.head.line)
    targets = choose(project)
    if isinstance(targets, str):
        return Obstacle(targets, project.stage.head.line)
    found = [completed(project, target) for target in targets]
    fit = [one for one in found if not isinstance(one, str)]
    if targets and not fit:
        return Obstacle(str(found[-1]), project.stage.head.line)
    lost = [owner_obstacle(project, target) for target in fit]
    fit = [target for target, obstacle in zip(fit, lost, strict=True) if obstacle is None]
    first = next((one for one in lost if one is not None), None)
    if first is not None and not fit:
        return first
    return package_obstacle(project, fit) or [as_far_as_read(project, target) for target in fit]


def owner_obstacle(project: Project, target: Target) -> Obstacle | None:
    """Why a directory of *project* would lose its owner in a runtime stage on *target*; None where none would."""
    accounts = accounts_again(project, target)
    found = kept_owners(project, target, accounts, _copied(project, target, accounts))
    return found if isinstance(found, Obstacle) else None


def _copied(project: Project, target: Target, accounts: Accounts | None) -> tuple[str, ...]:
    """What the runtime stage on *target* copies of what the stage of *project* wrote."""
    homes = accounts.homes if accounts is not None else ()
    context = project.facts.project
    files = [one.path for one in context.files] if context is not None and context.complete else []
    ships = project.shipping
    if accounts is not None:
        ships = evolve(ships, users=False, places=tuple(one for one in ships.places if one.path not in homes))
    again = brought_again(project.stage, ships, files)
    wanted = tuple(one.path for one in ships.places) if target.places is None else target.places
    return tuple(path for path in wanted if path not in again and path not in homes)


def _decisive(project: Project) -> Obstacle | None:
    """What the container starts, where that alone is in the way; what commands write does not matter then."""
    if project.recipe.same or project.recipe.servers:
        return None
    for started in project.starting.programs:
        problem = no_program(project, started)
        if problem is not None:
            return Obstacle(problem, started.line)
    return None


def _installing(project: Project) -> Obstacle | None:
    """What the container installs when it starts, which may have to be compiled there."""
    for one in effects(project.facts).of_start(project.stage):
        done = operation(one.argv) if isinstance(one, Ran) else None
        if done is not None and done.manager.name in _OF_LANGUAGES and done.kind in (Kind.INSTALL, Kind.UPGRADE):
            said = f"{done.executable} {done.subcommand}".rstrip()
            reason = f"{said} installs packages when the container starts, which may take compilers"
            return Obstacle(reason, project.stage.steps[-1].line)
    return None


def _inherited(project: Project) -> tuple[str, ...]:
    """Lines for the variables of the base image that ENV or a command reads."""
    read: set[str] = set()
    own: set[str] = set()
    for step in project.stage.steps:
        if isinstance(step, Env):
            read |= set(_VARIABLE.findall(" ".join(pair.value or "" for pair in step.pairs))) - own
            own |= {pair.key for pair in step.pairs}
        elif isinstance(step, Exec | Healthcheck | Label | Listing | Value):
            read |= set(_VARIABLE.findall(step.origin.args)) - own
    return tuple(
        instruction("ENV", f"{key}={text}", project.facts.templates)
        for key, text in project.recipe.environment.items()
        if key in read
    )


def _measured(known: Recipe, image: ImageFacts, left: Sequence[str]) -> int | None:
    """What was measured of splits on *image* that leave behind what this one does, the packages *left*."""
    for one in known.savings:
        if one.holds(image):
            return one.bytes
    return known.saving if all(not group.isdisjoint(left) for group in known.saving_of) else None


def _of_the_compiler(project: Project, target: Target) -> str:
    """Why the runtime stage of *target* has libraries of the compiler that the file does not name; empty for none."""
    tools = build_tools(project.image.manager or "")
    named = {package.name for package in project.shipping.packages}
    new = [one for one in target.packages if tools is not None and one in tools.runtime and one not in named]
    them = "it" if len(new) == 1 else "them"
    return f"; {' and '.join(new)} came with the compiler, and what was compiled may load {them}" if new else ""


def change_of(project: Project, target: Target) -> Change:
    """The change that makes a builder and a runtime stage on *target* of the stage of *project*."""
    ships = project.shipping
    accounts = accounts_again(project, target)
    if accounts is not None:
        ships = evolve(ships, users=False)
    added = (*_inherited(project), *target.environment)
    lean = all(package.lean for package in ships.packages)
    created = (" && ".join(map(" ".join, accounts.commands)),) if accounts is not None else ()
    install = Install(project.image.manager or "", target.packages, lean, ships.upgrade, (*target.again, *created))
    places = _copied(project, target, accounts)
    owners = kept_owners(project, target, accounts, places)
    split = split_text(
        project.build,
        project.stage,
        evolve(ships, copied=()) if target.bare else ships,
        target.image,
        added,
        (*places, *target.files),
        install,
        None,
        project.facts.templates,
        {} if isinstance(owners, Obstacle) else owners,
    )
    left = left_behind(project, target)
    evidence = [f"line {one.line}: {one.keyword} runs {one.name}" for one in project.starting.programs]
    if left:
        evidence.append(f"left behind in the builder: {', '.join(left)}")
    names = (split.builder, split.runtime)
    claim = SplitsStage(*names, target.image, split.places, added, target.packages, left, target.virtual)
    return Change(
        edits=(*split.edits, *target.edits),
        title=f"build in one stage and ship another, on {target.image}"
        + (f" (to learn whether it starts what stays behind, {target.unread})" if target.unread else ""),
        reason=target.why + _of_the_compiler(project, target),
        safety=target.safety,
        claims=(claim, *target.claims, *(map(InstallsAgain, accounts.commands) if accounts is not None else ())),
        line=project.stage.head.line,
        evidence=tuple(evidence),
        saving=target.saving or _measured(project.recipe, project.image, left),
    )
