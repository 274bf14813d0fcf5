"""What the builds of a Dockerfile are given, to tell which changed files can be news for one that did not change."""

from __future__ import annotations

import os
from pathlib import Path

from ..context.ignore_file import named_paths
from ..ir.build import read_build
from ..record import record
from ..syntax import ParseError, parse
from ..text.paths import matches
from ..workspace.uses import Workspace


@record
class Given:
    """What the builds of a Dockerfile are given: ``sources`` below each of ``roots``, all that lies in ``further``
    contexts, and what ``places`` say of them.

    Paths are of the repository; the empty one is all of it.
    """

    roots: tuple[str, ...]
    sources: frozenset[str]
    places: frozenset[str]
    further: frozenset[str] = frozenset()

    def holds(self, path: str) -> bool:
        """Whether a change of the file *path* can be one for the builds."""
        if path in self.places or path.endswith(".dockerignore"):
            return True
        if any(not root or path.startswith(f"{root}/") for root in self.further):
            return True
        inside = [path[len(root) :].lstrip("/") for root in self.roots if not root or path.startswith(f"{root}/")]
        return any(_names(source, one) for one in inside for source in self.sources)


def _names(source: str, path: str) -> bool:
    """Whether the source of a COPY takes the file *path* along, as far as can be said."""
    # A submodule or a link above it is a file to Git.
    if source == "" or "$" in source or source.startswith(f"{path}/"):
        return True
    parts = path.split("/")
    return any(matches("/".join(parts[:count]), source) for count in range(1, len(parts) + 1))


def given_to(workspace: Workspace, root: Path, path: str) -> Given:
    """What the builds of the Dockerfile *path*, of the repository at *root*, are given."""
    file = root / path
    real = os.path.realpath(root)
    folders = [one.name for one in workspace.projects(file) if one.usage.untold is None]
    found = (os.path.relpath(one, real) for one in folders)
    roots = tuple("" if one == "." else one.replace(os.sep, "/") for one in found)
    builds = workspace.builds_of(file)
    places = {build.place.path for build in builds}
    places |= {run.runner.place.path for build in builds for run in workspace.graph.runs_of(build)}
    try:
        sources = named_paths(read_build(parse(file.read_bytes().decode("utf-8", "surrogateescape"))))
    except (ParseError, OSError):
        # What cannot be read may be given anything.
        sources = {""}
    led = {_led(folder, source) for folder in folders for source in sources if "$" not in source}
    further = {value for build in builds for _, value in build.contexts if isinstance(value, str)}
    return Given(roots, frozenset(sources | led), frozenset(places), frozenset(further))


def _led(folder: str, source: str) -> str:
    """Where *source* leads to in *folder* when the links in it are followed, whether anything is there or not."""
    try:
        return os.path.relpath(os.path.realpath(os.path.join(folder, source)), os.path.realpath(folder))
    except ValueError:
        # No system takes this for a name.
        return source
