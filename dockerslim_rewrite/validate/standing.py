"""Where a walk through the steps of a stage stands."""

from __future__ import annotations

from ..ir.steps import Arg, Env, Exec, Shell, Step, Value
from .folders import Entered
from .forms import Launch
from .metadata import folder


class Standing:
    """What the steps of the old program so far have set for those that follow.

    ``workdir`` is the working directory, None where the base image or a variable decides; ``entered`` says where the
    new program is meanwhile; ``exported`` are the names that ENV and ARG have set, ``launch`` is how processes start.
    """

    __slots__ = ("entered", "escape", "exported", "launch", "workdir")

    def __init__(self, escape: str, launch: Launch | None = None) -> None:
        self.escape = escape
        self.workdir: str | None = None
        self.entered = Entered()
        self.exported: set[str] = set()
        self.launch = launch or Launch()

    def advance(self, step: Step) -> None:
        """Take in that both programs came by *step*."""
        if isinstance(step, Value) and step.keyword == "WORKDIR":
            self.workdir = folder(step.value, self.workdir, self.escape)
            self.entered.at(step)
        elif isinstance(step, Env | Arg):
            self.exported.update(pair.key for pair in step.pairs)
        elif isinstance(step, Shell | Exec):
            self.launch = self.launch.after(step)
