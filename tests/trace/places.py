"""Directories that bodies change into, so that they can be there although nothing has made them.

The preload library provides a missing directory when chdir(2) fails. That is too late for relative paths in dash and
ash and for all paths in bash's POSIX mode, which ask stat(2) first; `[ -e x ]` asks stat(2) as well, and is told of a
file by some seeds. So only the paths that some body names after `cd` are provided as directories at stat(2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from posixpath import normpath

from tests.trace.model import Body

_CD = re.compile(
    r"""(?<![\w./-])(?:cd|pushd|chdir)\s+(?:-[LPe@]+\s+|--\s+)*
    ((?:"[^"]*"|'[^']*'|\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`|[^\s;&|()<>"'`])+)""",
    re.VERBOSE,
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_EXPANSION = re.compile(r"\$\{[^}]*\}|\$\([^)]*\)|`[^`]*`|\$\w+")


def places(bodies: Iterable[Body]) -> tuple[str, ...]:
    """Globs of absolute paths: what the bodies `cd` into and the directories above it.

    A word's expansions become `*`. Globs without a single fixed character are left out, they would match every path.
    """
    found: dict[str, None] = {}
    for body in bodies:
        for match in _CD.finditer(body.script):
            word = _VARIABLE.sub(lambda name, env=dict(body.env): env.get(name[1] or name[2], name[0]), match[1])
            parts = _EXPANSION.split(word.replace('"', "").replace("'", ""))
            glob = normpath("*".join(re.sub(r"([*?\[])", r"[\1]", part) for part in parts))
            names = [name for name in glob.split("/") if name not in ("", ".", "..", "~")]
            start = "/" if glob.startswith("/") else "*/"
            if start == "*/" and names[:1] == ["*"]:
                names = names[1:]
            for size in range(1, len(names) + 1):
                if any(name.strip("*") for name in names[:size]):
                    found[start + "/".join(names[:size])] = None
    return tuple(found)


@lru_cache(maxsize=65536)
def is_place(path: str, globs: tuple[str, ...]) -> bool:
    """Whether the absolute `path` is one of the directories described by `globs`."""
    return any(fnmatchcase(path, glob) for glob in globs)
