"""Where what was found out is kept for a user between runs, and files that are written there whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

#: Names the folder of the cache, for those who keep it between runs of a CI system.
VARIABLE = "DOCKERSLIM_CACHE"


def cache_folder() -> Path:
    """Where results are kept: as the environment says, else where the system keeps caches of a user."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "dockerslim-rewrite"


def keep(path: Path, data: bytes) -> None:
    """Write *data* to *path*, under another name first; what cannot be written is not kept."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
