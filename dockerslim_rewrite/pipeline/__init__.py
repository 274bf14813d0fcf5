"""The whole compiler: read, let the passes propose, gate, apply, read again; validate; withdraw what is not proven."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..change import Remark
from ..ir.build import read_build
from ..record import evolve
from ..syntax import parse
from ..text import Patch, Source, readable
from .budget import beyond_budget
from .engine import Engine, projects_of
from .generated import left_to_its_maker
from .granted import granted, outdated
from .inserted import told_once
from .options import Options, selected
from .proof import proven
from .result import Companion, Result, unified_diff

if TYPE_CHECKING:
    from ..analysis.project import Project
    from ..passes.stages.sketching import Draft

__all__ = ["Companion", "Options", "Result", "rewrite", "selected", "suggest", "unified_diff"]


def rewrite(text: str | bytes, options: Options | None = None, path: str | None = None) -> Result:
    """Rewrite one Dockerfile.

    *text* is its content, *path* its name in diffs. Raises ``ParseError`` (line and reason) for what is no Dockerfile,
    ``ValueError`` for an unknown level or rule in *options*. Free of global state; safe in threads and processes.
    """
    options = options or Options()
    source = Source.from_bytes(text, path) if isinstance(text, bytes) else Source(text, path)
    if options.lock.proofs:
        options = granted(source.text, options, partial(projects_of, options, path))
    passes = selected(options)
    engine = Engine(source, options, passes)
    beyond = beyond_budget(engine.first.build)
    if beyond is not None:
        return Result(source.text, source.text, (), (beyond,), Patch(()), path)
    outcome = left_to_its_maker(engine, engine.run())
    bugs: list[Remark] = []
    if options.validate and outcome.changes:
        outcome, bugs = proven(engine, outcome)
    bugs.extend(engine.unreadable.values())
    bugs.extend(engine.notes())
    if options.lock.proofs:
        bugs.extend(outdated(options, path, outcome.remarks))
    result = Result(
        source.text,
        outcome.text,
        told_once(outcome.changes),
        tuple(sorted(map(_cut, [*outcome.remarks, *bugs]), key=lambda remark: (remark.line, remark.rule))),
        outcome.patch,
        path,
        _companions(options, engine.project, outcome.text),
        engine.unmet(),
    )
    if options.style == "canonical":
        from .layout import canonical_result

        return canonical_result(result, options)
    return result


def _cut(remark: Remark) -> Remark:
    """*remark* without more of the file than anybody reads in a message."""
    short = readable(remark.reason)
    return remark if short == remark.reason else evolve(remark, reason=short)


def suggest(text: str, options: Options | None = None, path: str | None = None) -> tuple[Draft, ...]:
    """The splits of stages that the recipes would make of *text* if what is in the way was not there.

    Drafts are for people: nothing proves them, and they are in no result. Raises as ``rewrite`` does.
    """
    from ..passes.stages.drafts import drafts

    options = options or Options()
    chosen = {one.code for phase in selected(options) for one in phase.passes}
    reading = Engine(Source(text, path), options, ()).first
    return tuple(draft for draft in drafts(reading.build, reading.facts) if draft.rule in chosen)


def _companions(options: Options, opened: Callable[[], Project | None], text: str) -> tuple[Companion, ...]:
    """The .dockerignore that belongs to the Dockerfile *text*, if it was asked for and has to be written."""
    if not options.dockerignore:
        return ()
    from ..context.project import FolderProject

    project = opened()
    if not isinstance(project, FolderProject):
        return ()
    from ..context.ignore_file import ignore_file

    found = ignore_file(read_build(parse(text)), project)
    if found is None:
        return ()
    reason = f"keeps {found.files} files, {found.size} bytes, out of the build"
    left_out = tuple(item.path for item in found.items)
    return (Companion(project.ignore_file, found.before, found.text, reason, left_out),)
