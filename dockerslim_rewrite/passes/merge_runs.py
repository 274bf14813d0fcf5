"""DS103: neighbouring RUNs that form one logical block."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..analysis.facts import Facts
from ..analysis.merging import Declined, apart, grown, join, lines_of
from ..analysis.packages import operations
from ..change import Change, MergesRuns, Safety
from ..ir.build import Build
from ..ir.steps import Run
from ..knowledge.costs import block, is_cheap
from ..shell.script import Pipeline, Script, Simple, walk
from .base import Proposals, missed, rewrite_pass


@rewrite_pass("DS103", "merge-runs", Safety.SAFE, ("DL3059",))
def merge_runs(build: Build, facts: Facts) -> Proposals:
    """Join neighbouring RUN instructions that form one block.

    Each RUN is a layer of its own. Neighbours that only touch files, users or settings gain nothing from that, and
    may share the layer of one expensive neighbour. Two RUNs that both download or compile keep their own layers:
    joined, a change to one would run both again. Those of one kind are one block: `./configure`, `make` and
    `make install`, one `git clone` after another, the steps of apt.
    Neighbours stay apart where a commented-out instruction stands between them, or where the comment above the second
    heads what follows it, too.

    Safe because the bodies keep their order, stop at the first failure as separate RUNs do, and are joined only where
    neither sees the other's shell state (directory, variables, options, functions, exits). Source: POSIX, "Shell
    Execution Environment" and "Consequences of Shell Errors".
    """

    def wanted(group: Sequence[Run], run: Run) -> str | None:
        if apart(group[-1], run, facts) is not None:
            return None
        costly = [one for one in (*group, run) if not _cheap(one, facts)]
        if len(costly) <= 1:
            return "at most one of them downloads or compiles"
        kinds = {kind for one in costly for kind in _kinds(one, facts)}
        return kinds.pop() if len(kinds) == 1 else None

    for stage in build.stages:
        for found in grown(stage, facts, wanted):
            if isinstance(found, Declined):
                yield missed(
                    "DS103",
                    found.second.line,
                    f"not merged with the RUN on line {found.first.line}: {found.reason}",
                )
                continue
            joint, reasons = found
            yield Change(
                rule="DS103",
                edits=join(joint, facts),
                title=f"merge the RUNs on lines {lines_of(joint.runs)}",
                reason=f"they form one logical block and make one layer; {'; '.join(dict.fromkeys(reasons))}",
                safety=Safety.SAFE,
                claims=(MergesRuns(len(joint.runs)),),
                line=joint.runs[0].line,
            )


def _cheap(run: Run, facts: Facts) -> bool:
    script = facts.script(run)
    return script is not None and _is_cheap(script)


@lru_cache(maxsize=1024)
def _is_cheap(script: Script) -> bool:
    if operations(script):
        return False
    return all(not command.words or is_cheap(_proper(command)) for command in script.commands)


def _kinds(run: Run, facts: Facts) -> frozenset[str | None]:
    """What makes *run* one block with others; None among it for what goes with no other."""
    script = facts.script(run)
    return frozenset((None,)) if script is None else _blocks(script)


@lru_cache(maxsize=1024)
def _blocks(script: Script) -> frozenset[str | None]:
    # What feeds a command through a pipe is part of what that one does.
    fed = {
        id(inner)
        for node in script.nodes
        if isinstance(node, Pipeline) and isinstance(node.items[-1], Simple) and block(_proper(node.items[-1]))
        for item in node.items[:-1]
        for inner in walk(item)
    }
    costly = [
        _proper(command)
        for command in script.commands
        if command.words and id(command) not in fed and not is_cheap(_proper(command))
    ]
    return frozenset(block(argv) for argv in costly) or frozenset((None,))


def _proper(command: Simple) -> tuple[str | None, ...]:
    """The words of *command* behind sudo."""
    return command.argv[1:] if command.name == "sudo" and len(command.argv) > 1 else command.argv
