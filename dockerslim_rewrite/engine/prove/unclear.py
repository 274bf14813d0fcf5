"""What code of a project starts and loads, and what of that nobody can tell before it runs."""

from __future__ import annotations

from ...analysis.project import Project, StartedProgram
from ...ir.build import read_build
from ...knowledge.smaller import is_data, is_library
from ...patterns import re
from ...syntax import parse
from ...text import Source

_LOADS = re.compile(r"\b(?:CDLL|LoadLibrary|PyDLL|dlopen|find_library)\s*\(")
_LITERAL = re.compile(r"""\b(?:CDLL|LoadLibrary|PyDLL|dlopen|find_library)\s*\(\s*["'][\w./+-]+["']\s*[,)]""")


def started(dockerfile: bytes, project: Project) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """The first place in the code of *project*, as the image of *dockerfile* runs it, that starts or loads something
    under a name that it puts together, in words (None without any); and the commands that it starts, with the places.

    Raises ``ParseError`` where the text is no Dockerfile.
    """
    build = read_build(parse(Source.from_bytes(dockerfile, None)))
    found = project.behaviour(build).programs
    unknown = next((one for one in found if one.name is None and not _named(one, project)), None)
    reason = "what code starts or loads is known only when it runs"
    return (
        None if unknown is None else f"{reason} ({unknown.evidence})",
        tuple(
            (one.name, str(one.evidence))
            for one in found
            if one.name is not None and not is_library(one.name) and not is_data(one.name)
        ),
    )


def _named(one: StartedProgram, project: Project) -> bool:
    """Whether the line of *one* loads one library, by a name that stands there: whether images have it can be seen."""
    lines = (project.text(one.evidence.path) or "").splitlines()
    text = lines[one.evidence.line - 1] if 0 < one.evidence.line <= len(lines) else ""
    return len(_LOADS.findall(text)) == 1 == len(_LITERAL.findall(text))
