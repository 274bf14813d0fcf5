"""DS102: a later RUN deletes or changes what an earlier RUN wrote."""

from __future__ import annotations

from itertools import pairwise

from ...analysis.effects.paths import touched_in, wrote
from ...analysis.facts import Facts
from ...analysis.merging.merging import MAX_JOINED, Joint, join, lines_of, neighbours, obstacle, plan
from ...change import Change, JoinsInstructions, Safety
from ...ir.build import Build
from ...ir.steps import Run
from ...knowledge.costs import writes_little
from ..base import Proposals, missed

#: No more RUNs than people join by hand: a download, what unpacks, builds and installs it, and its deletion.
_MOST = 6


def merge_dead_bytes(build: Build, facts: Facts) -> Proposals:
    """Join a RUN that deletes, strips, chmods or chowns files with the RUN that wrote them.

    A layer cannot take bytes back from the layers below: deleting a file in a later RUN only hides it, and changing
    its mode or owner stores it twice. In one RUN the bytes never land. What RUNs write that hold next to nothing
    (directories, accounts, lines of settings) is no reason, nor is a stage whose layers do not ship. Where that would
    make one of many RUNs, each edit would cost more time than the bytes are worth: it is for people to bring the two
    that matter together.

    Safe for the reasons of DS103. A body that would leak its working directory into the next stands in ``( … )``.
    Source: OCI image specification, layer changesets and whiteouts.
    """
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            continue
        for series in neighbours(stage):
            for first, last, path in _spans(series, facts):
                runs = series[first : last + 1]
                many = f"an edit of one would run all {len(runs)} again" if len(runs) > _MOST else None
                problem = many or next((found for a, b in pairwise(runs) if (found := obstacle(a, b, facts))), None)
                joint = problem or plan(runs, facts, subshells=True)
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
                    reason=f"{path}, which an earlier RUN wrote, is deleted or changed by a later one: "
                    "in one layer those bytes are never stored",
                    safety=Safety.SAFE,
                    claims=(JoinsInstructions("RUN", len(runs)),),
                    line=runs[0].line,
                    evidence=(f"line {runs[0].line} writes {path}", f"line {runs[-1].line} removes or changes it"),
                )


def _spans(series: list[Run], facts: Facts) -> list[tuple[int, int, str]]:
    """Ranges of *series* from a RUN that writes a path to the one that touches it; ranges that meet are one."""
    found: list[tuple[int, int, str]] = []
    for last in range(1, len(series)):
        script = facts.script(series[last])
        if script is None:
            continue
        paths = [(path, folder) for path, folder in touched_in(script) if not wrote(path, script)]
        for first in range(max(last - MAX_JOINED, 0), last):
            writer = facts.script(series[first])
            hit = next((path for path, folder in paths if writer is not None and wrote(path, writer, folder)), None)
            if hit is not None:
                if not _writes_little(series[first], facts):
                    found.append((first, last, hit))
                break
    merged: list[tuple[int, int, str]] = []
    for first, last, path in found:
        if merged and first <= merged[-1][1]:
            start = min(first, merged[-1][0])
            merged[-1] = (start, last, merged[-1][2])
        else:
            merged.append((first, last, path))
    return merged


def _writes_little(run: Run, facts: Facts) -> bool:
    """Whether all that *run* does writes next to nothing."""
    script = facts.script(run)
    return script is not None and all(not command.words or writes_little(command.argv) for command in script.commands)
