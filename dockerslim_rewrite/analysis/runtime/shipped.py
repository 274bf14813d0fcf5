"""What a stage ships, and what is in the way of knowing it: the answers of ``shipping``."""

from __future__ import annotations

from ...ir.steps import Step
from ...record import record
from ..flow.places import Place
from ..flow.state import State
from ..packages.kept_packages import Package
from .touches import Touch


@record
class Obstacle:
    """Why what the stage ships is not known, and the line."""

    reason: str
    line: int


@record
class Shipping:
    """What a stage ships besides its base image.

    ``places`` are the outermost paths, sorted; ``made`` the names of programs that its builds make (``*``: any);
    ``states`` the state before each step of the stage and, last, at its end. ``users``: accounts were created;
    ``upgrade`` is the command that brought the packages of the base image up to date. ``copied`` are paths that are
    copied again from the build context, and not among the places; ``gone`` were deleted again at the end.
    ``obstacles`` are all of them. ``cut`` is the last instruction that builds; ``ran`` are the paths that commands
    wrote, beside the directories ``folders``, which ``mkdir`` alone made. ``touches`` is what was done to owners and
    modes.
    """

    places: tuple[Place, ...]
    made: frozenset[str]
    packages: tuple[Package, ...]
    users: bool
    upgrade: str | None
    states: tuple[State, ...]
    copied: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    cut: Step | None = None
    ran: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    touches: tuple[Touch, ...] = ()

    def covers(self, path: str) -> bool:
        """Whether *path* is one of the places or lies in one."""
        return any(path == one.path or path.startswith(one.path.rstrip("/") + "/") for one in self.places)

    def holds(self, path: str) -> bool:
        """Whether *path* is covered, or copied again from the build context."""
        return self.covers(path) or any(path == one or path.startswith(one.rstrip("/") + "/") for one in self.copied)
