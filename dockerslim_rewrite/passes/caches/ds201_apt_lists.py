"""DS201: apt's package lists."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.bases import surely_root
from ...analysis.deleted import lists_gone
from ...analysis.effects.assuming import Verdict
from ...analysis.effects.package_lists import after_deletion, deleted_by_script
from ...analysis.facts import Facts, Use
from ...analysis.packages.apt import LISTS, first_of_lists, keeps_other_lists, reads_lists
from ...analysis.packages.cleanup import always_runs, append_to, appendable, mounted
from ...analysis.shell.operations import Kind
from ...change import Change, DropsFiles, Remark, RemovesCommand
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...render.fragments import fragment
from ...shell.script import Simple
from ...text import Edit
from ..base import Proposals, missed
from .cleaning import done_again
from .estimates import left_behind
from .refreshing import is_commented, only_refreshes

#: What fetches lists and does nothing else when it is told to.
_PROGRAMS = ("apt-get", "apt")


def apt_lists(build: Build, facts: Facts) -> Proposals:
    """Delete apt's package lists in the RUN that fetched them.

    `apt-get update` leaves the lists of all packages in /var/lib/apt/lists, 20 to 50 MB which nothing reads at run
    time. Deleted in a later RUN they stay in the layer below. A RUN that does nothing but fetch them goes where nothing
    installs from them.

    Safe because the lists are only an index that the next `apt-get update` fetches anew, and because everything that
    runs behind was looked at: wrappers, scripts of the build context, build files, what the container starts. Where
    something installs without updating first, they stay and the remark says so. Where a program is not known the level
    is standard, with what is assumed of it as evidence; a script that cannot be read keeps them at every level. A
    cache mount over them keeps them out of the layer anyway. Source: Docker's "Building best practices", apt-get; the
    official Debian and Ubuntu images configure apt to keep no downloaded packages (docker-clean), so the lists are all
    there is.
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
            idle = only_refreshes(run, uses, facts)
            if idle and any(other.index > run.index and other.origin.args == run.origin.args for other in stage.runs):
                # Of two that are alike the last one is told of.
                continue
            verdict = after_deletion(run, stage, facts)
            if idle:
                yield _without(run, stage, verdict, left_behind(uses, stage, build, facts), build, facts)
                continue
            problem = verdict.obstacle or _pointless(run, uses, stage, facts) or appendable(run, facts)
            if problem is not None:
                yield missed(run.line, f"apt's lists stay in the layer: {problem}")
                continue
            command = fragment("apt-lists", facts.templates)
            if _sudo(uses) and not surely_root(run, build, facts, stage):
                command = fragment("as-root", facts.templates, command=command)
            yield Change(
                edits=(append_to(run, facts, command),),
                title="delete apt's package lists where they were fetched",
                reason="they are an index for the next install, never read at run time",
                safety=verdict.safety,
                claims=(DropsFiles(tuple(command.split()), (f"{LISTS}/*",)),),
                line=run.line,
                evidence=verdict.evidence,
                saving=left_behind(uses, stage, build, facts) if _surely(run, uses, facts) else None,
            )


def _pointless(run: Run, uses: Sequence[Use], stage: Stage, facts: Facts) -> str | None:
    """Why deleting the lists at the end of *run* would save nothing, or undo what it is there for."""
    script = facts.script(run)
    updates = [use for use in uses if use.operation.kind is Kind.UPDATE]
    if script is not None and script.commands and script.commands[-1] is updates[-1].command:
        return "fetching them is the last that this RUN does; drop apt-get update if nobody needs them"
    if any(keeps_other_lists(use.operation) for use in updates):
        return "apt-get update is told to keep the lists that it does not fetch"
    deletes = deleted_by_script(run, stage, facts)
    return None if deletes is None else f"a script deletes them already ({deletes})"


def _surely(run: Run, uses: Sequence[Use], facts: Facts) -> bool:
    """Whether each build fetches lists in *run*, rather than one in which a condition holds."""
    script = facts.script(run)
    updates = (use.command for use in uses if use.operation.kind is Kind.UPDATE)
    return script is not None and any(always_runs(script, command) for command in updates)


def _without(
    run: Run, stage: Stage, verdict: Verdict, saving: int | None, build: Build, facts: Facts
) -> Change | Remark:
    """Drop *run*, which does nothing but fetch lists, where nothing reads them."""
    script = facts.script(run)
    assert script is not None
    called = next((one.words[0].text for one in script.commands if one.words[0].text not in _PROGRAMS), None)
    problem = verdict.obstacle or ("a comment describes it" if is_commented(run, build) else None)
    reader = _first_reader(run, stage, facts)
    if reader is not None:
        problem = problem or f"the RUN on line {reader.line} installs, and only a script fetches lists for it again"
    if called is not None or any(one.assignments for one in script.commands):
        problem = problem or f"it is called by {called or 'a shell that sets variables for it'}"
    if problem is not None:
        return missed(run.line, f"apt-get update stays, with its lists: {problem}")
    return Change(
        edits=(Edit.delete(*build.document.without(run.origin)),),
        title="drop the RUN that only fetches apt's package lists",
        reason=f"{_unread(run, stage, facts)}, and they stay in the layer",
        safety=verdict.safety,
        claims=tuple(RemovesCommand(tuple(word.text for word in one.words)) for one in script.commands),
        line=run.line,
        evidence=verdict.evidence,
        saving=saving,
    )


def _first_reader(run: Run, stage: Stage, facts: Facts) -> Run | None:
    """The RUN behind *run* that installs by its own words before one fetches lists by its own; None for none."""
    for index in (stage.index, *facts.graph.heirs(stage.index)):
        for other in facts.build.stages[index].runs:
            if index == stage.index and other.index <= run.index:
                continue
            if reads_lists(other, facts):
                return other
            if first_of_lists(other, facts) is not None:
                if index == stage.index:
                    return None
                break
    return None


def _unread(run: Run, stage: Stage, facts: Facts) -> str:
    """Why nobody reads the lists that *run* fetches."""
    later = (one for one in stage.runs if one.index > run.index)
    if any(first_of_lists(one, facts) is not None for one in later):
        return "what installs packages fetches lists of its own, so that nothing reads these"
    return "nothing installs from these lists"


def _deletes_lists(command: Simple) -> bool:
    """Whether *command* deletes apt's lists and nothing else."""
    operands = [word for word in command.argv[1:] if word is None or not word.startswith("-")]
    return command.name == "rm" and operands in ([LISTS], [f"{LISTS}/"], [f"{LISTS}/*"])


def _sudo(uses: Sequence[Use]) -> bool:
    return uses[-1].operation.wrappers[:1] == ("sudo",)
