"""One pass over the files of a batch: find them, have them rewritten, keep what became of each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..record import evolve, record
from .batch_progress import BatchProgress
from .files import repository_path
from .preparing import Preparation
from .request import Request
from .rewrite import complain, options_of

if TYPE_CHECKING:
    from ..batch.cache import Cache
    from ..batch.executors import Executor
    from ..batch.outcome import Outcome
    from ..batch.spool import Spool


@record
class BatchCall:
    """What one call of ``batch`` asks for, besides the options of ``rewrite`` in ``request``.

    ``refused`` are rules that owners do not want, by file.
    """

    request: Request
    jobs: int = 0
    rollout: str | None = None
    limit: int | None = None
    since: str | None = None
    cached: bool = True
    executor: str = "local"
    scheduler: str | None = None
    refused: dict[str, tuple[str, ...]] | None = None


def gather(call: BatchCall, spool: Spool, each: Callable[[Outcome], Outcome] = lambda outcome: outcome) -> None:
    """Rewrite all files of *call* and put what *each* makes of their outcomes into *spool*.

    Raises ``ValueError`` with one line for options that cannot be used.
    """
    from ..batch.outcome import Status

    request = _tiered(call)
    options_of(request)
    paths = _paths(call, request)
    with BatchProgress(len(paths), quiet=request.quiet) as progress:
        prepare = Preparation(request, call.refused)
        _warm(request.paths)
        progress.stage("rewriting")
        changed = 0
        # What is wrong with what several files share, such as a baseline, is said once.
        said: set[str] = set()
        with _executor(call, request, prepare) as executor:
            for done in executor.run(paths):
                outcome = each(done.outcome)
                if outcome.code and outcome.reason is not None and outcome.reason not in said:
                    complain(outcome.reason)
                    said.add(outcome.reason)
                spool.add(outcome, cached=done.cached)
                progress.advance(changed=outcome.status is Status.CHANGED, saving=outcome.saving)
                changed += outcome.status is Status.CHANGED
                if call.limit is not None and changed >= call.limit:
                    break
        if not request.quiet:
            print(progress.total_line(), file=sys.stderr)


def _tiered(call: BatchCall) -> Request:
    """The request with what the tier chooses, unless the user typed something else."""
    if call.rollout is None:
        return call.request
    from ..batch.rollout import tier

    chosen = tier(call.rollout)
    both = {"level", "select"} & call.request.given
    if both:
        raise ValueError(f"--rollout and --{min(both)} exclude each other")
    given = call.request.given | {"level", "select"}
    return evolve(call.request, level=chosen.level, select=chosen.select, given=given)


def _paths(call: BatchCall, request: Request) -> list[tuple[str, bool]]:
    """The files, and whether each was named outright."""
    from ..workspace.configuration.resolve import configuration
    from ..workspace.discovery import Covered, discover

    if "-" in request.paths:
        raise ValueError("standard input is one file; use `dockerslim rewrite -`")
    excluded = configuration(request.config, isolated=request.isolated).excluded
    found = [
        (one.path, one.named)
        for one in discover(request.paths, excluded=excluded, looks=False)
        if isinstance(one, Covered)
    ]
    if call.since is not None:
        changed = _since(call.since, Path(request.paths[0]))
        found = [one for one in found if repository_path(one[0]) in changed]
    return found


def _since(reference: str, start: Path) -> frozenset[str]:
    """The files that differ from *reference*, or that Git does not know yet, relative to the repository's root."""
    if reference.startswith("-"):
        raise ValueError(f"--since {reference}: is no revision")
    from ..workspace.git import git
    from ..workspace.repository import root_of

    root = root_of(start)
    fixed = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")
    differ = git(root, "diff", "--name-only", "-z", *fixed, reference, "--").text
    unknown = git(root, "ls-files", "-z", "--others", "--exclude-standard").text
    return frozenset(filter(None, (differ + unknown).split("\0")))


def _warm(paths: tuple[str, ...]) -> None:
    """Read the builds of the repositories that *paths* lie in before processes are started: these then have them."""
    from ..workspace.repository import root_of
    from ..workspace.uses import workspace_of

    for root in dict.fromkeys(root_of(Path(path)) for path in paths if os.path.isdir(path)):
        workspace = workspace_of(root)
        workspace.graph.of("")
        for path, reason in workspace.repository.complaints.items():
            complain(f"{path}: {reason}")


def _executor(call: BatchCall, request: Request, prepare: Preparation) -> Executor:
    store = _store(call)
    if call.executor == "dask":
        if call.scheduler is None:
            raise ValueError("--executor dask needs --scheduler ADDRESS")
        if request.verify is not None:
            raise ValueError("--verify builds where the files lie; leave out --executor dask")
        from ..batch.executors.cluster import DaskCluster

        return DaskCluster(prepare, store, call.scheduler)
    from ..batch.executors.local import LocalPool

    prove = None
    jobs = call.jobs or os.cpu_count() or 1
    if request.verify is not None:
        from .proving import Proving

        prove = Proving(request.verify, store.folder if store is not None else None)
        jobs = min(jobs, call.jobs or 2)
    return LocalPool(prepare, store, jobs, prove)


def _store(call: BatchCall) -> Cache | None:
    from ..batch.cache import Cache
    from ..workspace.kept import cache_folder

    return Cache(cache_folder()) if call.cached else None
