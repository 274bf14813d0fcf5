"""How text of files is quoted in messages."""

from __future__ import annotations

from ..patterns import re

_LONGEST = 60
#: Data in the middle of a message: letters and digits that no person reads.
#: What a message says may take a page, and no more of it is read.
_MOST = 2_000
_DATA = re.compile(r"[A-Za-z0-9+=_-]{61,}|[A-Za-z0-9+/=]{80,}")


def shown(text: str) -> str:
    """*text* as messages quote it: on one line, and no longer than people read."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def readable(message: str) -> str:
    """*message* with what looks like data cut short, and no longer than a page."""
    if len(message) <= _LONGEST:
        return message
    short = _DATA.sub(lambda match: f"{match[0][:20]}…", message)
    return short if len(short) <= _MOST else f"{short[: _MOST - 1]}…"
