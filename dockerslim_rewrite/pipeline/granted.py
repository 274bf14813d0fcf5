"""What rules may take for granted of a file, because the lock holds proof that its builds have shown it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..analysis.locked import Proof
from ..change import Remark, RemarkKind
from ..record import evolve
from ..text.source import encode
from .options import Options

if TYPE_CHECKING:
    from ..analysis.project import Project


def text_digest(text: str) -> str:
    """The SHA-256 of a Dockerfile's bytes."""
    import hashlib

    return f"sha256:{hashlib.sha256(encode(text)).hexdigest()}"


def context_digest(projects: Sequence[Project | None]) -> str | None:
    """The digest of the one context that all of *projects* have; None where they have several, or none."""
    roots = {project.name: project for project in projects if project is not None}
    if len(roots) != 1 or None in projects:
        return None
    (only,) = roots.values()
    return only.digest


def granted(text: str, options: Options, projects: Callable[[], Sequence[Project | None]]) -> Options:
    """*options* with what the lock's proofs of *text* in the context of *projects* show, and without the rules that
    had no part in them. The same options where there is no proof, or where somebody supposes something else.

    Projects are opened only for a text that the lock has a proof of.
    """
    if options.supposed is not None:
        return options
    proofs = options.lock.proofs_of(text_digest(text))
    context = context_digest(projects()) if proofs else None
    return with_proofs(options, tuple(one for one in proofs if one.context == context))


def with_proofs(options: Options, proofs: Sequence[Proof]) -> Options:
    """*options* under which the rules act as *proofs* show."""
    if not proofs:
        return options
    ignored = dict.fromkeys(code for one in proofs for code in one.ignored)
    return evolve(
        options,
        supposed=tuple(given for one in proofs for given in one.granted),
        ignore=tuple(dict.fromkeys((*options.ignore, *ignored))),
    )


def outdated(options: Options, path: str | None, remarks: Sequence[Remark]) -> Iterator[Remark]:
    """Remarks that the lock has proofs of the file *path*, but of another text or context than it has now.

    Only where the rule still holds something back by its *remarks*: once its change is made, no proof is missed.
    """
    if options.supposed is not None or path is None:
        return
    held = {one.rule: one.line for one in remarks if one.kind in (RemarkKind.MISSED, RemarkKind.HELD)}
    for one in options.lock.proofs:
        rule = one.supposed.rule
        if rule in held and f"/{path}".endswith(f"/{one.file}"):
            reason = (
                f"the proof of {one.proved:%Y-%m-%d} is of another text or context; `dockerslim prove` makes a new one"
            )
            yield Remark(RemarkKind.ANALYSIS, reason, held[rule], rule=rule)
