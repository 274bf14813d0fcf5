"""What speaks against leaving sources in the builder, beside what the sources themselves tell."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Sequence

from ...analysis.flow.destinations import destination
from ...ir.steps import Copy, Env, Listing
from ...patterns import re
from .split_project import Project

#: How a step names all of the build context.
_WHOLE = ((".",), ("./",))
_OWNS = re.compile(r"\b(?:chown|chgrp|setfacl|useradd|adduser)\b")


def names_files(project: Project, folders: Sequence[str], besides: Collection[str] = ()) -> bool:
    """Whether the command line of the container, or ENV, names anything in *folders* but its programs and *besides*."""
    words = project.starting.words
    programs = {*(one.name for one in project.starting.programs), *besides}
    context = project.facts.project
    files = {
        part
        for file in (context.files if context is not None else ())
        for part in (file.path, posixpath.dirname(file.path))
    }
    values = [pair.value or "" for step in project.stage.steps if isinstance(step, Env) for pair in step.pairs]
    for word in (*words, *values):
        for part in re.split(r"[=,:\s]", word):
            plain = part.removeprefix("./").rstrip("/")
            inside = any(f"{part}/".startswith(f"{folder}/") for folder in folders)
            if part not in programs and plain and (plain in files or inside):
                return True
    return False


def copied_folders(project: Project, *, whole: bool) -> list[str]:
    """The directories that COPY fills from the build context; with *whole*, those that it fills with all of it."""
    return [
        place
        for step in project.stage.steps
        if isinstance(step, Copy) and step.origin.flag("from") is None
        if not whole or step.sources in _WHOLE
        if (place := destination(step, project.facts.state(step))) is not None
    ]


def mixed(project: Project, folders: Sequence[str]) -> bool:
    """Whether something else than the context, the build and *folders*' own owner has to do with *folders*: files from
    elsewhere, other owners, volumes, or containers that start another program than the image does.
    """
    context = project.facts.project
    if context is None or any(one.starts for one in context.usage.containers):
        return True
    for step in project.stage.steps:
        if isinstance(step, Copy):
            place = destination(step, project.facts.state(step))
            # ADD would unpack what has the name of an archive; the context as a whole has none.
            copies = step.keyword == "COPY" or step.sources in _WHOLE or not any(map(_has_ending, step.sources))
            plain = copies and not step.origin.flags and not step.origin.heredocs
            if not plain and (place is None or _touches(place, folders)):
                return True
        elif (
            isinstance(step, Listing) and step.keyword == "VOLUME" and any(_touches(one, folders) for one in step.words)
        ):
            return True
    return any(_OWNS.search(run.origin.args) for run in project.stage.runs)


def _has_ending(source: str) -> bool:
    return "." in posixpath.basename(posixpath.normpath(source))


def _touches(path: str, folders: Iterable[str]) -> bool:
    return any(f"{path}/".startswith(f"{one}/") or f"{one}/".startswith(f"{path.rstrip('/')}/") for one in folders)
