"""Where a COPY or ADD puts files."""

from __future__ import annotations

import posixpath

from ...ir.steps import Copy
from .state import State, expand


def destination(copy: Copy, state: State) -> str | None:
    """The image path of the destination of *copy*, None where it is not known."""
    path = expand(copy.destination, state)
    if path is None:
        return None
    if not path.startswith("/"):
        # Without any WORKDIR the base image's counts; most have the root.
        path = posixpath.join(state.workdir or "/", path)
    return posixpath.normpath(path)


def is_folder(copy: Copy) -> bool:
    """Whether the destination is surely a folder."""
    return copy.destination.endswith(("/", "/.")) or copy.destination in (".", "..") or len(copy.sources) > 1
