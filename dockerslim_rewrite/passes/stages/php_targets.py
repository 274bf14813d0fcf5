"""Where PHP programs can run: the image that they are built on, without the packages that only builds use."""

from __future__ import annotations

import posixpath

from ...analysis.shell.operations import operation
from ...change import Safety
from ...record import evolve
from .runtime_needs import packages_to_start
from .split_project import Project, Target

#: What Composer fetches and unpacks packages with.
_FETCHING = frozenset(("git", "subversion", "mercurial", "unzip", "zip", "p7zip", "p7zip-full"))


def php_targets(project: Project) -> list[Target] | str:
    """The very image that the build stands on, or why it is not known what has to be installed there."""
    calls = [operation(call.argv) for call in project.facts.calls(project.stage)]
    if not any(one is not None and one.manager.name == "composer" for one in calls):
        # Nothing in the build needs them: they are there for whoever works in the container.
        project = evolve(project, recipe=evolve(project.recipe, packages=project.recipe.packages - _FETCHING))
    image = project.image
    version = image.parts.version or ""
    # A tag with all numbers, and a digest, stand on the release of their day, which is not known.
    moves = version.count(".") == 1 and "@" not in project.stage.head.image
    release = image.release or (project.recipe.release(version) if moves else None)
    packages = packages_to_start(project, release)
    if isinstance(packages, str):
        return packages
    for started in project.starting.programs:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        if started.path and project.shipping.covers(path):
            return f"{started.keyword} starts {started.name}, which may run anything"
    base = project.stage.head.image
    why = f"headers and tools are needed to build only; {base} stays"
    return [Target(base, Safety.STANDARD, why, packages=packages)]
