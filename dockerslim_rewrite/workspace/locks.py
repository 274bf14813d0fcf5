"""Where the lock file of a Dockerfile is."""

from __future__ import annotations

import os
from pathlib import Path

from ..analysis.locked import FILE_NAME


def nearest_lock(folder: str, within: str | None = None) -> Path | None:
    """The lock file in the absolute *folder* or above it, up to the folder that holds ``.git``, or to *within*.

    None without any.
    """
    while True:
        file = os.path.join(folder, FILE_NAME)
        if os.path.isfile(file):
            return Path(file)
        above = os.path.dirname(folder)
        if above == folder or folder == within or os.path.exists(os.path.join(folder, ".git")):
            return None
        folder = above
