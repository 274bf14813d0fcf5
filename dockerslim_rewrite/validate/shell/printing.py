"""``printf`` in the place of ``echo``, by the validator's own reading of what shells print."""

from __future__ import annotations

from collections.abc import Sequence

from ...change import ReplacesCommand
from ...patterns import re

_TEXT = re.compile(r"""'(?:[^'\\]|\\[nt])*'|"(?:[^"\\`]|\\[nt"$])*\"""")


def by_printf(old: Sequence[str], new: Sequence[str], claim: ReplacesCommand) -> bool:
    """Whether *new* prints by ``printf`` what *old*, an ``echo``, prints in the shell that *claim* names."""
    if tuple(old) != claim.before or tuple(new) != claim.after or len(new) != 3 or new[0] != "printf":
        return False
    name, *options, text = old
    if (
        name != "echo"
        or new[2] != text
        or not _TEXT.fullmatch(text)
        or options not in ([], ["-n"], ["-e"], ["-ne"], ["-en"])
    ):
        return False
    letters = "".join(options)
    end = "" if "n" in letters else r"\n"
    escaped = "\\n" in text or "\\t" in text
    if claim.shell == "dash":
        # It reads backslashes, in what variables hold as well, and knows no option but -n.
        formats = {f"'%b{end}'"} if escaped else {f"'%s{end}'"} if "$" not in text else set()
        return "e" not in letters and new[1] in formats
    if claim.shell not in ("ash", "bash"):
        return False
    return new[1] == (f"'%b{end}'" if "e" in letters else f"'%s{end}'")
