"""Names of files that hold what is being written until it is complete: they lie beside the file whose place they take.

Only there can one take the other's place in one step; so whoever lists a directory has to know them.
"""

from __future__ import annotations

from .patterns import re

_NAME = re.compile(r"\..*\.dockerslim-\d+(?:-[a-z0-9_]{8})?\Z", re.S)


def unfinished(name: str) -> str:
    """How such files begin for a file called *name*; the number of the writer's process follows."""
    # Names may be as long as the file system allows; the start is enough to find them by.
    return f".{name[:40]}.dockerslim-"


def is_unfinished(name: str) -> bool:
    """Whether a file called *name* is such a file, of a program that runs or of one that was killed."""
    return ".dockerslim-" in name and _NAME.match(name) is not None
