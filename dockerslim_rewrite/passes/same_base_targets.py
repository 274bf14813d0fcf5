"""Where programs run that need the image they are built on, without the packages that only builds use."""

from __future__ import annotations

import posixpath

from ..change import Safety
from .runtime_needs import needed_packages, program
from .split_project import Project, Target


def same_base(project: Project) -> list[Target] | str:
    """The very image that the build stands on, without the packages that only serve builds."""
    image = project.image
    if image.family != "alpine" and "slim" not in image.parts.variant:
        return "the full image has compilers of its own, and libraries that extensions may be linked to"
    packages = needed_packages(project, image.release or project.recipe.release(image.parts.version))
    if isinstance(packages, str):
        return packages
    safety = Safety.STANDARD
    for started in project.starting.programs:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        if started.script or (started.path and project.shipping.covers(path)):
            safety = Safety.AGGRESSIVE
        elif started.name not in packages and (problem := program(project, started)) is not None:
            return problem
    base = project.stage.head.image
    return [Target(base, safety, f"compiler and headers are needed to build only; {base} stays", packages=packages)]
