"""What in a build has to do with who runs in the container; see ``data/users.toml``."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from .tables import table


@cache
def _home() -> re.Pattern[str]:
    return re.compile("|".join(table("users")["home"]["commands"]))


@lru_cache(maxsize=2048)
def fills_home(command: str) -> bool:
    """Whether the text of a *command* shows that it installs into the home of the user who runs it."""
    return _home().search(command) is not None


def account_tools(family: str | None, image: str, variant: tuple[str, ...]) -> str | None:
    """What creates accounts in an image: ``shadow``, ``busybox``, or None where neither is sure to be there."""
    shadow = table("users")["shadow"]
    if set(variant) & set(shadow["without"]) and family not in shadow["families"]:
        return None
    if family in shadow["families"] or image in shadow["images"]:
        return "shadow"
    return "busybox" if family in table("users")["busybox"]["families"] else None


def is_temporary(path: str) -> bool:
    """Whether *path* lies in a folder that everyone may write."""
    return any(path == folder or path.startswith(folder + "/") for folder in table("users")["temporary"]["folders"])
