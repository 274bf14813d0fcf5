"""What ``prove`` and ``rewrite --prove`` share: proving one file, and writing the proof down."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ..pipeline import Options, rewrite
from ..pipeline.engine import projects_of
from ..pipeline.granted import context_digest, text_digest
from ..record import evolve, record
from ..report.text import printable
from .builds import BuildRequest
from .files import now, repository_path

if TYPE_CHECKING:
    from ..analysis.locked import Lock, Proof
    from ..analysis.project import Project
    from ..engine.prove.task import Attempt, Ladder

PROVED, NOTHING, NOT_BUILT = 0, 1, 2


@record
class Proving:
    """How to prove: builds as *building* says; ``network`` is that of containers, None cuts them off; seconds.

    With a ``goal`` all candidates are tried that may serve it.
    """

    building: BuildRequest
    network: str | None = None
    goal: str | None = None
    start_timeout: float = 20.0
    rules: tuple[str, ...] = ()


@record
class Outcome:
    """What became of one file: the exit code, the ``ladder`` and the ``best`` of it, why there is none, the proof."""

    code: int
    ladder: Ladder | None = None
    best: Attempt | None = None
    reason: str | None = None
    proof: Proof | None = None


def prove_file(path: str, data: bytes, options: Options, how: Proving, *, quiet: bool) -> Outcome:
    """Prove what *options* cannot show of the Dockerfile *data* at *path*. Raises ``ValueError`` with one line.

    What is about to be run is told on standard error first, unless *quiet*.
    """
    from ..engine.prove.task import candidates

    if path == "-":
        raise ValueError("a Dockerfile from standard input cannot be proved; name a file")
    if how.goal == "cache":
        options = evolve(options, cleanup="cache-mount")
    projects = projects_of(options, path)
    context = context_digest(projects)
    if context is None:
        return Outcome(NOTHING, reason=_no_context(projects))
    plain = rewrite(data, evolve(options, supposed=()), path)
    rules = tuple(code for code in candidates(plain, search=how.goal is not None) if not how.rules or code in how.rules)
    if not rules:
        return Outcome(PROVED, reason="nothing is held back that building could show")
    return _carried_out(path, data, options, how, projects, (context, rules), quiet=quiet)


def _no_context(projects: Sequence[Project | None]) -> str:
    names = {project.name for project in projects if project is not None}
    if len(names) > 1:
        return f"it is built with several contexts ({', '.join(sorted(names))}), and a proof is of one: name --context"
    return "its build context cannot be read as a whole, so no proof could be told from an old one"


def _carried_out(
    path: str,
    data: bytes,
    options: Options,
    how: Proving,
    projects: Sequence[Project | None],
    known: tuple[str, tuple[str, ...]],
    *,
    quiet: bool,
) -> Outcome:
    from ..engine.interface import BuildFailed, EngineError
    from ..engine.prove.choice import chosen
    from ..engine.prove.observe import Trial
    from ..engine.prove.rounds import prove
    from ..engine.prove.task import Task
    from ..engine.prove.unclear import started
    from ..report.ladder import plan_lines
    from .progress import ProgressLine

    context, rules = known
    (project, *_) = projects
    assert project is not None
    builds = how.building.options()
    if builds.target is None and project.usage.target is not None:
        builds = replace(builds, target=project.usage.target)
    trial = Trial(builds.smoke, how.network, how.start_timeout)
    folder = Path(project.name)
    if not quiet:
        print("\n".join(plan_lines(path, str(folder), trial, rules)), file=sys.stderr)
    task = Task(Path(path), data, folder, options, builds, trial, now(), *started(data, project))
    progress = ProgressLine(quiet=quiet)
    try:
        ladder = prove(task, rules, progress)
    except BuildFailed as failure:
        return Outcome(NOT_BUILT, reason=f"the file as it is does not build, at {failure.instruction or 'its start'}")
    except (EngineError, OSError) as error:
        return Outcome(NOT_BUILT, reason=str(error))
    finally:
        progress.clear()
    best = chosen(ladder, how.goal or "size")
    if best is None:
        return Outcome(NOTHING, ladder, reason="no candidate is proved and smaller")
    from ..analysis.locked import Proof

    text = data.decode("utf-8", "surrogateescape")
    name = repository_path(path)
    return Outcome(
        PROVED, ladder, best, None, Proof(name, text_digest(text), context, best.given, now(), best.ignored, best.also)
    )


def prove_and_record(
    path: str, data: bytes, options: Options, how: Proving, file: Path | None, to: TextIO | None, *, quiet: bool
) -> tuple[Outcome, Lock]:
    """Prove one file and write the proof into the lock *file*, by default the one that counts for it.

    The ladder goes to the stream *to*, if any. The lock is that of *options* where nothing is proved. Raises
    ``ValueError`` and ``InputError``.
    """
    from ..registry.proofs import with_proof
    from ..report.ladder import ladder_lines
    from .lock import lock_file_of, save

    outcome = prove_file(path, data, options, how, quiet=quiet)
    if to is not None and outcome.ladder is not None:
        print("\n".join((printable(path), *ladder_lines(outcome.ladder, outcome.best))), file=to)
    if outcome.reason is not None:
        verdict = "" if outcome.code == PROVED else "not proved: "
        print(f"{printable(path)}: {verdict}{printable(outcome.reason)}", file=sys.stderr)
    if outcome.proof is None:
        return outcome, options.lock
    chosen = file or lock_file_of((path,))
    lock = evolve(options.lock, proofs=with_proof(options.lock.proofs, outcome.proof))
    save(chosen, lock)
    print(f"{printable(path)}: the proof is recorded in {printable(str(chosen))}", file=sys.stderr)
    return outcome, lock
