"""What is known of git, and of the commands that surely do not look into a repository's history."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from functools import lru_cache

from ..patterns import re
from .costs import cheap_commands
from .tables import table

_SYSTEM = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "")
_LOCAL = frozenset(("-e", "--editable"))
_PATH = re.compile(r"\.\.?(?:/|\[|\Z)|git\+|(?!-).*/(?!.*\.(?:txt|in|cfg|whl)\Z)|.*\.(?:gem|tar\.gz|zip)\Z")


@lru_cache(maxsize=8)
def _words(key: str) -> frozenset[str]:
    return frozenset(table("vcs")[key])


def clone_values() -> frozenset[str]:
    """Options of ``git clone`` that take the next word."""
    return _words("clone_values")


def harmless_git() -> frozenset[str]:
    """Subcommands of git that do not look at the history of a repository that is there."""
    return _words("harmless_git")


def needs_history(url: str) -> bool:
    """Whether the repository at *url* holds a tool that finds out its own version from its history."""
    name = "/".join(re.split(r"[/:]", url.removesuffix("/").removesuffix(".git"))[-2:]).lower()
    return name in _words("needs_history")


def kept_current(folder: str) -> bool:
    """Whether people keep a repository in *folder* current with git."""
    return any(re.search(pattern, folder) for pattern in table("vcs")["kept_current"])


def ignores_repository(argv: Sequence[str | None], manager: str | None) -> bool:
    """Whether the command *argv*, an operation of the package manager *manager* if any, surely reads no repository.

    pip, gem and conda look into one only where a path is given to install from.
    """
    name = argv[0] if argv else None
    if name is None or posixpath.dirname(name) not in _SYSTEM:
        return False
    if manager is not None:
        return manager in _words("managers") and not any(
            word is None or word in _LOCAL or _PATH.match(word) for word in argv[1:]
        )
    base = posixpath.basename(name)
    if base == "find":
        return not any(word is None or word.startswith(("-exec", "-ok")) for word in argv[1:])
    return base in _words("harmless") or (base in cheap_commands() and base not in _words("runners"))
