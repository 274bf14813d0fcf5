"""Which files of the build context a command finds: what COPY put there before it, and no command may have changed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...ir.build import Stage
from ...ir.steps import Copy, Run
from ...text.paths import matches
from ..facts import Facts
from .listed import Lists


def brought(lists: Lists, name: str, folder: str | None, run: Run) -> str | None:
    """The text of the file *name* that *run* finds in *folder*; None where that is not certain.

    The file has to be copied before, in the stage of *run* or in one below it, and no RUN there may name it.
    """
    path = posixpath.join(folder or "/", name)
    source = lists.source(path)
    if source is None or any(is_named(name, stage, lists.facts) for stage in lineage(run, lists)):
        return None
    first = (_first_copy(stage, source, lists.facts) for stage in lineage(run, lists))
    return lists.text(path, folder) if any(at is not None and at < run.index for at in first) else None


def follows(lists: Lists, name: str, folder: str | None, run: Run | None) -> bool:
    """Whether *run*, or the container at its start, finds the file *name* of the build context in *folder*."""
    return lists.has(name, folder) if run is None else brought(lists, name, folder, run) is not None


def names_file(lists: Lists, name: str, run: Run) -> bool:
    """Whether a RUN of the stage of *run*, or of one below it, names the file *name*."""
    return any(is_named(name, stage, lists.facts) for stage in lineage(run, lists))


def is_named(name: str, stage: Stage, facts: Facts) -> bool:
    """Whether a RUN of *stage* names the file *name*."""

    def work_out() -> bool:
        return any(name in step.origin.logical.text for step in stage.steps if isinstance(step, Run))

    return facts.recall("files that commands name", (stage.index, name), work_out)


def _first_copy(stage: Stage, source: str, facts: Facts) -> int | None:
    """The index of the first COPY of *stage* that brings *source* of the build context."""

    def work_out() -> int | None:
        copies = (step for step in stage.steps if isinstance(step, Copy))
        return next((step.index for step in copies if _brings(step, source)), None)

    return facts.recall("first copies of files", (stage.index, source), work_out)


def lineage(run: Run, lists: Lists) -> Iterator[Stage]:
    """The stage of *run*, and those that it is built from, one below the other."""
    stages = lists.build.stages
    at: int | None = max(stage.index for stage in stages if stage.head.index <= run.index)
    while at is not None:
        yield stages[at]
        at = lists.facts.graph.bases[at]


def _brings(copy: Copy, path: str) -> bool:
    """Whether *copy* brings the file *path* of the build context, alone or in a folder."""
    if copy.origin.flag("from") is not None:
        return False
    names = [posixpath.normpath(source.lstrip("/") or ".") for source in copy.sources]
    return any(one == "." or path.startswith(f"{one}/") or matches(path, one) for one in names)
