"""The judgement: do the bodies after a rewrite do what those before it did, but for what is allowed?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fnmatch import fnmatchcase

from tests.trace.driver import program_for
from tests.trace.model import NOTHING, SHELLS, Allowance, Argv, Body, Ending, Event, Job, Node, Trace
from tests.trace.oracle import (
    about,
    addition_status,
    forced,
    forgives,
    grants,
    has_words,
    is_anchored,
    matches,
    named,
    normal,
    replaced,
    status,
    unwrapped,
)
from tests.trace.places import places
from tests.trace.sandbox import Sandbox, shared

SEEDS = tuple(range(20))
PROBE = 2
"""Seeds run first; a shell whose builds all hit a limit there is not tried further."""
ROUNDS, MORE_ROUNDS = 3, 12
"""How often racing commands are run again in random order: always, and before a difference of theirs is believed."""

_CONCURRENT = re.compile(r"(?<![&<>|\\])&(?![&>0-9-])|[<>]\(|\bcoproc\b")

_PRINTED = re.compile(r"out-[0-9a-f]")


class Kind(Enum):
    EVENTS = "events"
    OUTCOME = "outcome"
    TREE = "tree"
    OUTPUT = "output"
    SYNTAX = "syntax"
    """The bodies before can be parsed, those after cannot."""
    UNSTABLE = "unstable"
    """The same bodies do different things when run again: nothing can be said."""
    INCONCLUSIVE = "inconclusive"
    """No run told anything: every shell rejects the bodies before, or all runs hit a limit."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A reason not to call before and after equivalent. `shell` and `seed` reproduce it."""

    kind: Kind
    shell: str
    seed: int
    detail: str

    def __str__(self) -> str:
        return f"{self.kind.value} ({self.shell}, seed {self.seed}): {self.detail}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that a comparison found out.

    `compared` builds were run to their end on both sides, `failed` of them failed; `limited` ones hit a limit;
    `unparsable` are the shells that reject the bodies before. `repeated` seeds were not run: they let nothing fail in
    these bodies, so that their builds are those of seed 0 but for the words that commands print.
    """

    differences: tuple[Difference, ...]
    compared: int
    failed: int
    limited: int
    events: int
    unparsable: tuple[str, ...]
    repeated: int = 0

    @property
    def wrong(self) -> bool:
        """Whether before and after were seen to differ (rather than: not seen to be equal)."""
        doubts = (Kind.UNSTABLE, Kind.INCONCLUSIVE)
        return any(difference.kind not in doubts for difference in self.differences)


def compare(
    before: Sequence[Body],
    after: Sequence[Body],
    allow: Allowance = NOTHING,
    seeds: Iterable[int] = SEEDS,
    shells: Iterable[str] = SHELLS,
) -> list[Difference]:
    """Differences between two builds, or why they cannot be judged; empty means equivalent as far as was run."""
    return list(judge(before, after, allow, seeds, shells).differences)


def judge(
    before: Sequence[Body],
    after: Sequence[Body],
    allow: Allowance = NOTHING,
    seeds: Iterable[int] = SEEDS,
    shells: Iterable[str] = SHELLS,
    sandbox: Sandbox | None = None,
) -> Verdict:
    """Runs both sides with every seed in every shell and compares them.

    Raises UnsupportedShell when a body is for a shell that the sandbox does not have, Unavailable when there can be
    no sandbox.
    """
    seeds = tuple(seeds)
    every = (*before, *after)
    distinct = {tuple(program_for(body, shell) for body in every): shell for shell in reversed(tuple(shells))}
    parts = [_judge_shell(before, after, allow, seeds, shell, sandbox or shared()) for shell in distinct.values()]
    differences = [difference for part in parts for difference in part.differences]
    total = Verdict(
        differences=(),
        compared=sum(part.compared for part in parts),
        failed=sum(part.failed for part in parts),
        limited=sum(part.limited for part in parts),
        events=sum(part.events for part in parts),
        unparsable=tuple(shell for part in parts for shell in part.unparsable),
        repeated=sum(part.repeated for part in parts),
    )
    if not total.compared and not differences and seeds:
        reason = f"{total.limited} runs hit a limit, rejected by: {', '.join(total.unparsable) or 'no shell'}"
        differences.append(Difference(Kind.INCONCLUSIVE, "all", seeds[0], reason))
    return replace(total, differences=tuple(differences))


def _judge_shell(
    before: Sequence[Body],
    after: Sequence[Body],
    allow: Allowance,
    seeds: Sequence[int],
    shell: str,
    sandbox: Sandbox,
) -> Verdict:
    if not sandbox.parses(before, shell):
        return Verdict((), 0, 0, 0, 0, (shell,))
    if not sandbox.parses(after, shell):
        wrong = Difference(Kind.SYNTAX, shell, seeds[0] if seeds else 0, "the bodies after are not accepted")
        return Verdict((wrong,), 0, 0, 0, 0, ())
    known = places((*before, *after))
    sides = (tuple(before), tuple(after))
    piped = any("|" in body.script for side in sides for body in side)
    racing = any(_CONCURRENT.search(body.script) for side in sides for body in side)
    differences: list[Difference] = []
    compared = failed = limited = events = 0
    confirmed = False
    calm: list[Trace] = []
    repeated = 0
    for chunk in (seeds[:PROBE], seeds[PROBE:]):
        if limited and limited == len(seeds[:PROBE]):
            break
        if calm and not racing:
            some = [seed for seed in chunk if any(_disturbs(seed, trace, allow) for trace in calm)]
            repeated += len(chunk) - len(some)
            chunk = some
        jobs = [
            Job(side, shell, seed, _at(seed, allow), known, False, allow.pipes and seed % 2 == 0, _additions_fail(seed))
            for seed in chunk
            for side in sides
        ]
        traces = sandbox.run_all(jobs)
        if chunk[:1] == (0,):
            calm = traces[:2]
        for index, seed in enumerate(chunk):
            pair, first, second = jobs[2 * index : 2 * index + 2], traces[2 * index], traces[2 * index + 1]
            found = difference_of(first, second, allow)
            # One difference that comes again is enough to call the shell's runs different; racing commands may
            # agree by luck, so they are always tried.
            # The parts of a pipeline race where one of them writes elsewhere.
            if racing or (found and not confirmed):
                found = _agreed(found, sandbox, pair, (first, second), racing or piped)
            confirmed = confirmed or bool(found and found[0] is not Kind.UNSTABLE)
            if found:
                differences.append(Difference(found[0], shell, seed, found[1]))
            if Ending.LIMIT in (first.outcome.ending, second.outcome.ending):
                limited += 1
            else:
                compared += 1
                failed += first.outcome.ending is Ending.FAILED
                events += len(first.events)
    return Verdict(tuple(differences), compared, failed, limited, events, (), repeated)


def _at(seed: int, allow: Allowance) -> Allowance:
    """`allow`, where all folders are there with even seeds (with 0 they are anyway, and it is seen who asks)."""
    return replace(allow, folders=("*",)) if allow.enters and seed and seed % 2 == 0 else allow


def _additions_fail(seed: int) -> bool:
    return seed % 4 == 3


def _disturbs(seed: int, calm: Trace, allow: Allowance) -> bool:
    """Whether anything that the build of seed 0 did fails with `seed`, or may, since its words come from output."""
    calls: Counter[Argv] = Counter()
    for event in calm.events:
        if any(_PRINTED.search(word) for word in event.argv):
            return True
        key = normal(event.argv, allow)
        if matches(event.argv, allow.added) and not matches(event.argv, allow.removed):
            if _additions_fail(seed) and addition_status(seed, key):
                return True
        elif not forced(event.argv, allow):
            if status(seed, key, calls[key]):
                return True
            calls[key] += 1
    other = any(grants(seed, *question) != grants(0, *question) for question in calm.asked)
    return other or calm.outcome.ending is Ending.LIMIT


def _agreed(
    found: tuple[Kind, str] | None, sandbox: Sandbox, jobs: Sequence[Job], traces: Sequence[Trace], racing: bool
) -> tuple[Kind, str] | None:
    """What is left of *found* when both builds are run again.

    Where a build does something else every time, how it ends may tell all the same: nothing that it races with can
    make a step fail whose job is in the background.
    """
    if not racing:
        again = sandbox.run_all([*jobs, *jobs])
        return found if all(_same(trace, traces[at % 2]) for at, trace in enumerate(again)) else _UNSTABLE
    jittered = [replace(job, jitter=True) for job in jobs]
    runs = sandbox.run_all(jittered * ROUNDS)
    stable = all(_same(trace, traces[at % 2]) for at, trace in enumerate(runs))
    if not found or not (stable or _endings((*traces, *runs))):
        return found if stable else _UNSTABLE
    runs += sandbox.run_all(jittered * MORE_ROUNDS)
    if all(_same(trace, traces[at % 2]) for at, trace in enumerate(runs)):
        return found
    endings = _endings((*traces, *runs))
    return (Kind.OUTCOME, endings) if endings else _UNSTABLE


_UNSTABLE = (Kind.UNSTABLE, "another run of the same bodies did something else")


def _endings(runs: Sequence[Trace]) -> str:
    """In words, how all builds before and all builds after ended, if that is not the same way."""
    before, after = ({trace.outcome.ending for trace in runs[side::2]} for side in (0, 1))
    if len(before) != 1 or len(after) != 1 or before == after or Ending.LIMIT in before | after:
        return ""
    return f"always {before.pop().value} before, {after.pop().value} after"


def _same(first: Trace, second: Trace) -> bool:
    if Ending.LIMIT in (first.outcome.ending, second.outcome.ending):  # the clock may cut them off anywhere
        return all(one == other for one, other in zip(first.events, second.events, strict=False))
    return first == second


def difference_of(before: Trace, after: Trace, allow: Allowance) -> tuple[Kind, str] | None:
    """The first thing in which two traces differ, beyond what is allowed, in words."""
    limited = Ending.LIMIT in (before.outcome.ending, after.outcome.ending)
    if not limited and _stopped_by_claim(before, after, allow):
        return None
    cut = (before.outcome.ending is Ending.LIMIT, after.outcome.ending is Ending.LIMIT)
    if detail := _events(before.events, after.events, allow, cut):
        return Kind.EVENTS, detail
    if limited:
        return None
    if before.outcome.ending is not after.outcome.ending:
        return Kind.OUTCOME, f"{_ending(before)} before, {_ending(after)} after"
    if before.output != after.output:
        return Kind.OUTPUT, "standard output"
    if before.outcome.ending is Ending.OK and (detail := _tree(before.tree, after.tree, allow)):
        return Kind.TREE, detail
    return None


def _ending(trace: Trace) -> str:
    culprit = trace.outcome.culprit
    return f"{trace.outcome.ending.value}{f' by {culprit}' if culprit else ''}"


def _events(before: Sequence[Event], after: Sequence[Event], allow: Allowance, cut: tuple[bool, bool]) -> str:
    """Walks both sequences together; `cut`: whether the one before, the one after may be cut off."""
    i = j = 0
    while i < len(before) or j < len(after):
        first = before[i] if i < len(before) else None
        second = after[j] if j < len(after) else None
        if first and second and not _deviations(first, second, allow):
            i, j = i + 1, j + 1
        elif second and _may_be_added(second, allow):
            j += 1
        elif first and matches(first.argv, allow.removed):
            i += 1
        elif (first is None and cut[0]) or (second is None and cut[1]):
            return ""
        else:
            return _contrast(first, second, allow)
    return ""


def _may_be_added(event: Event, allow: Allowance) -> bool:
    """Whether a command may stand where none was: what it prints must not go where anything reads it."""
    read = event.stdio[1] == "pipe" and unwrapped(event.argv)[:1] != ("rm",)
    return not read and matches(event.argv, allow.added)


def _stopped_by_claim(before: Trace, after: Trace, allow: Allowance) -> bool:
    """Whether after did what before did up to a failure that claims bring about, and stopped."""
    if after.outcome.ending is not Ending.FAILED:
        return False
    if (
        allow.enters
        and after.outcome.culprit is None
        and not _events(before.events, after.events, allow, (False, True))
    ):
        return True
    failed = [event for event in after.events if event.status]
    piped = allow.pipes and any(event.stdio[1] == "pipe" for event in failed)
    added = bool(failed) and matches(failed[-1].argv, allow.added)
    return (piped or added) and not _events(before.events, after.events, allow, (False, True))


def _contrast(before: Event | None, after: Event | None, allow: Allowance) -> str:
    if before is None or after is None:
        extra = before or after
        assert extra is not None
        return f"only {'before' if before else 'after'}: {list(extra.argv)} in {extra.cwd}"
    return f"{list(before.argv[:6])}: {'; '.join(_deviations(before, after, allow))}"


def _deviations(before: Event, after: Event, allow: Allowance) -> list[str]:
    """In what two commands differ that should be the same one."""
    if before == after:
        return []
    found = [
        f"{name} {getattr(before, name)} before, {getattr(after, name)} after"
        for name in ("cwd", "umask", "stdio", "stdin", "limits", "status")
        if getattr(before, name) != getattr(after, name)
    ]
    if not _argv_allowed(before.argv, after.argv, allow):
        gone, come = Counter(before.argv) - Counter(after.argv), Counter(after.argv) - Counter(before.argv)
        found.append(f"words {list(gone)} gone, {list(come)} come" if gone or come else "words in another order")
    if before.env != after.env and not _env_allowed(before, after, allow):
        found.append(
            f"env {sorted(set(before.env) - set(after.env))} before, {sorted(set(after.env) - set(before.env))} after"
        )
    saw = dict(before.sees)
    found += [f"{path} is there before, not after" for path, there in after.sees if not there and saw.get(path, True)]
    return found


def _argv_allowed(before: Argv, after: Argv, allow: Allowance) -> bool:
    after = _unexpanded(before, after, allow.extra_paths)
    if allow.anchored:
        after = tuple(
            word[2:] if word not in before and word[2:] in before and is_anchored(word, after, allow) else word
            for word in after
        )
    if before == after:
        return True
    if normal(before, allow) != normal(after, allow):
        return False
    if replaced(after, allow) != after and after[:1] != before[:1]:
        return False  # what may become another command may not come from one
    old, new = Counter(replaced(before, allow)), Counter(after)
    gone = named(allow.dropped, replaced(before, allow))
    come = named(allow.inserted, after)
    paths = allow.missing_paths if forgives(after) else ()
    # A wildcard that expands to nothing any more comes where what it named is gone.
    left = {about(word, paths) for word in old - new}
    unexpanded = all(about(word, paths) in left for word in new - old if about(word, paths) is not None)
    return unexpanded and _all_match(old - new, gone, paths) and _all_match(new - old, come, paths)


def _unexpanded(before: Argv, after: Argv, extra: Sequence[str]) -> Argv:
    """*after* with the wildcards of *before* that named nothing in the place of what a claim brought."""
    wildcards = [word for word in before if word not in after and set(word) & set("*?[")]
    named = {path: glob for path in extra for glob in wildcards if fnmatchcase(path, glob)}
    return tuple(named.get(word, word) for word in after)


def _all_match(words: Iterable[str], globs: Sequence[str], paths: Sequence[str]) -> bool:
    return all(any(fnmatchcase(word, glob) for glob in globs) or about(word, paths) is not None for word in words)


def _env_allowed(before: Event, after: Event, allow: Allowance) -> bool:
    old, new = dict(before.env), dict(after.env)
    given = {one.name: one.value for one in allow.assigned if has_words(after.argv, one.command)}
    changed = (
        name
        for name in old.keys() | new.keys()
        if old.get(name) != new.get(name) and not (name in allow.later and name not in new)
    )
    return all(name in given and given[name] == new.get(name) for name in changed)


def _tree(before: Mapping[str, Node], after: Mapping[str, Node], allow: Allowance) -> str:
    for path in sorted(before.keys() | after.keys()):
        first, second = before.get(path), after.get(path)
        gone = second is None or second.kind == "missing"
        come = first is None and any(one == path or one.startswith(f"{path}/") for one in allow.extra_paths)
        if first != second and not come and not (gone and _may_miss(path, first, allow)):
            return f"{path}: {first} before, {second} after"
    return ""


def _may_miss(path: str, node: Node | None, allow: Allowance) -> bool:
    """Whether a claim lets `path` be missing: what it names, what is below, and the directories made on the way.

    Also where the bodies have moved or copied them to: the end of the path tells.
    """
    folder = node is not None and node.kind == "directory"
    ends = [path[at:] for at, letter in enumerate(path) if letter == "/"]
    return any(
        fnmatchcase(end, glob) or fnmatchcase(end, f"{glob}/*") or (folder and glob.startswith(f"{end}/"))
        for glob in allow.missing_paths
        for end in ends
    )
