"""Everything that passes may ask about one build."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from ..ir.build import Build, Stage
from ..ir.steps import Run, Step
from ..record import record
from ..shell.script import Script, Simple
from ..syntax.style import Style
from ..text import Span
from .flow.base_sites import BaseSite, base_sites
from .flow.graph import Graph, stage_graph
from .flow.state import State, states
from .locked import NO_LOCK, Lock, Supposed
from .shell.calls import Call, stage_calls
from .shell.operations import Operation, operations

if TYPE_CHECKING:
    from pathlib import Path

    from .project import Project

Answer = TypeVar("Answer")

#: Who runs in a container that is given a user: name and number.
ACCOUNT = ("app", 10001)


@record
class Use:
    """A package-manager operation in a RUN, and the simple command that it is."""

    run: Run
    command: Simple
    operation: Operation


@record(slots=False)
class Facts:
    """Facts of *build*, each computed when first asked for.

    *lock* is what the lock file says, *today* the day on which it is asked, None where nobody said. *open_project*
    gives what the build context holds; *account* are name and number of a user that has to be created; *templates* is
    a directory whose templates take precedence. *supposed* is what rules may take for granted, as building shows it.
    """

    build: Build
    lock: Lock = NO_LOCK
    today: date | None = None
    open_project: Callable[[], Project | None] | None = None
    account: tuple[str, int] = ACCOUNT
    templates: Path | None = None
    supposed: tuple[Supposed, ...] = ()

    def granted(self, rule: str) -> Supposed | None:
        """What the rule with the code *rule* may take for granted; None where it has to know."""
        return next((one for one in self.supposed if one.rule == rule), None)

    @property
    def project(self) -> Project | None:
        """What the build context holds; None without one."""
        return self.open_project() if self.open_project is not None else None

    @cached_property
    def shipped(self) -> Build:
        """The build as far as the stage that is known to ship: the one that a target names, else the last."""
        project = self.project if len(self.build.stages) > 1 else None
        if project is None or project.usage.target is None:
            return self.build
        from .usage import shipped

        return shipped(self.build, project.usage.target)

    @cached_property
    def states(self) -> list[State]:
        """The state before each step, by ``step.index``."""
        return states(self.build)

    @cached_property
    def graph(self) -> Graph:
        """Who is built from whom."""
        return stage_graph(self.build)

    @cached_property
    def base_sites(self) -> tuple[BaseSite, ...]:
        """The images from outside that stages are built from, and where they are named."""
        return base_sites(self.build)

    @cached_property
    def memory(self) -> dict[str, Any]:
        """What analyses above this one have worked out of the same build, by their name."""
        return {}

    def recall(self, name: str, key: Hashable, work_out: Callable[[], Answer]) -> Answer:
        """What *work_out* answers, kept for *key* under the *name* of the analysis."""
        known: dict[Hashable, Answer] = self.memory.setdefault(name, {})
        if key not in known:
            known[key] = work_out()
        return known[key]

    @cached_property
    def _uses(self) -> dict[int, tuple[Use, ...]]:
        return {}

    @cached_property
    def _calls(self) -> dict[int, tuple[Call, ...]]:
        return {}

    @cached_property
    def substituted(self) -> tuple[Span, ...]:
        """Where in the text substitutions stand that hold commands: disjoint, in order, the outermost ones."""
        found: list[Span] = []
        for stage in self.build.stages:
            for run in stage.runs:
                script = self.script(run)
                if script is None or run.body is None or not script.substituted:
                    continue
                for span in script.substituted:
                    start, end = run.body.logical.before(span.start), run.body.logical.after(span.end)
                    if not found or found[-1].end <= start:
                        found.append(Span(start, end))
        return tuple(found)

    @property
    def style(self) -> Style:
        """How the file is written."""
        return self.build.document.style

    def state(self, step: Step) -> State:
        """The state in which *step* runs."""
        return self.states[step.index]

    def script(self, run: Run) -> Script | None:
        """The tree of a RUN's body; None for the exec form and for what is opaque."""
        script = run.body.script if run.body is not None else None
        return script if isinstance(script, Script) else None

    def uses(self, run: Run) -> tuple[Use, ...]:
        """The package-manager operations in *run*, in the order of the text."""
        known = self._uses.get(run.index)
        if known is None:
            script = self.script(run)
            found = operations(script) if script is not None else ()
            known = self._uses[run.index] = tuple(Use(run, command, done) for command, done in found)
        return known

    def calls(self, stage: Stage) -> tuple[Call, ...]:
        """The simple commands of all RUNs of *stage* that can be read, in the order of the text."""
        known = self._calls.get(stage.index)
        if known is None:
            known = self._calls[stage.index] = stage_calls(stage)
        return known

    def later_runs(self, run: Run, stage: Stage) -> list[Run]:
        """The RUNs that run on top of *run*: behind it in *stage*, in the stages built from it, and their triggers."""
        found = [other for other in stage.runs if other.index > run.index]
        heirs = [self.build.stages[index] for index in self.graph.heirs(stage.index)]
        found.extend(other for heir in heirs for other in heir.runs)
        found.extend(trigger for one in (stage, *heirs) for trigger in one.triggers)
        return found
