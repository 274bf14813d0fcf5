"""The baseline beside a Dockerfile: which of its findings the project has accepted."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from ..pipeline.baseline import FILE_NAME, BaselineError, Known, read_baseline
from ..regular import read_text

#: A line for each finding of a directory: nobody has as many.
_MOST = 16 * 1024 * 1024


def accepted_for(path: str) -> Known:
    """What the baseline beside the Dockerfile *path* accepts of it; nothing without a baseline.

    Raises ``BaselineError`` for one that cannot be read; the message names it.
    """
    folder, name = os.path.split(os.path.abspath(path))
    file = os.path.join(folder, FILE_NAME)
    try:
        state = os.lstat(file)
        if not os.path.isfile(file) or os.path.islink(file):
            raise BaselineError(f"{file}: is no regular file; not followed")
        return _baseline(file, state.st_mtime_ns, state.st_size).get(name, frozenset())
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise BaselineError(f"{file}: cannot be read: {error.strerror}") from None


def baseline_text(folder: Path) -> str | None:
    """The text of the baseline of the Dockerfiles in *folder*; None without one. Raises ``BaselineError``."""
    file = folder / FILE_NAME
    accepted_for(str(file))
    try:
        return read_text(file, _MOST, "surrogateescape") if os.path.exists(file) else None
    except OSError as error:
        raise BaselineError(f"{file}: cannot be read: {error.strerror}") from None


@lru_cache(maxsize=64)
def _baseline(file: str, changed: int, size: int) -> dict[str, Known]:
    """The baseline in *file* of that *size*, which was last *changed* then."""
    if size > _MOST:
        raise BaselineError(f"{file}: larger than {_MOST // (1024 * 1024)} MiB, which no baseline is")
    # Names of files need not be text.
    return read_baseline(read_text(file, _MOST, "surrogateescape"), file)
