"""DS406: .NET programs without the SDK that built them."""

from __future__ import annotations

from ..analysis.facts import Facts
from ..change import Safety
from ..ir.build import Build
from .base import Proposals, rewrite_pass


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
    from .dotnet_targets import dotnet_targets
    from .splitting import split_stage

    yield from split_stage(build, facts, "dotnet", dotnet_targets)
