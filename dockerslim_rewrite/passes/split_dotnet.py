"""DS406: .NET programs without the SDK that built them."""

from __future__ import annotations

import posixpath

from ..analysis.facts import Facts
from ..change import Safety
from ..ir.build import Build
from .base import Proposals, rewrite_pass
from .splitting import Project, Target, needed_packages, program, split_stage

#: Where the runtime image says on which port to listen, and the SDK image does not.
_PORTS = frozenset(("ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS"))


@rewrite_pass("DS406", "split-dotnet", Safety.AGGRESSIVE, mentions=("dotnet",))
def split_dotnet(build: Build, facts: Facts) -> Proposals:
    """Build .NET programs in one stage and ship them on the ASP.NET runtime in another.

    The SDK image holds compilers, templates and a package store: half a gigabyte that only a build needs.

    It is done only for a file of one stage whose container starts through `dotnet NAME.dll`, where the assembly
    lies in a place that the Dockerfile itself wrote. The runtime stage gets all of these places at the same paths,
    and all of the configuration; it stands on the `aspnet` image of the same version and release. As that image
    says on which port to listen and the SDK does not, the file must say so itself (`ASPNETCORE_URLS`, `--urls`).
    Any command with unknown effects, any package that the program might run, and scripts as entrypoint decline it.
    Where packages have to be installed again, it is left for level aggressive: they may be newer on that day.
    Source: dotnet/dotnet-docker.
    """
    yield from split_stage(build, facts, "dotnet", dotnet_targets)


def dotnet_targets(project: Project) -> list[Target] | str:
    """The bases on which the program can run, or why none is known."""
    for started in project.starting.programs:
        problem = program(project, started)
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
