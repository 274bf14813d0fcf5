"""``rewrite --verify``: a rewrite is worth writing when what it builds is equivalent, and only then."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..pipeline import Result
from ..record import record
from .builds import BuildRequest, build_both

if TYPE_CHECKING:
    from ..engine.interface import BuildFailed
    from ..engine.verify import Verification, VerifyOptions

EQUIVALENT, DIFFERENT, NOT_BUILT = 0, 1, 2


@record
class Proof:
    """How it ended: the exit code, why nothing may be written (None if it may), the report as JSON-ready data.

    ``document`` has at least ``equivalent``: None if there are no two images to compare.
    """

    code: int
    refusal: str | None
    document: dict[str, Any]


def prove(path: str, data: bytes, result: Result, request: BuildRequest, *, report: bool) -> Proof:
    """Build *data*, the Dockerfile at *path*, and its rewrite *result*; compare the images.

    With *report* what was measured goes to standard error. Raises ``ValueError`` with one line for options that are
    wrong.
    """
    context, options = request.folder(path), request.options()
    with tempfile.TemporaryDirectory(prefix="dockerslim-rewrite-") as folder:
        before = _stored(Path(folder), "Dockerfile", data) if path == "-" else Path(path)
        after = _stored(Path(folder), f"{before.name}.rewritten", result.to_bytes())
        _ignore(before, after, result)
        name = result.path or "<stdin>"
        outcome = _built(before, after, context, options, result, quiet=not report)
    if outcome is None:
        return Proof(NOT_BUILT, f"{name}: not verified, so nothing was written", {"equivalent": None})
    return _judged(name, outcome, report=report)


def _ignore(before: Path, after: Path, result: Result) -> None:
    """Have the build of *after* ignore of the context what is written beside it, else what *before* ignores.

    Engines look for such a file beside the Dockerfile first, and only then in the context.
    """
    ignored = before.with_name(f"{before.name}.dockerignore")
    beside = after.with_name(f"{after.name}.dockerignore")
    for companion in result.companions:
        beside.write_text(companion.text, "utf-8", "surrogateescape")
    if not result.companions and ignored.is_file():
        shutil.copyfile(ignored, beside)


def _stored(folder: Path, name: str, data: bytes) -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def _built(
    before: Path, after: Path, context: Path, options: VerifyOptions, result: Result, *, quiet: bool
) -> Verification | BuildFailed | None:
    from ..engine.announced import announced
    from ..engine.verify import Candidate

    left_out = [path for companion in result.companions for path in companion.left_out]
    candidate = Candidate(after, announced(result.changes, left_out), result.saving)
    return build_both(before, candidate, context, options, quiet=quiet)


def _judged(name: str, outcome: Verification | BuildFailed, *, report: bool) -> Proof:
    from ..engine.interface import BuildFailed
    from ..report import verify as form

    if isinstance(outcome, BuildFailed):
        # The rewritten file lay in a folder that is gone: its name there would lead nowhere.
        which = "the rewritten file" if outcome.dockerfile.suffix == ".rewritten" else "the file as it was"
        if report:
            print("\n".join(form.failure_lines(outcome)), file=sys.stderr)
        refusal = f"{name}: {which} does not build, so nothing was written"
        return Proof(NOT_BUILT, refusal, form.failure_object(outcome))
    named = replace(
        outcome,
        before=replace(outcome.before, dockerfile=Path(name)),
        after=replace(outcome.after, dockerfile=Path(f"{name} (rewritten)")),
    )
    if report:
        print("\n".join(form.verification_lines(named)), file=sys.stderr)
    if named.equivalent:
        return Proof(EQUIVALENT, None, form.verification_object(named))
    refusal = f"{name}: the rewritten file builds another image, so nothing was written"
    return Proof(DIFFERENT, refusal, form.verification_object(named))
