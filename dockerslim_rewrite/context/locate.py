"""Which ignore file counts for a Dockerfile and its build context.

Source: Docker documentation, "Build context": a file ``NAME.dockerignore`` beside the Dockerfile ``NAME`` takes
precedence over the context's own.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..record import record


@record
class Location:
    """The ``root`` of a context, the ``ignore`` file that counts, if any, and how the root was found, for people.

    ``shown`` is what the root is called in messages; None: by its path. ``submodules`` are paths of the context that
    other repositories are checked out at, which whoever builds may have done or not. ``ignore_shown`` is what the
    ignore file is called where it does not lie in the root.
    """

    root: Path
    ignore: Path | None
    found: str
    shown: str | None = None
    submodules: tuple[str, ...] = ()
    ignore_shown: str | None = None


def locate(dockerfile: Path | None, given: Path | None = None, found: str | None = None) -> Location:
    """Where the context of *dockerfile* is: the folder *given*, which was *found* as that says, else its own folder.

    The Dockerfile is None where it comes from elsewhere.
    """
    if given is not None:
        return _location(given, dockerfile, found or "as given")
    if dockerfile is None:
        return _location(Path(), None, "the working directory")
    return _location(dockerfile.parent, dockerfile, "the Dockerfile's directory")


def _location(root: Path, dockerfile: Path | None, found: str) -> Location:
    candidates = [root / ".dockerignore"]
    if dockerfile is not None:
        candidates.insert(0, dockerfile.with_name(f"{dockerfile.name}.dockerignore"))
    return Location(root, next((file for file in candidates if os.path.isfile(file)), None), found)
