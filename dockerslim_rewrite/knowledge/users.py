"""What in a build has to do with who runs in the container; see ``data/users.toml``."""

from __future__ import annotations

from functools import cache

from ..patterns import re
from .tables import table


def account_tools(family: str | None, image: str, variant: tuple[str, ...]) -> str | None:
    """What creates accounts in an image: ``shadow``, ``busybox``, or None where neither is sure to be there."""
    shadow = table("users")["shadow"]
    if set(variant) & set(shadow["without"]) and family not in shadow["families"]:
        return None
    if family in shadow["families"] or image in shadow["images"]:
        return "shadow"
    return "busybox" if family in table("users")["busybox"]["families"] else None


def has_shell(image: str) -> bool:
    """Whether all variants of *image* have a shell and chown."""
    return image in table("users")["shell"]["images"]


@cache
def makes_private() -> re.Pattern[str]:
    """The commands that make files for their owner alone, whatever the umask says."""
    return re.compile("|".join(table("users")["private"]["commands"]))


def built_folders(text: str) -> tuple[str, ...]:
    """The directories that the command *text* leaves below its own for the program to write on."""
    return tuple(
        folder for one in table("users")["built"] if re.search(one["commands"], text) for folder in one["folders"]
    )


def home_code(name: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """What code in a file called *name* looks like that uses the home of whoever runs it, and what it finds there."""
    return tuple((pattern, what) for suffixes, pattern, what in _home_code() if name.endswith(suffixes))


@cache
def _home_code() -> tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]:
    return tuple((tuple(one["suffixes"]), re.compile(one["code"]), one["what"]) for one in table("users")["home"])


def is_temporary(path: str) -> bool:
    """Whether *path* lies in a folder that everyone may write."""
    return any(path == folder or path.startswith(folder + "/") for folder in table("users")["temporary"]["folders"])
