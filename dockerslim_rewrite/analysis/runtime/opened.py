"""Whether the program that a build context holds opens files of its project when it runs, as far as its sources tell.

What is looked for is data (``knowledge/data/jvm_files.toml``, ``native_files.toml``), with its sources. What libraries
of others do by themselves is an assumption, but for those that are known to look for files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from ...knowledge.tables import table
from ...patterns import re
from ..project import Project

_STRING = re.compile(r"[\"'`]([^\"'`\n]{1,200})[\"'`]")


def opens_files(
    project: Project, kind: str, placed: Mapping[str, str], folders: Sequence[str], place: str
) -> str | None:
    """Why the program in *project*, in languages of *kind* (``jvm``, ``native``), may open files in *folders* when it
    runs; None when its sources tell that it does not.

    *placed* are the context paths of files by their image paths, *folders* image paths, *place* is the directory that
    the program runs in. It opens none where all sources could be read, none of them calls what opens files or starts
    programs, and none names a file of the project that is not put into the program. What runs outside of *folders*
    reaches them by their own names only, or from where its sources lay.
    """
    if not project.complete:
        return "the build context was not read completely"
    known = table(f"{kind}_files")
    paths = [file.path for file in project.files if not re.fullmatch(known["apart"], file.path)]
    sources = [path for path in paths if path.endswith(tuple(known["suffixes"]))]
    if not sources:
        return "the build context holds no source of it"
    outside = not reaches(place, folders)
    found = None if outside else _found(known, placed, place)
    if found is not None:
        return f"{found} is where the program runs, and may be read there"
    others = [path for path in paths if path not in sources and not re.fullmatch(known["embedded"], path)]
    names = set[str]() if outside else {part for path in others for part in (path, *path.split("/"))}
    calls = re.compile("|".join(known["anywhere"] if outside else (*known["calls"], known["libraries"])))
    leads = re.compile("|".join(known["anywhere"] if outside else known["leads"]))
    given = re.compile("|".join(known["given"]))
    for path in sources:
        text = project.text(path)
        if text is None:
            return f"{path} could not be read"
        bare = re.sub(known["comment"], lambda match: "\n" * match[0].count("\n"), text, flags=re.S)
        bare = given.sub(" ", bare)
        problem = _first(calls, bare) or _named(bare, names, folders)
        if problem is not None:
            return f"{path} has {problem}"
    for path in (one for one in paths if re.fullmatch(known["settings"], one)):
        text = project.text(path)
        problem = "text that could not be read" if text is None else _first(leads, text) or _named(text, set(), folders)
        if problem is not None:
            return f"{path} has {problem}"
    return None


def reaches(place: str, folders: Sequence[str]) -> bool:
    """Whether a relative path may lead from *place* into one of *folders* without a step up."""
    here = f"{place.rstrip('/')}/"
    return any(here.startswith(f"{one}/") or f"{one}/".startswith(here) for one in folders)


def _found(known: Mapping[str, str], placed: Mapping[str, str], place: str) -> str | None:
    """A file in the directory *place* that programs find there by themselves."""
    for path in placed:
        below = posixpath.relpath(path, place) if path.startswith(place.rstrip("/") + "/") else ""
        if below and re.fullmatch(known["found"], below) and not re.fullmatch(known["builds"], below):
            return path
    return None


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return " ".join(match[0].split())[:40].rstrip("( ") if match is not None else None


def _named(text: str, names: set[str], folders: Sequence[str]) -> str | None:
    for folder in folders:
        if re.search(rf"(?<![\w./-]){re.escape(folder)}(?![\w-])", text):
            return folder
    for word in _STRING.findall(text):
        plain: str = word.removeprefix("./").strip("/")
        if plain and plain in names:
            return plain
    return None
