"""DS102: a later RUN deletes or changes what an earlier RUN wrote."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import pairwise

from ...analysis.effects.brought import brings, makes, moved_in, unpacks, uses
from ...analysis.effects.paths import touched_in, wrote
from ...analysis.facts import Facts
from ...analysis.merging.merging import MAX_JOINED, Joint, join, lines_of, neighbours, obstacle, plan
from ...analysis.packages.cleanup import removes
from ...change import Change, JoinsInstructions, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Run
from ...knowledge.costs import writes_little
from ...shell.script import Redirect, Script, Simple
from ...text.paths import within
from ..base import Proposals, missed
from ..caches.refreshing import is_commented

#: No more RUNs than people join by hand: a download, what unpacks, builds and installs it, and its deletion.
_MOST = 6


def merge_dead_bytes(build: Build, facts: Facts) -> Proposals:
    """Join a RUN that deletes, moves, strips, chmods or chowns files with the RUN that wrote them.

    A layer cannot take bytes back from the layers below: deleting a file in a later RUN only hides it, and changing
    its mode or owner stores it twice. In one RUN the bytes never land. What RUNs write that hold next to nothing
    (directories, accounts, lines of settings, keys) is no reason, nor is a directory that the RUN which filled it
    emptied as well, or a stage whose layers do not ship. Where that would make one of many RUNs, each edit would cost
    more time than the bytes are worth: it is for people to bring the two that matter together.

    Safe for the reasons of DS103. A body that would leak its working directory into the next stands in ``( … )``.
    Source: OCI image specification, layer changesets and whiteouts.
    """
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            continue
        for series in neighbours(stage):
            for first, last, path in _spans(series, stage, build, facts):
                runs = series[first : last + 1]
                joint = _other_step(runs, path, build, facts) or _joint(runs, facts)
                if not isinstance(joint, Joint):
                    yield missed(
                        runs[-1].line,
                        f"{path} stays in the layer of the RUN on line {runs[0].line}; not merged: {joint}",
                        f"line {runs[0].line}",
                    )
                    continue
                yield Change(
                    edits=join(joint, facts),
                    title=f"merge the RUNs on lines {lines_of(runs)}",
                    reason=f"{path}, which an earlier RUN wrote, is deleted, moved or changed by a later one: "
                    "in one layer those bytes are never stored",
                    safety=Safety.SAFE,
                    claims=(JoinsInstructions("RUN", len(runs)),),
                    line=runs[0].line,
                    evidence=(
                        f"line {runs[0].line} writes {path}",
                        f"line {runs[-1].line} removes, moves or changes it",
                    ),
                )


def _joint(runs: list[Run], facts: Facts) -> Joint | str:
    """How *runs* become one, or why they do not."""
    if len(runs) > _MOST:
        return f"an edit of one would run all {len(runs)} again"
    problem = next((found for a, b in pairwise(runs) if (found := obstacle(a, b, facts))), None)
    return problem or plan(runs, facts, subshells=True)


def _other_step(runs: Sequence[Run], path: str, build: Build, facts: Facts) -> str | None:
    """Why a RUN between the first and the last of *runs*, with a comment of its own, has nothing to do with *path*."""
    name = posixpath.basename(path.rstrip("/*"))
    for run in runs[1:-1]:
        script = facts.script(run)
        if script is None or not is_commented(run, build):
            continue
        # From its own working directory a step may name it otherwise.
        inside = any(name in word.text.split("/") for command in script.commands for word in command.words)
        if not inside and not any(_names(command, path) for command in script.commands):
            return f"line {run.line} is a step of its own; bring the other two together"
    return None


def _spans(series: list[Run], stage: Stage, build: Build, facts: Facts) -> list[tuple[int, int, str]]:
    """Ranges of *series* from a RUN that writes a path to the one that touches it; ranges that meet are one.

    What archives hold makes one longer only where all of it can be joined, and one with another step in it none.
    """
    found: list[tuple[int, int, str]] = []
    apart: list[tuple[int, int, str]] = []
    more: list[tuple[int, int, str]] = []
    for last in range(1, len(series)):
        script = facts.script(series[last])
        if script is None:
            continue
        paths = [(path, folder) for path, folder in touched_in(script) if not wrote(path, script)]
        for first in range(max(last - MAX_JOINED, 0), last):
            writer = facts.script(series[first])
            hit = next((path for path, folder in paths if writer is not None and wrote(path, writer, folder)), None)
            if hit is not None and writer is not None:
                little = _writes_little(series[first], facts) or _is_little(hit, writer)
                if not little and not _leaves_none(hit, writer) and not _only_reads(hit, writer):
                    other = _other_step(series[first : last + 1], hit, build, facts)
                    (found if other is None else apart).append((first, last, hit))
                break
        else:
            span = _unpacked(series, last, script, stage, facts)
            if span is not None:
                other = _other_step(series[span[0] : span[1] + 1], span[2], build, facts)
                (more if other is None else apart).append(span)
    merged = _met(found)
    for span in more:
        grown = _met(sorted((*merged, span), key=lambda one: one[1]))
        new = next((one for one in grown if one not in merged), span)
        if len(grown) > len(merged) or isinstance(_joint(series[new[0] : new[1] + 1], facts), Joint):
            merged = grown
    return merged + apart


def _met(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """*spans*, in the order of their ends, with those that meet made one."""
    merged: list[tuple[int, int, str]] = []
    for first, last, path in spans:
        if merged and first <= merged[-1][1]:
            start = min(first, merged[-1][0])
            merged[-1] = (start, last, merged[-1][2])
        else:
            merged.append((first, last, path))
    return merged


def _unpacked(series: list[Run], last: int, script: Script, stage: Stage, facts: Facts) -> tuple[int, int, str] | None:
    """The range from a RUN of *series* that unpacks, clones or downloads what the RUN *last* deletes or moves.

    An archive does not say what is in it, but its name does, or a RUN in between that uses it.
    """
    # What a redirection of its own makes is nothing that an earlier one brought.
    made = {one.target.literal for command in script.commands for one in command.redirects if one.target is not None}
    named = dict.fromkeys(path for path, _ in (*touched_in(script), *moved_in(script)) if path not in made)
    own = {path for path in named if wrote(path, script)}
    paths = [path for path in named if not brings(path, script) and not makes(path, script)]
    names = {path: posixpath.basename(path.rstrip("/*")) for path in paths}
    used: set[str] = set()
    copied = cache(partial(_copied_before, series[last], stage))
    for first in range(last - 1, max(last - MAX_JOINED, 0) - 1, -1):
        here = facts.script(series[first])
        if here is None:
            return None
        used.update(path for path in paths if path not in used and uses(path, here))
        unpacked = _unpacks(here, facts) and copied().isdisjoint((".", "", "*"))
        for path in paths:
            mine = unpacked and path in used and path not in own
            if brings(path, here) or (mine and names[path] not in copied()):
                return first, last, path
    return None


def _unpacks(script: Script, facts: Facts) -> bool:
    """Whether a command of *script* unpacks an archive, or clones a repository."""
    return facts.recall("scripts that unpack", script.text, lambda: any(map(unpacks, script.commands)))


def _copied_before(run: Run, stage: Stage) -> frozenset[str]:
    """The names of what COPY brings before *run*, and of where it goes."""
    return frozenset(
        posixpath.basename(name.rstrip("/"))
        for step in stage.steps
        if isinstance(step, Copy) and step.index < run.index
        for name in (*step.sources, step.destination)
    )


def _writes_little(run: Run, facts: Facts) -> bool:
    """Whether all that *run* does writes next to nothing."""
    script = facts.script(run)
    return script is not None and all(not command.words or writes_little(command.argv) for command in script.commands)


def _is_little(path: str, script: Script) -> bool:
    """Whether *path* is a file that holds a few lines: commands of *script* that say them write it, and no other."""
    naming = [command for command in script.commands if _names(command, path)]
    into = any(one.target is not None and one.target.literal == path for one in _redirects(naming))
    return into and all(writes_little(one.argv) and one.name not in ("mkdir", "cd", "rm") for one in naming)


def _leaves_none(path: str, script: Script) -> bool:
    """Whether *script* itself deletes all that is in *path*, and writes nothing there behind that."""
    last = max((command.span.start for command in script.commands if removes(command, path)), default=None)
    return last is not None and not any(
        command.span.start > last and _names(command, path) for command in script.commands
    )


def _only_reads(path: str, script: Script) -> bool:
    """Whether the commands of *script* that name the file *path* unpack it: then another RUN brought it."""
    naming = [command for command in script.commands if _names(command, path)]
    return bool(naming) and all(unpacks(one) and one.name != "git" and path in one.argv[1:] for one in naming)


def _redirects(commands: Sequence[Simple]) -> Iterator[Redirect]:
    return (one for command in commands for one in command.redirects)


def _names(command: Simple, path: str) -> bool:
    """Whether a word or a redirection of *command* names *path* or something below it."""
    words = [word.literal for word in command.words[1:]]
    words += [one.target.literal for one in command.redirects if one.target is not None]
    bare = path.rstrip("/*")
    return any(word is None or within(word, bare) for word in words)
