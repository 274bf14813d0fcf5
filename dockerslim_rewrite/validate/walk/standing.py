"""Where a walk through the steps of a stage stands."""

from __future__ import annotations

from collections.abc import Callable

from ...ir.steps import Arg, Env, Exec, Shell, Step, Value
from ..bases.inherited import filled, learn
from ..metadata.metadata import folder
from ..shell.folders import Entered
from ..shell.forms import Launch


class Standing:
    """What the steps of the old program so far have set for those that follow.

    ``workdir`` is the working directory, None where the base image or a variable decides; *start* tells the folder that
    the base image starts in, which counts for as long as no WORKDIR has come; ``entered`` says where the new program is
    meanwhile; ``exported`` are the names that ENV and ARG have set, ``launch`` is how processes start.
    A stage on top of another one, *base*, begins with its environment and its launch.
    """

    __slots__ = ("_arguments", "_environment", "_start", "entered", "escape", "exported", "launch", "workdir")

    def __init__(
        self, escape: str, start: Callable[[], str | None] = lambda: None, base: Standing | None = None
    ) -> None:
        self.escape = escape
        self.workdir: str | None = None
        self._start: Callable[[], str | None] | None = start
        self.entered = Entered()
        self.exported: set[str] = set()
        self.launch: Launch = base.launch if base is not None else Launch()
        self._arguments: set[str] = set()
        self._environment: dict[str, str] = dict(base._environment) if base is not None else {}

    def advance(self, step: Step) -> None:
        """Take in that both programs came by *step*."""
        if isinstance(step, Value) and step.keyword == "WORKDIR":
            self.workdir = self.folder(step)
            self._start = None
            self.entered.at(step)
        elif isinstance(step, Env | Arg):
            self.exported.update(pair.key for pair in step.pairs)
            if isinstance(step, Env):
                learn(self._environment, step, self.escape)
            else:
                self._arguments.update(pair.key for pair in step.pairs)
        elif isinstance(step, Shell | Exec):
            self.launch = self.launch.after(step)

    @property
    def known(self) -> dict[str, str]:
        """The variables of ENV whose values no build argument can change."""
        return {
            name: value for name, value in self._environment.items() if "$" not in value and name not in self._arguments
        }

    def folder(self, step: Value) -> str | None:
        """The absolute folder that the WORKDIR *step* leads to from here; None where that cannot be told."""
        return folder(filled(step.value, self.known), self.here, self.escape)

    @property
    def here(self) -> str | None:
        """The folder that the old program is in; None where that cannot be told."""
        if self.workdir is None and self._start is not None:
            start = self._start()
            self._start = lambda: start
            return start
        return self.workdir
