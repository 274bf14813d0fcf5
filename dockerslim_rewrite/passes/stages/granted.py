"""Splits that rest on what building has shown, or is about to, where nothing that can be read tells as much.

What is in the way is told all the same, as evidence: whoever reads the journal sees what was taken for granted.
"""

from __future__ import annotations

from ...analysis.locked import Supposed
from ...analysis.runtime.shipped import Obstacle
from ...change import Change, Safety
from ...record import evolve
from .likely_bases import likely_base
from .split_project import Project, Target


def granted_target(project: Project, given: Supposed) -> Target:
    """The base that *given* names, or a likely one, with the packages and places that it names.

    Of the places that the file itself tells of, those stay of which *given* names nothing: other rules have added them.
    """
    told = [place.path for place in project.shipping.places]
    unspoken = [one for one in told if not (given.places and (_shared(one) or _spoken_of(one, given.places)))]
    wanted = tuple(sorted(dict.fromkeys((*given.places, *unspoken))))
    wanted = tuple(one for one in wanted if not any(one.startswith(f"{two.rstrip('/')}/") for two in wanted))
    # What is copied again from the build context is not copied from the builder as well.
    again = project.shipping.copied
    wanted = tuple(one for one in wanted if not any(one == two or one.startswith(f"{two}/") for two in again))
    return Target(
        image=given.base or likely_base(project),
        safety=Safety.of(given.level),
        why="what only builds need stays in the builder",
        packages=given.packages,
        places=wanted,
    )


def on_proof(change: Change, given: Supposed, obstacle: Obstacle | None) -> Change:
    """*change* at the level that *given* deserves, with what shows it, and what could not be read."""
    told = () if obstacle is None else (f"line {obstacle.line}: taken for granted though {obstacle.reason}",)
    reason = f"{change.reason}; {given.evidence}" if given.evidence else change.reason
    return evolve(change, safety=Safety.of(given.level), reason=reason, evidence=(*change.evidence, *told))


def _spoken_of(path: str, places: tuple[str, ...]) -> bool:
    """Whether one of *places* is *path*, lies in it, or holds it."""
    return any(f"{one}/".startswith(f"{path.rstrip('/')}/") or path.startswith(f"{one}/") for one in places)


def _shared(path: str) -> bool:
    """Whether *path* is among what every image has, into which installers may write: there *places* tell all."""
    return path.startswith(("/usr/", "/lib/"))
