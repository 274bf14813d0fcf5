"""Who reads apk's package index behind the RUN that fetched it, and does not fetch one.

Source: apk-add(8), apk-update(8): without ``--no-cache`` and ``--update-cache`` apk reads the index that is there.
"""

from __future__ import annotations

from ...ir.build import Stage
from ...ir.steps import Run
from ..facts import Facts
from ..shell.operations import Kind, operation
from .asking import effects
from .assuming import Verdict, assumed, both
from .reached import Ran, Reached, Unread

_READS = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.DOWNLOAD))
_FETCHES = ("--no-cache", "-U", "--update", "--update-cache")


def without_index(run: Run, stage: Stage, facts: Facts) -> Verdict:
    """Whether the index that *run* of *stage* leaves may go: nothing that runs later needs it.

    A later RUN that says ``apk add`` in so many words is not asked: it gets ``--no-cache`` as well.
    """
    found = Verdict()
    for one in (stage, *(facts.build.stages[at] for at in facts.graph.heirs(stage.index))):
        for later in (*one.runs, *one.triggers):
            if one is stage and later in one.runs and later.index <= run.index:
                continue
            plain = [use for use in facts.uses(later) if use.operation.manager.name == "apk"]
            found = both(found, _of_run(effects(facts).of_run(later, one), len(plain) if later in one.runs else 0))
            if found.obstacle is not None:
                return found
        started = effects(facts).of_start(one)
        found = both(found, _of_run(tuple(each for each in started if isinstance(each, Ran)), 0))
        found = both(found, assumed("apk_index", (each for each in started if isinstance(each, Unread)), start=True))
    return found


def _of_run(reached: tuple[Reached, ...], plain: int) -> Verdict:
    unknown = [one for one in reached if isinstance(one, Unread)]
    calls = [one for one in reached if isinstance(one, Ran) and one.name == "apk"]
    if len(calls) > plain:
        for one in calls:
            done = operation(one.argv)
            if done is None or done.kind is Kind.UPDATE:
                break
            if done.kind in _READS and not done.has_flag(*_FETCHES):
                words = " ".join(word or "…" for word in one.argv[:3])
                return Verdict(obstacle=f"{words} ({one.place}) installs from it")
    return assumed("apk_index", unknown)
