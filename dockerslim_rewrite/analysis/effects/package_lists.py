"""Who reads apt's package lists, among all that comes to run behind the RUN that fetched them.

Sources: apt-get(8), apt-cache(8), apt-file(1), rosdep and Ansible documentation (the apt module).
"""

from __future__ import annotations

from collections.abc import Collection

from ...ir.build import Stage
from ...ir.steps import Copy, Run, Step
from ...knowledge.effects import list_habit
from ..facts import Facts
from ..packages.apt import LISTS, READS
from ..shell.operations import Kind, operation
from .asking import effects
from .assuming import Verdict, assumed, both
from .reached import Ran, Reached, Unread

#: Commands that do not mind that the lists are gone though they name them.
_CARELESS = frozenset(("rm", "mkdir", "chmod", "chown", "echo", "printf", "install", "tar", "rsync"))
_NEVER = frozenset((Kind.CLEAN, Kind.REMOVE))


def after_deletion(run: Run, stage: Stage, facts: Facts, updated: Collection[int] = ()) -> Verdict:
    """Whether the lists that *run* of *stage* fetched may be deleted at its end: nothing that comes later reads them.

    RUNs with an index in *updated* get lists of their own.
    """
    taken = _taken(stage, facts)
    if taken is not None:
        return Verdict(obstacle=f"{taken.keyword} on line {taken.line} takes them into another stage")
    readers = facts.project.usage.list_readers if facts.project is not None and facts.graph.ships(stage.index) else ()
    if readers:
        return Verdict(obstacle=f"{readers[0]} builds on this image, and may install from them")
    found = Verdict()
    index = stage.index
    stages = [stage, *(facts.build.stages[at] for at in facts.graph.heirs(index))]
    for one in stages:
        fetched = False
        for later in one.runs:
            if (one is stage and later.index <= run.index) or later.index in updated:
                continue
            verdict, fetched = _of_run(effects(facts).of_run(later, one))
            found = both(found, verdict)
            if found.obstacle is not None or fetched:
                break
        for trigger in one.triggers:
            verdict, _ = _of_run(effects(facts).of_run(trigger, one))
            found = both(found, verdict)
        if found.obstacle is not None:
            return found
        if fetched and one is stage:
            return found
    return both(found, _of_start(stages, facts))


def list_event(ran: Ran) -> str | None:
    """What *ran* does to the lists: ``reads`` them as they are, ``fetches`` them first; None for neither."""
    done = operation(ran.argv)
    if done is not None and done.manager.name == "apt":
        if done.kind is Kind.UPDATE:
            return "fetches"
        if done.kind in READS:
            return "reads"
        if done.kind in _NEVER or (not done.subcommand and done.certain):
            return None
        return "reads"
    subcommand = next((word for word in ran.argv[1:] if word and not word.startswith("-")), "")
    habit = list_habit(ran.name, subcommand)
    if habit is not None:
        return None if habit == "none" else habit
    if ran.name not in _CARELESS and any(LISTS in word for word in ran.argv[1:] if word):
        return None if ran.name == "find" and "-delete" in ran.argv else "reads"
    return None


def _of_run(reached: tuple[Reached, ...]) -> tuple[Verdict, bool]:
    """The verdict on one RUN behind, and whether it surely fetches lists of its own."""
    unknown: list[Unread] = []
    for one in reached:
        if isinstance(one, Unread):
            unknown.append(one)
            continue
        event = list_event(one)
        if event == "fetches":
            if one.surely:
                return assumed("apt_lists", unknown), True
            # Where it stands in a branch or a script, what follows it there has lists.
            return assumed("apt_lists", unknown), False
        if event == "reads":
            words = " ".join(word or "…" for word in one.argv[:3])
            return Verdict(obstacle=f"{words} ({one.place}) reads them without fetching them anew"), False
    return assumed("apt_lists", unknown), False


def _of_start(stages: list[Stage], facts: Facts) -> Verdict:
    found = Verdict()
    for one in stages:
        verdict, _ = _of_run(tuple(each for each in effects(facts).of_start(one) if isinstance(each, Ran)))
        if verdict.obstacle is not None:
            return Verdict(obstacle=f"what the container starts needs them: {verdict.obstacle}")
        unread = [each for each in effects(facts).of_start(one) if isinstance(each, Unread)]
        found = both(found, assumed("apt_lists", unread, start=True))
    return found


def _taken(stage: Stage, facts: Facts) -> Step | None:
    """The COPY, or RUN with a mount, by which another stage takes the lists of *stage*."""
    names = {stage.name.lower(), str(stage.index)}
    for other in facts.build.stages:
        for step in other.steps:
            if isinstance(step, Copy) and (step.origin.flag("from") or "").lower() in names:
                if any(_covers(source) for source in step.sources):
                    return step
            elif isinstance(step, Run):
                for mount in step.mounts:
                    source = mount.get("source") or mount.get("src") or "/"
                    if mount.get("from", "").lower() in names and _covers(source):
                        return step
    return None


def _covers(source: str) -> bool:
    bare = source.rstrip("/")
    return bool(bare) and (bare == LISTS or LISTS.startswith(bare + "/") or bare.startswith(LISTS))
