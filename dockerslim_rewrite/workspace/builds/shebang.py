"""Shell scripts whose names say nothing: programs that begin by naming their shell."""

from __future__ import annotations

import os
from typing import Final

from ...knowledge.repository import is_dockerfile_name
from ...patterns import re
from ...regular import read_regular
from ..repository import Repository

_SHELL = re.compile(rb"#![ \t]*+(?:/usr)?(?:/local)?/bin/(?:env[ \t]++(?:-S[ \t]++)?)?(?:ba|da|a|k|z)?sh\b")
_HEAD: Final = 80


def is_shell_script(repository: Repository, path: str) -> bool:
    """Whether the file *path*, which has no suffix, is a program that a shell reads."""
    name = path.rpartition("/")[2]
    if "." in name or is_dockerfile_name(name):
        return False
    try:
        if not os.stat(repository.root / path, follow_symlinks=False).st_mode & 0o111:
            return False
        return _SHELL.match(read_regular(repository.root / path, _HEAD)) is not None
    except OSError:
        return False
