"""What code of a project starts and loads, and what of that nobody can tell before it runs."""

from __future__ import annotations

from ...analysis.project import Project
from ...ir.build import read_build
from ...syntax import parse
from ...text import Source


def started(dockerfile: bytes, project: Project) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """The first place in the code of *project*, as the image of *dockerfile* runs it, that starts or loads something
    under a name that it puts together, in words (None without any); and the commands that it starts, with the places.

    Raises ``ParseError`` where the text is no Dockerfile.
    """
    build = read_build(parse(Source.from_bytes(dockerfile, None)))
    found = project.behaviour(build).programs
    unknown = next((one for one in found if one.name is None), None)
    reason = "what code starts or loads is known only when it runs"
    return (
        None if unknown is None else f"{reason} ({unknown.evidence})",
        tuple((one.name, str(one.evidence)) for one in found if one.name is not None),
    )
