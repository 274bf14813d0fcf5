"""DS203: the caches of the RPM world's package managers, and pacman's."""

from __future__ import annotations

from bisect import bisect_right
from functools import partial

from ...analysis.effects.asking import effects
from ...analysis.effects.reached import Ran
from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind, operation
from ...change import Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...shell.script import Simple
from ..base import Proposals
from .cleaning import FILLS, clean_after, done_again, uncleaned

MANAGERS = frozenset(("yum", "dnf", "microdnf", "tdnf", "zypper", "pacman"))


def yum_cache(build: Build, facts: Facts) -> Proposals:
    """Run `yum clean all`, `dnf clean all`, `microdnf clean all`, `zypper clean --all` where packages were installed.

    Repository metadata and downloaded packages stay in /var/cache, often more than 100 MB, and nothing reads them at
    run time.

    Safe because the next install fetches metadata anew; an install that is told to work from the cache (`-C`,
    `--cacheonly`) keeps it. Source: yum(8), dnf(8), zypper(8).
    """
    yield from clean_after(build, facts, MANAGERS, _judge)
    for stage in build.stages:
        for run in stage.runs:
            for name in dict.fromkeys(use.operation.manager.name for use in facts.uses(run)):
                if name in MANAGERS:
                    yield from done_again(run, facts, name, partial(_cleans, name))


def _cleans(name: str, command: Simple) -> bool:
    return command.argv in ((name, "clean", "all"), (name, "clean", "--all"), (name, "clean", "-a"))


def _judge(uses: list[Use], run: Run, stage: Stage, facts: Facts) -> Safety | str | None:
    name = uses[0].operation.manager.name
    if all(use.operation.kind is Kind.BUILD for use in uses):
        return None
    if name == "pacman" and not any(use.operation.kind in FILLS - {Kind.UPDATE} for use in uses):
        # Its index lies in another directory and is no cache: pacman looks packages up in it. Source: pacman(8).
        return None
    if "keepcache" in facts.build.text:
        return "the file tells it to keep what it downloads (keepcache)"
    filling = facts.recall("comes to fill", (name, stage.index), lambda: _filling(stage, name, facts))
    at = bisect_right(filling, (run.index, run.line, True))
    if at < len(filling):
        _, line, behind = filling[at]
        which = (
            f"which the RUN on line {line} comes to run"
            if behind
            else f"which cannot be cleaned up after on line {line}"
        )
        return f"{name}, {which}, would fetch the metadata again"
    return Safety.SAFE


def _filling(stage: Stage, name: str, facts: Facts) -> list[tuple[int, int, bool]]:
    """The RUNs of *stage*, by index and line, that install by *name* where no cleanup can be appended to it; whether
    they do so behind a wrapper or in a script alone.
    """
    found = []
    for run in stage.runs:
        direct = [use for use in facts.uses(run) if use.operation.manager.name == name]
        if direct:
            if uncleaned(run, direct, facts):
                found.append((run.index, run.line, False))
            continue
        done = (operation(one.argv) for one in effects(facts).of_run(run, stage) if isinstance(one, Ran))
        if any(one is not None and one.manager.name == name and one.kind in FILLS for one in done):
            found.append((run.index, run.line, True))
    return found
