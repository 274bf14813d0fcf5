"""COPY and ADD: the same files in the same place, in the same order."""

from __future__ import annotations

from collections.abc import Sequence

from ...change import ChangesFlag
from ...ir.steps import Copy
from ...patterns import re
from ..core.instructions import Side, heredocs
from ..core.verdict import Unsound

#: What ADD fetches, or may; a directory called ``.git`` is local. Source: BuildKit, util/gitutil.
_URL = re.compile(r"\A(?:(?:https?|ftp|git|ssh)://|git@)|[^/#]\.git(?:#|\Z)", re.I)
_ARCHIVE = re.compile(r".*\.(?:tar|tgz|tbz2?|txz|tlz|tzst|gz|bz2|xz|zst|lzma|Z)\Z|.*\$", re.I)

#: What no variable makes a URL, since it begins as a path, nor an archive, since it ends as a directory.
_DIRECTORY = re.compile(r"(?:\.{1,2})?/.*/\Z")


def same_copy(left: Copy, right: Copy, old: Side, new: Side, claims: Sequence[ChangesFlag] = ()) -> bool:
    """Whether the COPY *right* does what the ADD *left* does, but for flags that *claims* add.

    Raises ``Unsound`` where ADD does more.
    """
    bare = [source.strip("\"'") for source in left.sources]
    if any((_URL.search(one) or _ARCHIVE.match(one)) and not _DIRECTORY.match(one) for one in bare):
        raise Unsound("ADD fetches or unpacks here; COPY does not", left.line, right.line)
    return same_but_for_flags(left, right, old, new, claims)


def same_but_for_flags(left: Copy, right: Copy, old: Side, new: Side, claims: Sequence[ChangesFlag]) -> bool:
    """Whether *right* is *left* with flags that *claims* add."""
    if not _same_files(left, right):
        return False
    before, after = old.flags(left), new.flags(right)
    added = [flag for flag in after if flag not in before]
    kept = tuple(flag for flag in after if flag not in added)
    allowed = {(claim.name, claim.after) for claim in claims if claim.keyword in (left.keyword, right.keyword)}
    return kept == before and all(flag in allowed for flag in added)


def _same_files(left: Copy, right: Copy) -> bool:
    # Several sources are copied into a directory in any case. Source: Dockerfile reference, COPY.
    ends = (left.destination, f"{left.destination}/") if len(left.sources) > 1 else (left.destination,)
    same = (left.sources, heredocs(left)) == (right.sources, heredocs(right))
    return same and right.destination in ends
