"""DS632: images of the builder's platform."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ...patterns import re
from ..base import Proposals, analysis

_BUILDERS = re.compile(r"\$(?:BUILD(?:PLATFORM|ARCH|OS)\b|\{BUILD(?:PLATFORM|ARCH|OS)[:}])")


def build_platform(build: Build, facts: Facts) -> Proposals:
    """Tell where the stage that ships is built for the machine that builds it: `FROM --platform=$BUILDPLATFORM`.

    Stages that cross-compile run on the builder's own platform. The stage that ships must not: built on a laptop with
    an Arm processor for a server with an Intel one, the image says amd64 and holds arm64.

    Nothing is changed: whether the flag goes or the stage is only a builder its author knows. Safe for that reason.
    Source: Docker documentation, "Multi-platform builds", "Cross-compilation"; Dockerfile reference, "Automatic
    platform ARGs in the global scope".
    """
    if not build.stages:
        return
    last = facts.shipped.stages[-1]
    # What stands on another stage has the platform of that one.
    for index in facts.graph.chain(last.index):
        head = facts.build.stages[index].head
        value = head.origin.flag("platform")
        if value is not None and _BUILDERS.search(value):
            stands = "" if index == last.index else f" stands on that of line {head.line}, which"
            yield analysis(
                last.head.line,
                f"the stage that ships{stands} is built for the builder's platform ({value}); drop --platform there, "
                "or ship from a stage without it",
            )
            return
