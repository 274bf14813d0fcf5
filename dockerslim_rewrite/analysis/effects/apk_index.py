"""Who reads apk's package index behind the RUN that fetched it, and does not fetch one.

Sources: apk-add(8), apk-update(8): without ``--no-cache`` and ``--update-cache`` apk reads the index that is there;
apk-tools, ``autoupdate`` in src/database.c: what only asks never fetches one.
"""

from __future__ import annotations

from functools import partial

from ...ir.build import Stage
from ...ir.steps import Run
from ..facts import Facts
from ..shell.operations import Kind, Operation, operation
from .asking import effects
from .assuming import Verdict, assumed, both
from .reached import Ran, Reached, Unread

_ADDS = frozenset((Kind.INSTALL, Kind.UPGRADE))
#: What they say is read from the index, of packages that are not installed as well.
_QUERIES = frozenset(("search", "fetch", "policy", "dot", "query"))
#: Nothing stands in the way.
_FREE = Verdict()
_FETCHES = ("--no-cache", "-U", "--update", "--update-cache")


def without_index(run: Run, stage: Stage, facts: Facts) -> Verdict:
    """Whether the index that *run* of *stage* leaves may go: nothing that runs later needs it.

    A later RUN that says ``apk add`` in so many words is not asked: it gets ``--no-cache`` as well.
    """
    found = _FREE
    for one in (stage, *(facts.build.stages[at] for at in facts.graph.heirs(stage.index))):
        # Asked again for each RUN before them, of which there may be hundreds.
        for index, verdict in facts.recall("apk index", one.index, partial(_of_stage, one, facts)):
            if one is stage and index is not None and index <= run.index:
                continue
            found = both(found, verdict) if verdict is not _FREE else found
            if found.obstacle is not None:
                return found
        started = effects(facts).of_start(one)
        found = both(found, _of_run(tuple(each for each in started if isinstance(each, Ran)), 0))
        found = both(found, assumed("apk_index", (each for each in started if isinstance(each, Unread)), start=True))
    return found


def _of_stage(stage: Stage, facts: Facts) -> tuple[tuple[int | None, Verdict], ...]:
    """Whether each RUN of *stage*, by its index, and each trigger, without one, needs an index that it finds."""
    found: list[tuple[int | None, Verdict]] = []
    for later, index in (*((run, run.index) for run in stage.runs), *((one, None) for one in stage.triggers)):
        apk = [use.operation for use in facts.uses(later) if use.operation.manager.name == "apk"]
        plain = 0 if index is None else sum(done.kind in _ADDS for done in apk)
        verdict = _of_run(effects(facts).of_run(later, stage), plain)
        found.append((index, _FREE if verdict == _FREE else verdict))
    return tuple(found)


def _of_run(reached: tuple[Reached, ...], plain: int) -> Verdict:
    unknown = [one for one in reached if isinstance(one, Unread)]
    calls = [one for one in reached if isinstance(one, Ran) and one.name == "apk"]
    known = [(one, done) for one in calls if (done := operation(one.argv)) is not None]
    further = sum(done.kind in _ADDS for _, done in known) > plain
    for one, done in known:
        if done.kind is Kind.UPDATE:
            break
        if further and done.kind in _ADDS and not done.has_flag(*_FETCHES):
            return Verdict(obstacle=f"{one.beginning} ({one.place}) installs from it")
        if _asks(done):
            return Verdict(obstacle=f"{one.beginning} ({one.place}) asks it")
    return assumed("apk_index", unknown)


def _asks(done: Operation) -> bool:
    listed = done.subcommand == "list" and not done.has_flag("-I", "--installed")
    return listed or done.subcommand in _QUERIES
