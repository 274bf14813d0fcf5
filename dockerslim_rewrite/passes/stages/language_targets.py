"""Where programs in Python, Node.js and Ruby can run: the bases of their runtime stages."""

from __future__ import annotations

import posixpath
from datetime import timedelta

from ...analysis.facts import Use
from ...analysis.flow.destinations import destination
from ...analysis.packages.listed import Lists, Unmet
from ...analysis.runtime.linked import links
from ...analysis.runtime.needs import starting_needs
from ...analysis.runtime.starting import RUNNERS, Started
from ...analysis.shell.operations import Kind
from ...change import Safety
from ...ir.steps import Copy, Run
from ...knowledge.build_tools import build_tools
from ...knowledge.libraries import libraries, serves_builds
from ...knowledge.lifetimes import packages_ended
from ...knowledge.linked import linked_packages
from ...knowledge.smaller import smaller
from ...patterns import re
from ...record import evolve
from ...text.paths import within
from .runtime_needs import needed_packages, program
from .slim_variants import slim_variant
from .split_project import Project, Target, is_small
from .virtual_environment import PLACE, Environment, virtual_environment

#: An image stands on the release of its last build, which is kept up for some years.
_STILL_THERE = timedelta(days=730)
#: What the image of Python brings beside Python.
_OWN = re.compile(r"(?:pip|setuptools|wheel)(?![\w.-])")


def language_targets(project: Project) -> list[Target] | str:
    """The very image that the build stands on if it is small, else its slim variant, or why neither may do."""
    virtual = virtual_environment(project)
    problem = _replaced(project) if virtual is None else None
    targets = problem or (_same(project) if is_small(project.image) else _slim(project))
    if virtual is None or isinstance(targets, str):
        return targets
    return [_into(virtual, target, project) for target in targets]


def _into(virtual: Environment, target: Target, project: Project) -> Target:
    """*target*, with what pip installs in a directory of its own instead of among the files of the image."""
    sites = project.recipe.packages_in(project.image.parts.version)
    places = tuple(one.path for one in project.shipping.places if one.path not in sites)
    return evolve(
        target,
        places=(*places, PLACE),
        environment=(virtual.path, *target.environment),
        edits=(*target.edits, *virtual.edits),
        claims=(*target.claims, *virtual.claims),
        virtual=PLACE,
    )


def _replaced(project: Project) -> str | None:
    """Why files of the build's packages would mix with older ones that the runtime image has itself."""
    for run in project.stage.runs:
        for use in project.facts.uses(run):
            if use.operation.manager.name not in ("pip", "uv"):
                continue
            words = [use.command.argv[at] or "" for at in use.operation.operands]
            words += _listed(project, run, use)
            named = [word for word in words if _OWN.match(word)]
            anew = use.operation.has_flag("-U", "--upgrade", "--force-reinstall", "-I", "--ignore-installed")
            if named and (anew or use.operation.subcommand == "uninstall" or any(_OWN.sub("", word) for word in named)):
                return (
                    f"line {run.line} replaces {named[0]}, of which the runtime image has its own: COPY deletes nothing"
                )
    return None


def _listed(project: Project, run: Run, use: Use) -> list[str]:
    """What the requirements files say that *use* is given, as far as the build context shows them."""
    lists = Lists(project.build, project.facts)
    folder = project.facts.state(run).workdir
    found: list[str] = []
    for flag in use.operation.flags:
        if flag.name in ("-r", "--requirement") and flag.value:
            path = posixpath.normpath(posixpath.join(folder or "/", flag.value))
            found += (lists.text(path, folder) or "").splitlines()
    return found


def _same(project: Project) -> list[Target] | str:
    """The same image, without the packages that only serve builds."""
    image = project.image
    packages = _needed(project, image.release or project.recipe.release(image.parts.version) or image.stands_on)
    if isinstance(packages, str):
        return packages
    safety = Safety.STANDARD
    for started in project.starting.programs:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        foreign = _from_elsewhere(path, project)
        if foreign is not None:
            return f"line {foreign} takes {started.name} from another image, and what it runs is not known"
        if started.script or (started.path and project.shipping.covers(path)):
            safety = Safety.STANDARD if _starts_with(project, packages) else Safety.AGGRESSIVE
        elif started.name not in packages and (problem := program(project, started)) is not None:
            return problem
        if (problem := _global(project, started)) is not None:
            return problem
    base = project.stage.head.image
    return [Target(base, safety, f"compiler and headers are needed to build only; {base} stays", packages=packages)]


def _from_elsewhere(path: str, project: Project) -> int | None:
    """The line that copies what lies at *path* from an image that is no stage of the file; None without one."""
    stages = {name for stage in project.build.stages for name in (stage.name.lower(), str(stage.index))}
    for step in project.stage.steps:
        source = step.origin.flag("from") if isinstance(step, Copy) else None
        if isinstance(step, Copy) and source is not None and source.lower() not in stages:
            target = destination(step, project.facts.state(step))
            if target is not None and within(path, target):
                return step.line
    return None


