"""Where .NET programs can run: the bases of their runtime stages."""

from __future__ import annotations

import posixpath

from ..change import Safety
from .runtime_needs import needed_packages, unknown_program
from .split_project import Project, Target

#: Where the runtime image says on which port to listen, and the SDK image does not.
_PORTS = frozenset(("ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS"))


def dotnet_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, or why none is known."""
    problem = unknown_program(project)
    if problem is not None:
        return problem
    words = project.starting.words
    if words[:1] == ("dotnet",):
        assembly = next((word for word in words[1:] if word.endswith(".dll")), None)
        path = posixpath.join(project.folder or "/", assembly) if assembly else None
        if path is None or words[1] != assembly or not project.shipping.covers(posixpath.normpath(path)):
            return "it does not start an assembly that was built here"
    if not _PORTS & set(project.shipping.states[-1].env) and "--urls" not in project.build.text:
        return "the runtime image would choose another port, as nothing here says ASPNETCORE_URLS"
    packages = needed_packages(project, project.image.release)
    if isinstance(packages, str):
        return packages
    base = next((f"{one.image}:{one.tag}" for one in project.image.counterparts if one.kind == "runtime"), None)
    if base is None:
        return "no runtime image is known for this tag"
    why = f"the SDK is needed to build only; {base} is the runtime of the same version"
    return [Target(base, Safety.STANDARD, why, packages=packages)]
