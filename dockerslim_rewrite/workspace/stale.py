"""Builds that went out of date: their context holds next to none of what is copied, and another one holds it all."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .inference import holds

#: Of so many sources a context that belongs to the Dockerfile holds more than one.
_SHARE = 4
_FEWEST = 2


def better_contexts(
    contexts: Iterable[Path], others: Sequence[Path], sources: Sequence[str]
) -> Mapping[Path, tuple[Path, int, int]]:
    """For each of *contexts* that holds next to none of *sources*: the first of these and of *others* that holds all.

    With it come how many sources the context holds, and how many there are. Those that name all of a context tell
    nothing.
    """
    told = [one for one in sources if posixpath.normpath("/" + one).strip("/")]
    known = tuple(dict.fromkeys(contexts))
    if len(told) < _FEWEST or not known:
        return {}
    held = {root: sum(holds(root, one) for one in told) for root in dict.fromkeys((*known, *others))}
    whole = next((root for root, count in held.items() if count == len(told)), None)
    if whole is None:
        return {}
    return {root: (whole, held[root], len(told)) for root in known if held[root] * _SHARE < len(told)}
