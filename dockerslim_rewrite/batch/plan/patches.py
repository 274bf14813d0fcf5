"""Patches that ``git apply`` takes, whatever a file is called."""

from __future__ import annotations

from ...pipeline import unified_diff


def diff_of(before: str, after: str, name: str) -> str:
    """A patch of the file *name*; empty where nothing changed."""
    found = unified_diff(before, after, name)
    if not found:
        return ""
    body = found.split("\n", 2)[2]
    return f"--- {_quoted('a/' + name)}\n+++ {_quoted('b/' + name)}\n{body}"


def _quoted(name: str) -> str:
    """*name* as Git spells it: in quotes where it has to be, with a tab behind where it holds a blank."""
    if any(char in '"\\\x7f' or ord(char) < 32 for char in name):
        escaped = "".join(f"\\{ord(char):03o}" if char in '"\\\x7f' or ord(char) < 32 else char for char in name)
        return f'"{escaped}"'
    return f"{name}\t" if " " in name else name
