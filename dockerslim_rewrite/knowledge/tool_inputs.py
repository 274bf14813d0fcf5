"""Files of fixed names that commands cannot be without; see ``data/tool_inputs.toml``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..record import record
from .tables import table


@record
class Inputs:
    """The ``files`` of which a ``command`` needs one where it is run, or, ``upwards``, in a directory above."""

    command: str
    files: tuple[str, ...]
    upwards: bool


def inputs_of(argv: Sequence[str | None]) -> Inputs | None:
    """What the command *argv* needs; None for nothing, or where an expansion (None) may name another place."""
    words = [word or "" for word in argv]
    if not words or None in argv:
        return None
    words[0] = words[0].rpartition("/")[2]
    for entry in table("tool_inputs")["inputs"]:
        command: list[str] = entry["command"]
        rest = words[len(command) :]
        if words[: len(command)] != command:
            continue
        if "with" in entry and not any(re.fullmatch(entry["with"], word) for word in rest):
            continue
        if "without" in entry and any(re.fullmatch(entry["without"], word) for word in rest):
            continue
        return Inputs(" ".join(command), tuple(entry["files"]), bool(entry.get("upwards")))
    return None
