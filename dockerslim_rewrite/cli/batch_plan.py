"""``dockerslim batch plan``, ``apply``, ``status``, ``refuse`` and ``rollback``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..record import evolve
from ..report.text import counted, printable, size
from .batch_run import total_line
from .batching import BatchCall, gather
from .files import InputError, write_output
from .rewrite import complain

if TYPE_CHECKING:
    from ..batch.plan.apply import Commits
    from ..batch.plan.files import Plan, PlannedShard
    from ..batch.plan.shards import By
    from ..batch.plan.status import Standing


def plan(call: BatchCall, folder: Path, by: By, most: int, depth: int) -> int:
    """Plan what *call* would change in shards and write that to *folder*; the exit code.

    Raises ``ValueError`` or ``OSError`` with one line.
    """
    from ..batch.outcome import Status
    from ..batch.plan.files import check_place, read_refused, write_plan
    from ..batch.plan.owners import owners_in
    from ..batch.plan.shards import key_for, sharded
    from ..batch.spool import Spool

    check_place(folder)
    refused: dict[str, tuple[str, ...]] = {}
    for entry in read_refused(folder):
        for name, rules in entry["files"].items():
            refused[name] = (*refused.get(name, ()), *rules)
    root = _root(folder)
    owners = owners_in(root)
    with Spool() as spool:
        gather(evolve(call, refused=refused), spool)
        key = key_for(by, owners, depth, _service(root))
        shards = sharded(((key(one), one.name) for one in spool if one.status is Status.CHANGED), most)
        written = write_plan(folder, by, shards, spool, owners)
        print(total_line(spool), file=sys.stderr)
        read = f"{folder}: {counted(len(written.shards), 'shard')}; read {folder / 'PLAN.md'}"
        print(printable(read), file=sys.stderr)
        return spool.code


def status(folder: Path, format: str) -> int:
    """Print where the plan in *folder* stands; the exit code."""
    from ..batch.plan.files import read_plan
    from ..batch.plan.status import State, standings

    found = standings(read_plan(folder), _root(folder), _reasons(folder))
    if format == "json":
        rows = [
            {
                "shard": one.shard.name,
                "state": one.state.value,
                "files": {state.value: count for state, count in sorted(one.files.items(), key=lambda it: it[0].value)},
                "changes": one.shard.changes,
                "saving": one.shard.saving,
                "reason": one.reason,
            }
            for one in found
        ]
        print(json.dumps(rows, indent=2))
        return 0
    width = max((len(one.shard.name) for one in found), default=0)
    for one in found:
        files, why = counted(len(one.shard.files), "file"), f": {one.reason}" if one.reason else ""
        print(printable(f"{one.shard.name:{width}}  {one.state.value:13}  {files}, {size(one.shard.saving)}{why}"))
    states = [one.state for one in found]
    print(", ".join(f"{states.count(state)} {state.value}" for state in State if state in states) or "no shards")
    if State.CHANGED in states:
        print("dockerslim: for what changed since, plan again", file=sys.stderr)
    return 0


def apply(folder: Path, names: tuple[str, ...], to: str, commits: Commits) -> int:
    """Apply the shards *names* of the plan in *folder*, all open ones without any; the exit code."""
    from ..batch.plan import apply as ways
    from ..batch.plan.files import APPLIED, patch_of, read_applied, read_plan, remember
    from ..batch.plan.status import State, standing

    commits.check()
    root, reasons, plan_ = _root(folder), _reasons(folder), read_plan(folder)

    def one(shard: PlannedShard) -> str | None:
        found = standing(shard, root, reasons.get(shard.name))
        begun = to == "commit" and found.state is State.MERGED and ways.is_staged(root, shard)
        if found.state is State.REFUSED or (to != "branch" and found.state is not State.OPEN and not begun):
            return f"{shard.name}: {found.state.value}; left alone" if names else None
        # What cannot be remembered is not begun.
        applied = read_applied(folder)
        if to == "branch" and ways.has_branch(root, shard):
            there = f"{shard.name}: has its branch already; `rollback` takes it back"
            if names:
                return there
            complain(there)
            return None
        patch = patch_of(folder, shard.name)
        if to == "tree":
            ways.to_tree(root, patch, shard, write_output)
            print(printable(f"{shard.name}: applied to the working tree"))
            return None
        if to == "commit":
            made = ways.to_commit(root, patch, shard, commits, write_output)
        else:
            made = ways.to_branch(root, patch, shard, commits)
        remember(folder, APPLIED, [*applied, made])
        print(printable(f"{shard.name}: {made.get('branch') or made['commit']}"))
        return None

    return _each(plan_, names, one)


def refuse(folder: Path, names: tuple[str, ...], reason: str) -> int:
    """Remember that the shards *names* are refused, and why; the exit code."""
    from ..batch.plan.files import REFUSED, read_plan, read_refused, remember

    shards = read_plan(folder).chosen(names)
    known = [entry for entry in read_refused(folder) if entry["shard"] not in names]
    known += [
        {"shard": one.name, "reason": reason, "files": {file.name: list(file.rules) for file in one.files}}
        for one in shards
    ]
    remember(folder, REFUSED, known)
    return 0


def rollback(folder: Path, names: tuple[str, ...]) -> int:
    """Take the shards *names* of the plan in *folder* back, all that are in without any; the exit code."""
    from ..batch.plan import apply as ways
    from ..batch.plan.files import APPLIED, patch_of, read_applied, read_plan, remember
    from ..batch.plan.status import State, standing

    root = _root(folder)

    def one(shard: PlannedShard) -> str | None:
        entry = next((one for one in reversed(read_applied(folder)) if one["shard"] == shard.name), None)
        if entry is not None:
            if entry["to"] == "branch" and _arrived(standing(shard, root)):
                # Without its branch nobody would find what is in the tree all the same.
                return f"{shard.name}: {entry['branch']} is merged; revert its commit {entry['commit'][:12]} with Git"
            ways.take_back(root, entry)
            remember(folder, APPLIED, [one for one in read_applied(folder) if one != entry])
            print(printable(f"{shard.name}: taken back"))
            return None
        state = standing(shard, root).state
        if state is not State.MERGED:
            return f"{shard.name}: {state.value}, not in the working tree; left alone" if names else None
        ways.from_tree(root, patch_of(folder, shard.name), shard, write_output)
        print(printable(f"{shard.name}: taken back from the working tree"))
        return None

    return _each(read_plan(folder), names, one)


def _arrived(found: Standing) -> bool:
    """Whether a file of the shard is in the working tree as it was planned to be."""
    from ..batch.plan.status import State

    return State.MERGED in found.files


def _each(plan_: Plan, names: tuple[str, ...], act: Callable[[PlannedShard], str | None]) -> int:
    """Do *act* with each shard; what stands in the way of one is told and does not stop the others."""
    code = 0
    for shard in plan_.chosen(names):
        try:
            problem = act(shard)
        except (ValueError, InputError) as error:
            problem = f"{shard.name}: {error}"
        if problem is not None:
            complain(problem)
            code = 2
    return code


def _reasons(folder: Path) -> dict[str, str]:
    from ..batch.plan.files import read_refused

    return {entry["shard"]: entry["reason"] for entry in read_refused(folder)}


def _root(folder: Path) -> Path:
    """The repository that the plan is for: the one above its directory, else the working directory."""
    for place in folder.absolute().parents:
        if os.path.lexists(place / ".git"):
            return place
    return Path.cwd()


def _service(root: Path) -> Callable[[str], str]:
    """Which image a file is for: the first service that builds it, else its directory."""
    from ..workspace.uses import workspace_of

    graph = workspace_of(root).graph

    def named(name: str) -> str:
        for build in graph.of(name):
            if build.name:
                return f"{build.place.path.rpartition('/')[0] or 'root'}/{build.name}"
        return name.rpartition("/")[0] or "root"

    return named
