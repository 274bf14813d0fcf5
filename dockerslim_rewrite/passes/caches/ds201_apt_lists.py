"""DS201: apt's package lists."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.bases import surely_root
from ...analysis.facts import Facts, Use
from ...analysis.packages.apt import LISTS, lists_gone, reads_lists
from ...analysis.packages.cleanup import append_to, appendable, mounted
from ...analysis.shell.operations import Kind
from ...change import Change, DropsFiles, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...render.fragments import fragment
from ...shell.script import Simple
from ..base import Proposals, missed
from .cleaning import done_again
from .estimates import left_behind


def apt_lists(build: Build, facts: Facts) -> Proposals:
    """Delete apt's package lists in the RUN that fetched them.

    `apt-get update` leaves the lists of all packages in /var/lib/apt/lists, 20 to 50 MB which nothing reads at run
    time. Deleted in a later RUN they stay in the layer below.

    Safe because the lists are only an index that the next `apt-get update` fetches anew; where a later RUN installs
    without updating first, they stay and the remark says so. A cache mount over them keeps them out of the layer
    anyway. Source: Docker's "Building best practices", apt-get; the official Debian and Ubuntu images configure apt to
    keep no downloaded packages (docker-clean), so the lists are all there is.
    """
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            continue
        for run in stage.runs:
            uses = [use for use in facts.uses(run) if use.operation.manager.name == "apt"]
            yield from done_again(run, facts, "apt", _deletes_lists)
            if not any(use.operation.kind is Kind.UPDATE for use in uses) or lists_gone(run, facts):
                continue
            if mounted(run, (LISTS,)):
                continue
            reader = _later_reader(run, stage, facts)
            problem = appendable(run, facts)
            if reader is not None:
                problem = f"the RUN on line {reader.line} installs from these lists without updating them"
            if problem is not None:
                yield missed(run.line, f"apt's lists stay in the layer: {problem}")
                continue
            command = fragment("apt-lists")
            if _sudo(uses) and not surely_root(run, build, facts, stage):
                command = fragment("as-root", command=command)
            yield Change(
                edits=(append_to(run, facts, command),),
                title="delete apt's package lists where they were fetched",
                reason="they are an index for the next install, never read at run time",
                safety=Safety.SAFE,
                claims=(DropsFiles(tuple(command.split()), (f"{LISTS}/*",)),),
                line=run.line,
                saving=left_behind(uses, stage, build, facts),
            )


def _deletes_lists(command: Simple) -> bool:
    """Whether *command* deletes apt's lists and nothing else."""
    operands = [word for word in command.argv[1:] if word is None or not word.startswith("-")]
    return command.name == "rm" and operands in ([LISTS], [f"{LISTS}/"], [f"{LISTS}/*"])


def _later_reader(run: Run, stage: Stage, facts: Facts) -> Run | None:
    """The RUN behind *run*, in this image's layers, that reads lists which it did not fetch itself."""
    return next((later for later in facts.later_runs(run, stage) if reads_lists(later, facts)), None)


def _sudo(uses: Sequence[Use]) -> bool:
    return uses[-1].operation.wrappers[:1] == ("sudo",)
