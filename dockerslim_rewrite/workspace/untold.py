"""A build whose context nobody can tell: it says which stage it makes, and how that is run, but not what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..analysis.usage import Usage
from ..context.locate import Location
from ..context.project import FolderProject, StoredProject
from ..context.tree import Stored
from ..record import evolve
from .builds.found import FoundBuild, Unknown

_NOTHING_KNOWN = Stored((), False, {})
#: What a build is sent that reads its Dockerfile from standard input: nothing else.
_NO_CONTEXT = "-"


def untold_context(build: FoundBuild) -> str | None:
    """How *build* writes its context, where the repository does not tell which directory that is; None where it does.

    Source: Docker documentation, "docker buildx build": a Dockerfile from standard input comes without a context.
    """
    context = build.context
    return context.text if isinstance(context, Unknown) and context.text != _NO_CONTEXT else None


def untold_project(root: Path, dockerfile: Path, usage: Usage, builds: Sequence[FoundBuild]) -> FolderProject:
    """The project of *builds* with a context that nobody can tell: it may hold any file. *root* is what it would be if
    it were that of the file's other builds.
    """
    said = next(text for build in builds if (text := untold_context(build)) is not None)
    location = Location(root, None, f"{builds[0].place} does not tell", shown=said)
    stored = StoredProject(None, _NOTHING_KNOWN, _NOTHING_KNOWN)
    return FolderProject(location, dockerfile.name, usage=evolve(usage, guessed=True, untold=said), stored=stored)
