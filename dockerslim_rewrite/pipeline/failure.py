"""What is said where this program failed: a bug to be told, and not the file's fault."""

from __future__ import annotations

#: So much of an error's own text is shown.
_SHOWN = 200


def failure(error: BaseException) -> str:
    """A line, without the name of the file that was being read, for the unexpected *error*."""
    told = " ".join(str(error).split())[:_SHOWN]
    return f"left as it is: the rewriter failed ({type(error).__name__}: {told}); please report this file"
