"""Numbers as strangers write them: digits of other scripts, superscripts, and thousands of digits are none."""

from __future__ import annotations

#: As long as the last port, 65535.
_LONGEST = 5


def small_number(text: str | None) -> int | None:
    """The number of at most five digits that *text* is; None where it is none."""
    if text is None or len(text) > _LONGEST or not (text.isascii() and text.isdigit()):
        return None
    return int(text)
