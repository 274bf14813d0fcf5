"""Whether a file can only be built by BuildKit: then what only BuildKit knows may be added to it."""

from __future__ import annotations

from ...ir.build import Build
from ...patterns import re

_SYNTAX = re.compile(
    r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?::(?:1|latest|labs|1-labs|1\.(?:[2-9]|\d\d)[^@]*))?(?:@.*)?\Z"
)
_MODERN_FLAGS = frozenset(("mount", "network", "security", "link", "chmod", "parents", "exclude"))


def needs_buildkit(build: Build) -> bool:
    """Whether the file cannot be built without a BuildKit of Dockerfile frontend 1.2 (``--mount``, ``--chmod``)."""
    syntax = syntax_of(build)
    if syntax is not None:
        return bool(_SYNTAX.match(syntax))
    return any(
        instruction.heredocs or any(flag.name in _MODERN_FLAGS for flag in instruction.flags)
        for instruction in build.document.instructions
    )


def builds_today(build: Build) -> bool:
    """Whether BuildKit or buildah, which engines build with by default today, reads the file: it names no other.

    Source: Docker Engine 23.0 release notes (BuildKit is the default builder).
    """
    syntax = syntax_of(build)
    return syntax is None or bool(_SYNTAX.match(syntax))


def syntax_of(build: Build) -> str | None:
    """The front end that the file names by its syntax directive; None where it names none."""
    return next((value.strip() for name, value in build.document.directives if name == "syntax"), None)
