"""What a program needs of its runtime stage: packages, and that what the container starts is there."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ...analysis.flow.state import expand
from ...analysis.runtime.starting import EVERYWHERE, Started
from ...analysis.shell.operations import Kind
from ...ir.steps import Env
from ...knowledge.libraries import libraries, serves_builds
from ...knowledge.smaller import smaller
from ...patterns import re
from ...shell.names import SYSTEM_PATH
from .split_project import Project

#: The package with the certificates of authorities.
CERTIFICATES = "ca-certificates"
#: Names that scripts of a project have as a rule, where nothing tells of a program of that name.
_SCRIPT = re.compile(r"(?:docker[-_])?(?:entry-?point|entry|start|run|init|boot|bootstrap|launch|cmd|start-?up)")


def needed_packages(
    project: Project, release: str | None, *, static: bool = False, told: bool = False
) -> tuple[str, ...] | str:
    """The packages that the runtime stage has to install, as they are written, or why that is not known.

    Those that only builds use stay behind; a development package is replaced by its libraries, unless the program is
    *static*. What the container runs by its package's name is needed all the same. Where the stage takes packages out
    again, the development packages that it leaves are meant to stay: some programs load libraries by names that only
    those bring. *release* is the codename of a Debian release. With *told*, what programs are linked to is known
    elsewhere, so that compilers and development packages count for nothing.
    """
    found: list[str] = []
    tidied = _takes_out(project)
    family = project.image.family or ""
    distribution = project.image.distribution if family == "debian" else family
    started = {posixpath.basename(word) for word in project.starting.words} - project.recipe.tools
    for package in project.shipping.packages:
        if package.name in started:
            found.append(package.written)
            continue
        develops = package.name in project.recipe.packages or package.name.endswith(("-dev", "-devel"))
        if told and (develops or serves_builds(package.name, distribution or family)):
            continue
        alone = static or package.name in project.recipe.unlinked
        linked = () if alone else libraries(package.name, distribution or family, release)
        develops = package.name.endswith("-dev") and package.name not in project.recipe.packages
        if tidied and develops and not static and family in ("debian", "alpine"):
            found.append(package.written)
        elif linked is not None:
            found += linked
        elif package.name.endswith(("-dev", "-devel")):
            return f"the program may be linked to any library of {package.name} (line {package.line})"
        elif package.name not in project.recipe.packages | project.recipe.carried:
            if family not in ("debian", "alpine"):
                return f"the program may run {package.name} (line {package.line})"
            found.append(package.written)
    if not static and _trusted(project):
        found.append(CERTIFICATES)
    return tuple(sorted(set(found) - project.recipe.brings))


def likely_packages(project: Project, release: str | None) -> tuple[str, ...]:
    """The same for a draft: packages whose libraries are not known stay as they are."""
    found: list[str] = []
    for package in project.shipping.packages:
        linked = libraries(package.name, project.image.distribution or "", release)
        linked = () if package.name in project.recipe.unlinked else linked
        if linked is not None:
            found += linked
        elif package.name not in project.recipe.packages | project.recipe.carried:
            found.append(package.written)
    return tuple(sorted(dict.fromkeys(found)))


def _trusted(project: Project) -> bool:
    """Whether packages that stay behind brought the certificates of authorities, which programs look for."""
    known = project.recipe.trusting.get(project.image.manager or "", ())
    brought = [one for one in project.shipping.packages if one.name in known]
    return any(project.image.manager == "apk" or not one.lean for one in brought)


def _takes_out(project: Project) -> bool:
    """Whether the stage takes packages of the system out again by name."""
    return any(
        use.operation.kind is Kind.REMOVE and use.operation.manager.name in ("apt", "apk") and use.operation.operands
        for run in project.stage.runs
        for use in project.facts.uses(run)
    )


def packages_to_start(project: Project, release: str | None) -> tuple[str, ...] | str:
    """``needed_packages``, where those and what ships hold every program that the container starts; else why not."""
    packages = needed_packages(project, release)
    if isinstance(packages, str):
        return packages
    return unknown_program(project, packages) or packages


def unknown_program(project: Project, installed: tuple[str, ...] = ()) -> str | None:
    """Why the runtime stage may lack a program that the container starts, but for *installed* packages of that name."""
    for started in project.starting.programs:
        problem = None if started.name in installed else program(project, started)
        if problem is not None:
            return problem
    return None


def program(project: Project, started: Started) -> str | None:
    """Why the runtime stage may lack a program that the container starts; None when it is there for sure."""
    known, ships = project.recipe, project.shipping
    name = posixpath.basename(started.name)
    problem = no_program(project, started)
    if problem is not None:
        return problem
    if not started.path and name in known.programs:
        return None
    if known.same and not started.script:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        standing = not started.path or posixpath.dirname(path) in SYSTEM_PATH or ships.covers(path)
        return None if standing else f"nothing here makes {path}"
    if brought_by_system(started):
        return system_program(project, started)
    if name not in ships.made and "*" not in ships.made:
        return f"{started.keyword} runs {started.name}, and nothing tells that the build makes it"
    if started.path:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        return None if ships.covers(path) else f"nothing here makes {path}"
    folders = [*known.path, *SYSTEM_PATH, *own_path(project)]
    if any(ships.covers(posixpath.join(folder, name)) for folder in folders):
        return None
    return f"nothing tells where {name} is"


def no_program(project: Project, started: Started) -> str | None:
    """Why what the container starts is no program that was built here, whatever else is known of *project*."""
    known, name = project.recipe, posixpath.basename(started.name)
    if name in known.tools:
        return f"{started.keyword} runs {name}, which belongs to the tools of the build"
    if not started.path and name in known.programs:
        return None
    if known.same and not started.script:
        return None
    if not started.path and name in EVERYWHERE:
        return f"{started.keyword} runs {name}: this may be an image to work in"
    if started.script or (_SCRIPT.fullmatch(name) and name not in project.shipping.made):
        return f"{started.keyword} starts the script {started.name}, which may run anything"
    return None


def brought_by_system(started: Started) -> bool:
    """Whether *started* is a program that full images have of their distribution."""
    return not started.path and started.name in _of_the_system()


def system_program(project: Project, started: Started) -> str | None:
    """Why the runtime stage may lack a program of the distribution; None where *project* installs it itself."""
    if _of_the_system().get(started.name) in {package.name for package in project.shipping.packages}:
        return None
    return f"{started.keyword} runs {started.name}, which may be a program of the base image"


def _of_the_system() -> Mapping[str, str]:
    """The programs of full images, with the packages that bring them."""
    known = smaller("python", "slim", "debian")
    return known.packages if known is not None else {}


def own_path(project: Project) -> frozenset[str]:
    """The folders that the Dockerfile itself adds to PATH."""
    found: list[str] = []
    for step, state in zip(project.stage.steps, project.shipping.states, strict=False):
        values = [pair.value or "" for pair in step.pairs if pair.key == "PATH"] if isinstance(step, Env) else []
        for part in ":".join(values).replace('"', "").split(":"):
            folder = expand(part, state)
            if folder is not None and folder.startswith("/"):
                found.append(posixpath.normpath(folder))
    return frozenset(found)
