"""DS406: .NET programs without the SDK that built them."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals


def split_dotnet(build: Build, facts: Facts) -> Proposals:
    """Build .NET programs in one stage and ship them on the ASP.NET runtime in another.

    The SDK image holds compilers, templates and a package store: half a gigabyte that only a build needs.

    It is done only for a file of one stage whose container starts through `dotnet NAME.dll` or the program's own file,
    where that lies in a place that the Dockerfile itself wrote. The runtime stage gets all of these places at the same
    paths, and all of the configuration; it stands on the `aspnet` image of the same version and release. Variables that
    this image sets otherwise than the SDK are set as there: on which port to listen (until version 7), and that
    watchers of files poll. Before version 3 the program must have been published. Any command with unknown effects, any
    package that the program might run, scripts as entrypoint, and an exact number of the SDK, which is not that of the
    runtime, decline it; so does Alpine, whose runtime has no culture data. Packages that are installed again may be
    newer on that day. Left for level aggressive are web servers of 3.1 that nothing tells where to listen: they listen
    to https on localhost as well where the SDK has left its certificate for development. Source: dotnet/dotnet-docker.
    """
    from .dotnet_targets import dotnet_targets
    from .splitting import split_stage

    yield from split_stage(build, facts, "dotnet", dotnet_targets)
