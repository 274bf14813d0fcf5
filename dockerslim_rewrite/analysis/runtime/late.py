"""What the last COPYs of a stage bring again that earlier ones brought for the build alone."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase

from ...ir.build import Stage
from ...ir.steps import Copy, Run
from ...patterns import re
from ...record import evolve
from ...text.paths import within
from ..flow.destinations import destination
from ..flow.state import expand
from .shipped import Shipping

#: Names of files: what may be a folder is copied otherwise.
_FILE = re.compile(
    r"(?:[\w./*-]*/)?(?:[\w.*-]+\.(?:txt|json|lock|toml|ya?ml|xml|cfg|ini|mod|sum|rb|py|[cm]?js|ts|gradle|kts|properties|in)"
    r"|Gemfile|Pipfile|Makefile|Rakefile|Procfile|\.npmrc|\.yarnrc|\.yarnrc\.yml|\.(?:ruby|node|python)-version|\.tool-versions)"
)
_GEMFILES = "Gemfile*"
#: Commands that change whose a folder is, or what may be done with it.
_OWNS = re.compile(r"\b(?:chown|chmod|chgrp|setfacl|useradd|adduser)\b|(?:\A|[;&|(])\s*install\s")


def brought_again(stage: Stage, shipping: Shipping, files: Collection[str] = ()) -> frozenset[str]:
    """The places of *shipping* of which all is brought again, to the same paths, by what is copied behind its cut.

    ``COPY requirements.txt /app/`` for an installation, and ``COPY . /app`` at the end. *files* are the paths of all
    files of the build context, none where they are not known.
    """
    cut = shipping.cut
    if cut is None:
        return frozenset()
    states = dict(zip((step.index for step in stage.steps), shipping.states, strict=False))
    wholes: list[str] = []
    for step in stage.steps:
        if isinstance(step, Run) and _OWNS.search(step.origin.args):
            return frozenset()
        if isinstance(step, Copy) and step.index > cut.index and _all(step):
            folder = _landing(step, states[step.index].workdir, expand(step.destination, states[step.index]))
            wholes += [folder] if folder is not None else []
    found: set[str] = set()
    copies = (step for step in stage.steps if isinstance(step, Copy) and step.index < cut.index)
    early = [evolve(step, sources=tuple(_spelled(step.sources, files))) for step in copies]
    for place in shipping.places:
        whole = next((one for one in wholes if within(place.path, one)), None)
        if whole is None:
            continue
        # A lock file that an installation writes anew is brought again as it was.
        named = {path for step in early for path in _named(step, states[step.index].workdir, whole)}
        ran = [path for path in shipping.ran if path not in named]
        ran += [path for path in shipping.folders if not within(whole, path)]
        if any(within(path, place.path) or within(place.path, path) for path in ran):
            continue
        if all(_same(step, states[step.index].workdir, whole, place.path) for step in early):
            found.add(place.path)
    return frozenset(found)


def late_places(stage: Stage, shipping: Shipping) -> Iterator[str]:
    """Where what is copied behind the cut of *shipping* goes to; the root where that is not known."""
    last = shipping.cut.index if shipping.cut is not None else -1
    for step, state in zip(stage.steps, shipping.states, strict=False):
        if isinstance(step, Copy) and step.index > last:
            yield destination(step, state) or "/"


def _all(step: Copy) -> bool:
    """Whether *step* copies all of the build context."""
    partly = step.origin.flag("exclude") is not None or step.origin.flag("from") is not None
    return not partly and [posixpath.normpath(one) for one in step.sources] == ["."]


def _spelled(sources: Sequence[str], files: Collection[str]) -> Iterator[str]:
    """*sources* with the files that ``Gemfile*`` stands for, where all that it matches are files."""
    for source in sources:
        found = [one for one in files if fnmatchcase(one.partition("/")[0], source)] if source == _GEMFILES else []
        yield from sorted(found) if found and not any("/" in one for one in found) else (source,)


def _same(step: Copy, folder: str | None, whole: str, place: str) -> bool:
    """Whether *step* puts nothing into *place*, or files where a copy of the whole context to *whole* puts them."""
    target = _landing(step, folder, step.destination if "$" not in step.destination else None)
    if target is None:
        return False
    if not within(target, place) and not within(place, target):
        return True
    if step.origin.flag("from") is not None or step.origin.heredocs or step.origin.flag("chown") is not None:
        return False
    several = len(step.sources) > 1 or step.destination.endswith(("/", ".")) or any("*" in one for one in step.sources)
    for source in step.sources:
        if not _FILE.fullmatch(source.removeprefix("./")):
            return False
        landed = posixpath.join(target, posixpath.basename(source)) if several else target
        if landed != posixpath.normpath(posixpath.join(whole, source.lstrip("/"))):
            return False
    return True


def _named(step: Copy, folder: str | None, whole: str) -> Iterator[str]:
    """The files that *step* copies by their own names to where a copy of the whole context to *whole* puts them."""
    target = _landing(step, folder, step.destination if "$" not in step.destination else None)
    if target is None or step.origin.flags or step.origin.heredocs:
        return
    for source in step.sources:
        landed = posixpath.join(target, posixpath.basename(source))
        several = len(step.sources) > 1 or step.destination.endswith(("/", "."))
        plain = several and not any(sign in source for sign in "*?[$")
        if plain and landed == posixpath.normpath(posixpath.join(whole, source.lstrip("/"))):
            yield landed


def _landing(step: Copy, folder: str | None, target: str | None) -> str | None:
    if target is None or (folder is None and not target.startswith("/")):
        return None
    return posixpath.normpath(posixpath.join(folder or "/", target))
