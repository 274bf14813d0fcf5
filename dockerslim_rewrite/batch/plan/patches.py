"""Patches that ``git apply`` takes, whatever a file is called."""

from __future__ import annotations

from ...pipeline.result import quoted_path, unified_diff


def diff_of(before: str, after: str, name: str) -> str:
    """A patch of the file *name*; empty where nothing changed."""
    found = unified_diff(before, after, name)
    if not found:
        return ""
    body = found.split("\n", 2)[2]
    return f"--- {_quoted('a/' + name)}\n+++ {_quoted('b/' + name)}\n{body}"


def _quoted(name: str) -> str:
    """*name* as Git spells it: in quotes where it has to be, with a tab behind where it holds a blank."""
    quoted = quoted_path(name)
    return f"{name}\t" if " " in name and quoted == name else quoted
