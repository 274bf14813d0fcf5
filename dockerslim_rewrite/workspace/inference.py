"""The context of a Dockerfile that nobody in the repository builds: which folder holds all that COPY names."""

from __future__ import annotations

import glob
import os
import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..ir.build import Build, read_build
from ..ir.steps import Copy, Run
from ..record import record
from ..regular import read_whole
from ..syntax import ParseError, parse
from ..text import Source
from ..text.paths import LONGEST
from .repository import Repository

#: Python's reader of patterns calls itself for each directory of one.
_DEEPEST = 100
_MAX_SOURCES = 500
_UNTOLD = "nobody in the repository builds it"


@record
class Inferred:
    """The context's ``root``, how it was found for people, and whether it holds all sources of COPY that are known."""

    root: Path
    found: str
    complete: bool


def infer_context(dockerfile: Path, repository: Repository, sources: Sequence[str] | None = None) -> Inferred:
    """The nearest folder, from the Dockerfile's own up to the root, that holds every source that it names.

    *sources* are these, where the caller knows them already.
    """
    own = dockerfile.absolute().parent
    if sources is None:
        sources = sources_of(dockerfile)
    if not sources:
        return Inferred(own, "the Dockerfile's directory", True)
    folder = next(possible_contexts(dockerfile, repository, sources), None)
    if folder is not None:
        return Inferred(folder, f"{_UNTOLD}; the nearest directory with all that COPY names", True)
    return Inferred(own, f"{_UNTOLD}, and no directory has all that COPY names", False)


def possible_contexts(dockerfile: Path, repository: Repository, sources: Sequence[str]) -> Iterator[Path]:
    """The folders from that of the *dockerfile* up to the root that hold all *sources*, the nearest first."""
    own = dockerfile.absolute().parent
    for folder in (own, *own.parents):
        if repository.relative(folder) is None:
            break
        if all(holds(folder, source) for source in sources):
            yield folder


def sources_of(dockerfile: Path) -> tuple[str, ...]:
    """The sources of COPY, ADD and mounts that come from the context and are known without building."""
    try:
        return sources_in(read_whole(dockerfile))
    except OSError:
        return ()


def sources_in(data: bytes) -> tuple[str, ...]:
    """The same for the Dockerfile whose content is *data*."""
    try:
        build = read_build(parse(Source.from_bytes(data)))
    except ParseError:
        return ()
    return tuple(dict.fromkeys(_sources(build)))[:_MAX_SOURCES]


def _sources(build: Build) -> Iterator[str]:
    for stage in build.stages:
        for step in stage.steps:
            if isinstance(step, Copy) and step.origin.flag("from") is None and not step.origin.heredocs:
                local = [word for word in step.sources if "://" not in word and not word.startswith("git@")]
                # A pattern may match nothing; beside other sources it is written for a file that need not be there.
                plain = [word for word in local if not _is_pattern(word)]
                yield from (word for word in plain or local if "$" not in word)
            elif isinstance(step, Run):
                yield from (word for word in step.bound if "$" not in word)


def holds(folder: Path, source: str) -> bool:
    """Whether *folder* has what the *source* of a COPY names."""
    bare = posixpath.normpath("/" + source).lstrip("/")
    # Unlike a path's own method it takes what no system allows as a name for something that is not there.
    if not bare or os.path.exists(folder / bare) or _filled(folder, bare):
        return True
    if "\0" in bare or len(bare) > LONGEST or bare.count("/") > _DEEPEST or not _is_pattern(bare):
        return False
    return next(glob.iglob(bare, root_dir=folder, include_hidden=True), None) is not None


def _is_pattern(path: str) -> bool:
    return any(char in path for char in "*?[")


def _filled(folder: Path, path: str) -> bool:
    """Whether *path* of *folder* lies in a folder with nothing in it, as a submodule that was not fetched."""
    if path.count("/") > _DEEPEST:
        return False
    while (path := posixpath.dirname(path)) and "\0" not in path:
        try:
            return not os.listdir(folder / path)
        except OSError:
            continue
    return False
