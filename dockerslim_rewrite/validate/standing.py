"""Where a walk through the steps of a stage stands."""

from __future__ import annotations

from ..ir.steps import Arg, Env, Exec, Shell, Step, Value
from .folders import Entered
from .forms import Launch
from .metadata import folder


class Standing:
    """What the steps of the old program so far have set for those that follow.

    ``workdir`` is the working directory, None where the base image or a variable decides; ``start`` is the folder that
    the base image starts in, for as long as no WORKDIR has come and where it is known; ``entered`` says where the
    new program is meanwhile; ``exported`` are the names that ENV and ARG have set, ``launch`` is how processes start.
    """

    __slots__ = ("entered", "escape", "exported", "launch", "start", "workdir")

    def __init__(self, escape: str, launch: Launch | None = None, start: str | None = None) -> None:
        self.escape = escape
        self.workdir: str | None = None
        self.start = start
        self.entered = Entered()
        self.exported: set[str] = set()
        self.launch = launch or Launch()

    def advance(self, step: Step) -> None:
        """Take in that both programs came by *step*."""
        if isinstance(step, Value) and step.keyword == "WORKDIR":
            self.workdir = self.folder(step)
            self.start = None
            self.entered.at(step)
        elif isinstance(step, Env | Arg):
            self.exported.update(pair.key for pair in step.pairs)
        elif isinstance(step, Shell | Exec):
            self.launch = self.launch.after(step)

    def folder(self, step: Value) -> str | None:
        """The absolute folder that the WORKDIR *step* leads to from here; None where that cannot be told."""
        return folder(step.value, self.here, self.escape)

    @property
    def here(self) -> str | None:
        """The folder that the old program is in; None where that cannot be told."""
        return self.workdir or self.start
