"""Who reads apt's package lists, among all that comes to run behind the RUN that fetched them.

Sources: apt-get(8), apt-cache(8), apt-file(1), rosdep and Ansible documentation (the apt module).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from functools import partial
from itertools import islice

from ...change import Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Run, Step
from ...knowledge.effects import list_habit
from ...patterns import re
from ..facts import Facts
from ..flow.given_commands import given_commands, single_commands
from ..packages.apt import LISTS, READS
from ..shell.operations import Kind, operation
from .asking import effects
from .assuming import Verdict, assumed
from .reached import Ran, Reached, Unread

#: Commands that do not mind that the lists are gone though they name them.
_CARELESS = frozenset(("rm", "mkdir", "chmod", "chown", "echo", "printf", "install", "tar", "rsync"))
_FORCED = re.compile(r"-[a-zA-Z]*f|--force\Z")
_NEVER = frozenset((Kind.CLEAN, Kind.REMOVE))
_NOTHING = Verdict()


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
    found = _Sum()
    behind = islice(stage.runs, bisect_right(stage.runs, run.index, key=lambda one: one.index), None)
    fetched = _read_by(found, behind, stage, facts, updated)
    if found.obstacle is not None or fetched:
        return found.verdict()
    heirs = [facts.build.stages[at] for at in facts.graph.heirs(stage.index)]
    for heir in heirs:
        if found.add(_of_heir(heir, facts, updated)):
            return found.verdict()
    for one in (stage, *heirs):
        if found.add(facts.recall("apt lists at start", one.index, partial(_of_start, one, facts))):
            return found.verdict()
    if (stage, *heirs)[-1].index == facts.build.stages[-1].index:
        found.add(facts.recall("apt lists of containers", None, partial(_of_given, facts)))
    return found.verdict()


class _Sum:
    """Verdicts on many places, all of which have to hold: a tuple of the evidence so far for each would be a square."""

    def __init__(self) -> None:
        self.obstacle: str | None = None
        self._safety = Safety.SAFE
        self._evidence: dict[str, None] = {}

    def add(self, verdict: Verdict) -> bool:
        """Let *verdict* hold, too; whether there is an obstacle now."""
        if verdict is _NOTHING:
            return self.obstacle is not None
        self.obstacle = self.obstacle or verdict.obstacle
        self._safety = max(self._safety, verdict.safety)
        self._evidence.update(dict.fromkeys(verdict.evidence))
        return self.obstacle is not None

    def verdict(self) -> Verdict:
        """All as one."""
        return Verdict(self.obstacle, self._safety, tuple(self._evidence))


def _read_by(found: _Sum, runs: Iterable[Run], stage: Stage, facts: Facts, updated: Collection[int]) -> bool:
    """Add to *found* what *runs* and the triggers of *stage* make of the lists; whether one surely fetches its own."""
    fetched = False
    for later in runs:
        if later.index in updated:
            continue
        verdict, fetched = _of_run(effects(facts).of_run(later, stage))
        if found.add(verdict) or fetched:
            break
    for trigger in stage.triggers:
        found.add(_of_run(effects(facts).of_run(trigger, stage))[0])
    return fetched


def _of_heir(stage: Stage, facts: Facts, updated: Collection[int]) -> Verdict:
    """What *stage* makes of the lists of a stage under it: worked out once, however many of those there are."""

    def work_out() -> Verdict:
        found = _Sum()
        _read_by(found, stage.runs, stage, facts, updated)
        return _plain(found.verdict())

    own = tuple(run.index for run in stage.runs if run.index in updated) if updated else ()
    return facts.recall("apt lists of an heir", (stage.index, own), work_out)


def _plain(verdict: Verdict) -> Verdict:
    """*verdict*, as the one that most are where it says nothing: that one is told by its identity."""
    return _NOTHING if verdict == _NOTHING else verdict


def deleted_by_script(run: Run, stage: Stage, facts: Facts) -> str | None:
    """Where a script that *run* calls deletes the lists, and nothing fetches them anew; None where none does."""
    found: str | None = None
    for one in effects(facts).of_run(run, stage):
        if isinstance(one, Ran) and one.name == "rm" and any(_covers(word) for word in one.argv[1:] if word):
            found = one.place
        elif isinstance(one, Ran) and list_event(one) == "fetches":
            found = None
    return found


def list_event(ran: Ran) -> str | None:
    """What *ran* does to the lists: ``reads`` them as they are, ``fetches`` them first, ``misses`` them where they are
    gone already; None for none of it.
    """
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
    if ran.name == "rm" and not any(_FORCED.match(word) for word in ran.argv[1:] if word):
        return "misses" if any(_covers(word) for word in ran.argv[1:] if word) else None
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
        if event in ("reads", "misses"):
            words = " ".join(word or "…" for word in one.argv[:3])
            said = "reads them without fetching them anew" if event == "reads" else "fails where they are gone"
            return Verdict(obstacle=f"{words} ({one.place}) {said}"), False
    return assumed("apt_lists", unknown), False


def _of_start(stage: Stage, facts: Facts) -> Verdict:
    reached = effects(facts).of_start(stage)
    verdict, _ = _of_run(tuple(each for each in reached if isinstance(each, Ran)))
    if verdict.obstacle is not None:
        return Verdict(f"what the container starts needs them: {verdict.obstacle}")
    login = next((one for one in reached if isinstance(one, Ran) and one.name == "sshd"), None)
    if login is not None:
        # Such a container is a machine, which people and tools look after: Ansible, test suites.
        return Verdict(f"who logs in over SSH may install from them ({login.place})")
    return _plain(assumed("apt_lists", (each for each in reached if isinstance(each, Unread)), start=True))


def _of_given(facts: Facts) -> Verdict:
    """What commands that the repository runs in containers, beside the image's own start, make of the lists."""
    for given in given_commands(facts.build, facts.project):
        words = [argv for argv in single_commands(given.argv) if argv]
        verdict, _ = _of_run(tuple(Ran(argv, None, str(given.where), False) for argv in words))
        if verdict.obstacle is not None:
            return verdict
    return _NOTHING


def _taken(stage: Stage, facts: Facts) -> Step | None:
    """The COPY, or RUN with a mount, by which another stage takes the lists of *stage*."""
    takers = facts.recall("takers of apt lists", None, lambda: _takers(facts.build))
    found = (takers[name] for name in (stage.name.lower(), str(stage.index)) if name in takers)
    return min(found, key=lambda step: step.index, default=None)


def _takers(build: Build) -> dict[str, Step]:
    """For each name in lower case the first step that takes apt's lists from the stage of that name."""
    found: dict[str, Step] = {}
    for stage in build.stages:
        for step in stage.steps:
            if isinstance(step, Copy) and step.origin.flag("from"):
                if any(_covers(source) for source in step.sources):
                    found.setdefault((step.origin.flag("from") or "").lower(), step)
            elif isinstance(step, Run):
                for mount in step.mounts:
                    source = mount.get("source") or mount.get("src") or "/"
                    if _covers(source):
                        found.setdefault(mount.get("from", "").lower(), step)
    return found


def _covers(source: str) -> bool:
    bare = source.rstrip("/*")
    return bool(bare) and (bare == LISTS or LISTS.startswith(bare + "/") or bare.startswith(LISTS))
