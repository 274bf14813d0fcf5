"""What ``echo`` prints, and ``printf`` that prints the same in every shell.

Sources: POSIX, "echo" (what its options and backslashes do is the shell's business); dash(1); bash(1); Busybox, ash.
"""

from __future__ import annotations

from ...patterns import re
from ...shell.script import Simple

#: What one word in quotes may hold: of what begins with a backslash, only what all shells take for the same.
_SINGLE = re.compile(r"'(?:[^'\\]|\\[nt])*'\Z")
_DOUBLE = re.compile(r'"(?:[^"\\`]|\\[nt"$])*"\Z')
_ESCAPE = re.compile(r"\\[nt]")
_SHELLS_WITH_E = ("ash", "bash")


def by_printf(command: Simple, shell: str) -> str | None:
    """The words that print under *shell* what ``echo`` and its option print there; None where there are none.

    *command* is an ``echo`` of one word in quotes.
    """
    option = command.words[1].text if len(command.words) == 3 else ""
    text = command.words[-1].text
    if len(command.words) not in (2, 3) or option not in ("", "-n", "-e", "-ne", "-en"):
        return None
    if not (_SINGLE.match(text) or _DOUBLE.match(text)):
        return None
    end = "" if "n" in option else "\\n"
    escapes = _ESCAPE.search(text) is not None
    if "e" in option:
        return f"printf '%b{end}'" if shell in _SHELLS_WITH_E else None
    if shell == "dash" and escapes:
        return f"printf '%b{end}'"
    if option and not escapes and (shell in _SHELLS_WITH_E or (shell == "dash" and "$" not in text)):
        return "printf '%s'"
    return None
