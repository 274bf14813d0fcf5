"""Which operands of a command have to be files that are there; see ``data/needed_operands.toml``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .tables import table


def knows_needs(command: str) -> bool:
    """Whether it is known which files *command* cannot be without."""
    return command in table("needed_operands")["commands"]


def is_needed(argv: Sequence[str | None], at: int) -> bool:
    """Whether the command *argv* surely fails where its word *at* names a file that is not there.

    *argv* begins with the command's name; None is a word that an expansion decides, which may be an option.
    """
    entry: dict[str, Any] | None = table("needed_operands")["commands"].get((argv[0] or "").rpartition("/")[2])
    if entry is None or at == 0 or None in argv[:at]:
        return False
    # Where something is written last, what an expansion decides is that.
    if None in argv and "without" in entry and "below" not in entry:
        return False
    words = [word or "" for word in argv]
    if "behind" in entry:
        return re.fullmatch(entry["behind"], words[at - 1]) is not None
    operands: list[int] = []
    ended = taken = False
    for index, word in enumerate(words[1:], start=1):
        if taken or ended or word == "-" or not word.startswith("-"):
            operands += [] if taken else [index]
            taken = False
        elif word == "--":
            ended = True
        elif "without" in entry and re.fullmatch(entry["without"], word):
            return False
        else:
            taken = "values" in entry and re.fullmatch(entry["values"], word) is not None
    files = operands[entry.get("above", 0) : len(operands) - entry.get("below", 0)]
    return at in files[: entry.get("most", len(files))]
