"""DS103: neighbouring RUNs that form one logical block."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ..analysis.facts import Facts
from ..analysis.merging import Declined, grown, join, lines_of
from ..change import Change, MergesRuns, Safety
from ..ir.build import Build
from ..ir.steps import Run
from ..knowledge.costs import cheap_commands
from .base import Proposals, missed, rewrite_pass


@rewrite_pass("DS103", "merge-runs", Safety.SAFE, ("DL3059",))
def merge_runs(build: Build, facts: Facts) -> Proposals:
    """Join neighbouring RUN instructions that form one block.

    Each RUN is a layer of its own. Neighbours that only touch files, users or settings gain nothing from that, and
    may share the layer of one expensive neighbour. Two RUNs that both download or compile keep their own layers:
    joined, a change to one would run both again.

    Safe because the bodies keep their order, stop at the first failure as separate RUNs do, and are joined only where
    neither sees the other's shell state (directory, variables, options, functions, exits).
    """

    def wanted(group: Sequence[Run], run: Run) -> str | None:
        costly = [one for one in (*group, run) if not _cheap(one, facts)]
        if len(costly) > 1:
            return None
        return "one logical block"

    for stage in build.stages:
        for found in grown(stage, facts, wanted):
            if isinstance(found, Declined):
                yield missed(
                    "DS103",
                    found.second.line,
                    f"not merged with the RUN on line {found.first.line}: {found.reason}",
                )
                continue
            joint, _ = found
            yield Change(
                rule="DS103",
                edits=join(joint, facts),
                title=f"merge the RUNs on lines {lines_of(joint.runs)}",
                reason="they form one logical block and make one layer; at most one of them downloads or compiles",
                safety=Safety.SAFE,
                claims=(MergesRuns(len(joint.runs)),),
                line=joint.runs[0].line,
            )


def _cheap(run: Run, facts: Facts) -> bool:
    script = facts.script(run)
    if script is None or facts.uses(run):
        return False
    cheap = cheap_commands()
    return all(
        not command.words or (command.name is not None and posixpath.basename(command.name) in cheap)
        for command in script.commands
    )
