"""Runtime stages without the sources of a compiled program, where it is known which of the copied files it opens."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence

from ...change import LeavesUnread
from ...patterns import re
from ...record import evolve, record
from .left_sources import copied_folders, mixed, names_files
from .split_project import Project, Target

_GLOB = re.compile(r"[*?\[]")
#: A folder of which more than this is needed is copied whole.
_MOST_KEPT = 4


@record
class Language:
    """What a compiled language has: ``sources`` matches image paths that only the build and people read, ``generates``
    tells whether a command of the build may make other files than programs and what package managers install.
    """

    sources: re.Pattern[str]
    generates: Callable[[Project], bool]


def without_sources(
    targets: list[Target],
    project: Project,
    language: Language,
    leaves: Sequence[str],
    programs: Sequence[str],
    opened: Sequence[str] | str,
) -> list[Target]:
    """*targets* that copy of *leaves*, directories that COPY fills, only *programs* and what of the paths *opened* lies
    there; as they are where that is not known.
    """
    if isinstance(opened, str) or not leaves or names_files(project, leaves, programs):
        return targets
    kept = _kept(opened, leaves, project, language)
    if kept is None:
        return targets
    within = [path for path in programs if _in(path, leaves)]
    ships = project.shipping
    own = [one.path for one in ships.places if one.path not in leaves]
    own += [path for path in ships.copied if not _in(path, leaves)]
    places = tuple(dict.fromkeys((*within, *kept, *own)))
    if not places and not programs:
        return targets
    left = tuple(one for one in leaves if one not in kept)
    if not left:
        return targets
    parts = [path for path in kept if _in(path, left)]
    besides = f" but {' and '.join(parts)}" if parts else ""
    why = f"the program opens no file of {' and '.join(left)}{besides}"
    claim = LeavesUnread("program", left)
    return [
        evolve(
            one,
            places=places,
            files=tuple(path for path in one.files if path not in places),
            why=f"{one.why}; {why}",
            claims=(*one.claims, claim),
            bare=True,
        )
        for one in targets
    ]


def _in(path: str, folders: Sequence[str]) -> bool:
    return any(f"{path}/".startswith(f"{folder}/") for folder in folders)


def _kept(opened: Sequence[str], leaves: Sequence[str], project: Project, language: Language) -> tuple[str, ...] | None:
    """What of the folders *leaves* holds the paths *opened*; None where that is not known.

    What the build context brings by a name that is opened counts wherever it lies. Of a part of the context that was
    chosen for the image all counts that is no source: a library may look for it.
    """
    context = project.facts.project
    placed = context.copied(project.build)[-1] if context is not None else {}
    whole = copied_folders(project, whole=True)
    found: dict[str, None] = {}
    for written in opened:
        plain = _GLOB.split(written)[0].removeprefix("./").strip("/")
        path = posixpath.normpath(posixpath.join(project.folder or "/", plain or "."))
        if any(f"{one}/".startswith(f"{path}/") for one in leaves):
            return None
        found.update(
            (entry, None)
            for image in placed
            if (f"{image}/".startswith(f"{path}/") or f"/{plain}/" in f"{image}/") and (entry := _entry(image, leaves))
        )
    read = language.sources
    for one in (leaf for leaf in leaves if leaf not in whole):
        inside = [image for image in placed if f"{image}/".startswith(f"{one}/")]
        needed = [image for image in inside if not read.search(image)]
        found.update((entry, None) for image in needed if (entry := _entry(image, [one])))
        if needed and len(needed) == len(inside):
            # None of it is a source: it was chosen as a whole.
            found = {path: None for path in found if not _in(path, [one])} | {one: None}
    if found and (len(found) > _MOST_KEPT or mixed(project, leaves) or language.generates(project)):
        return None
    return tuple(found)


def _entry(image: str, folders: Sequence[str]) -> str | None:
    """What lies directly in one of *folders* and holds the file *image*; that itself where one of them is a file."""
    folder = next((one for one in folders if f"{image}/".startswith(f"{one}/")), None)
    if folder is None:
        return None
    return posixpath.join(folder, image[len(folder) + 1 :].partition("/")[0]).rstrip("/")