def _builds(project: Project) -> bool:
    """Whether the stage installs packages that only builds use."""
    family = project.image.distribution or project.image.family or ""
    return any(
        one.name in project.recipe.packages or one.name.endswith("-dev") or serves_builds(one.name, family)
        for one in project.shipping.packages
    )


def _past(project: Project) -> bool:
    """Whether the distribution beneath the image may install nothing any more: nobody has built it anew for long, and
    the stage itself installs nothing.
    """
    image = project.image
    installs = any(
        use.operation.manager.name == "apt" and use.operation.kind is Kind.INSTALL
        for run in project.stage.runs
        for use in project.facts.uses(run)
    )
    today = project.facts.today or image.as_of
    end = packages_ended(image, today)
    return not installs and (image.deprecated is not None or (end is not None and today - end.since > _STILL_THERE))


def _starts_with(project: Project, packages: tuple[str, ...]) -> bool:
    """Whether the build context shows all that the container starts, and *packages* and the image have it."""
    variant = smaller(project.image.name, "slim", project.image.family)
    if variant is None or project.facts.project is None or project.facts.project.usage.guessed:
        return False
    try:
        programs = links(project.stage, project.build, project.facts, project.shipping.states).programs
        return not starting_needs(project.stage, project.build, project.facts, variant, packages, programs)
    except Unmet:
        return False


def _needed(project: Project, release: str | None) -> tuple[str, ...] | str:
    """The packages of the runtime stage, with the libraries of those that are surely compiled alone, where lock files
    tell which those are.
    """
    own = needed_packages(project, release)
    try:
        found = links(project.stage, project.build, project.facts, project.shipping.states)
    except Unmet:
        return own
    if not found.looked_up or (_builds(project) and not linked_packages("pip").greedy.isdisjoint(found.compiled)):
        return _without_compilers(own, project)
    alone = needed_packages(project, release, told=True)
    if isinstance(alone, str):
        return alone
    packages = [*alone]
    for development in found.libraries:
        known = libraries(development, project.image.family or "", release)
        if known is None:
            return own
        packages += known
    return tuple(sorted(dict.fromkeys(packages)))


def _without_compilers(packages: tuple[str, ...] | str, project: Project) -> tuple[str, ...] | str:
    """*packages* without OpenMP and such of the compiler, which nothing that is known by its name is linked to. On
    images of Alpine that have no library of the compiler at all they stay.
    """
    manager = project.image.manager
    tools = build_tools(manager) if manager == "apt" or (manager == "apk" and project.recipe.brings) else None
    if isinstance(packages, str) or tools is None:
        return packages
    named = {package.name for package in project.shipping.packages}
    return tuple(one for one in packages if one in named or one not in tools.runtime)


def _global(project: Project, started: Started) -> str | None:
    """Why a package that was installed beside npm itself, and stays behind, may be run."""
    if started.name in ("node", "nodejs"):
        return None
    for run in project.stage.runs:
        for use in project.facts.uses(run):
            if use.operation.manager.name == "npm" and use.operation.has_flag("-g", "--global"):
                names = ", ".join(use.command.argv[at] or "" for at in use.operation.operands)
                return f"{started.keyword} runs {started.name}, which may run {names}"
    return None


def _slim(project: Project) -> list[Target] | str:
    """The slim variant, with the libraries that extensions are linked to and what the container starts."""
    image = project.image
    base = slim_variant(project)
    variant = smaller(image.name, "slim", image.family)
    if base is None or variant is None:
        return "no slim variant of the full image is known for this tag"
    release = image.release or project.recipe.release(image.parts.version) or image.stands_on
    own = _needed(project, release)
    if isinstance(own, str):
        return own
    try:
        found = links(project.stage, project.build, project.facts, project.shipping.states)
        missing = starting_needs(project.stage, project.build, project.facts, variant, own, found.programs)
    except Unmet as reason:
        return f"the full image has compilers and libraries of its own, and {reason}"
    python = project.recipe.name == "split-python"
    if python and found.looked_up and not found.compiled and not _builds(project):
        # The slim base alone will do, which is another rule's to say.
        return []
    packages = [*own, *missing]
    if (packages or found.libraries) and _past(project):
        names = ", ".join(packages or found.libraries)
        return f"{names} would have to be installed, which may fail: {image.name} {image.parts.version} is old"
    for development in found.libraries:
        known = libraries(development, image.family or "", release)
        if known is None:
            return f"which package has the library of {development} is not known here"
        packages += known
    why = f"compilers are needed to build only; {base} is the same version, and has what the program is linked to"
    wanted = tuple(sorted(dict.fromkeys(packages)))
    context = project.facts.project
    certain = found.looked_up and context is not None and not context.usage.guessed
    doubts = context.behaviour(project.build).doubts if context is not None else ()
    certain = certain and not any(one.blind or one.open for one in doubts)
    certain = certain and RUNNERS.isdisjoint(posixpath.basename(one.name) for one in project.starting.programs)
    safety = Safety.STANDARD if certain else Safety.AGGRESSIVE
    return [Target(base, safety, why, packages=wanted, saving=variant.saving, programs=found.programs)]
