"""The directory of the checkout, as scripts compute it: it lies elsewhere on each machine, so a name stands for it."""

from __future__ import annotations

import os.path
from typing import Final

from .found import Text, Unknown

#: Nobody writes it, and no shell takes it for more than a path.
CHECKOUT: Final = "/__checkout__"
_SHOWN: Final = "<checkout>"


def below(path: str) -> str:
    """The absolute path of *path*, which is relative to the root of the repository."""
    return f"{CHECKOUT}/{path}" if path else CHECKOUT


def relative(path: str) -> str | None:
    """The absolute *path* relative to the root of the repository; None for what lies outside."""
    found = os.path.normpath(path)
    if found == CHECKOUT:
        return ""
    return found[len(CHECKOUT) + 1 :] if found.startswith(f"{CHECKOUT}/") else None


def shown(text: Text) -> Text:
    """*text* for people; a value that rests on where the checkout lies is not known to anybody else."""
    if CHECKOUT not in str(text):
        return text
    return Unknown(str(text).replace(CHECKOUT, _SHOWN))
