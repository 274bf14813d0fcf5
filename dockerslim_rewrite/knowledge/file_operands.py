"""Which words of a command are names of files and nothing else; see ``data/file_operands.toml``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .tables import table


def knows(command: str) -> bool:
    """Whether anything is known of the operands of *command*."""
    return command in table("file_operands")["commands"]


def is_file(argv: Sequence[str | None], at: int) -> bool:
    """Whether the word *at* of *argv* surely names a file, which may as well be written with ``./`` before it.

    *argv* begins with the command's name; None is a word that an expansion decides.
    """
    entry: dict[str, Any] | None = table("file_operands")["commands"].get((argv[0] or "").rpartition("/")[2])
    before = argv[1:at]
    if entry is None or None in before or "--" in before:
        return False
    words = [word for word in before if word is not None]
    options = [word for word in words if len(word) > 1 and word.startswith("-")]
    if "with" in entry and not any(re.fullmatch(entry["with"], word) for word in options):
        return False
    if "without" in entry and any(re.fullmatch(entry["without"], word.partition("=")[0]) for word in options):
        return False
    if "behind" in entry and not re.fullmatch(entry["behind"], argv[at - 1] or "", re.S):
        return False
    above: int = entry.get("above", 0)
    return len(words) - len(options) >= above
