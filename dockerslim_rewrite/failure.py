"""What is said where this program failed: a bug to be told, and not the file's fault."""

from __future__ import annotations

#: So much of an error's own text is shown.
_SHOWN = 200


def said(error: BaseException) -> str:
    """The unexpected *error* in a few words: its kind, and its own text on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:_SHOWN]}"


def failure(error: BaseException) -> str:
    """A line, without the name of the file that was being read, for the unexpected *error*."""
    return f"left as it is: the rewriter failed ({said(error)}); please report this file"
