"""Which of the proved candidates is the best one for what somebody wants."""

from __future__ import annotations

from .task import USER, Attempt, Ladder

GOALS = ("size", "security", "cache")
#: A candidate that is larger by no more than this share is preferred where it changes less.
_CLOSE = 1.05


def chosen(ladder: Ladder, goal: str) -> Attempt | None:
    """The best of the proved candidates of *ladder* that are smaller than the image as it is; None without any.

    ``size``: the smallest, or one that is nearly as small and was tried earlier, as it changes less. ``security``: an
    unprivileged user first, then the fewest packages. ``cache``: the shortest build after a source file was changed.
    """
    proved = [one for one in ladder.attempts if one.proved and one.size is not None and one.size < ladder.size]
    if not proved:
        return None
    if goal == "security":
        return min(proved, key=lambda one: (not _unprivileged(one), one.packages, one.size))
    if goal == "cache":
        return min(proved, key=lambda one: (one.warm if one.warm is not None else float("inf"), one.size))
    least = min(one.size for one in proved if one.size is not None)
    return next(one for one in proved if one.size is not None and one.size <= least * _CLOSE)


def _unprivileged(one: Attempt) -> bool:
    return one.result is not None and USER in {change.rule for change in one.result.changes}
