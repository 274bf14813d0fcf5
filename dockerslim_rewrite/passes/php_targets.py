"""Where PHP programs can run: the image that they are built on, without the packages that only builds use."""

from __future__ import annotations

import posixpath

from ..change import Safety
from .runtime_needs import packages_to_start
from .split_project import Project, Target


def php_targets(project: Project) -> list[Target] | str:
    """The very image that the build stands on, or why it is not known what has to be installed there."""
    image = project.image
    version = image.parts.version or ""
    # A tag with all numbers stands on the release of its day, which is not known.
    release = image.release or (project.recipe.release(version) if version.count(".") == 1 else None)
    packages = packages_to_start(project, release)
    if isinstance(packages, str):
        return packages
    for started in project.starting.programs:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        if started.path and project.shipping.covers(path):
            return f"{started.keyword} starts {started.name}, which may run anything"
    base = project.stage.head.image
    why = f"headers, git and their like are needed to build only; {base} stays"
    return [Target(base, Safety.STANDARD, why, packages=packages)]
