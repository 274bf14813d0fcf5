"""Images of the repository that a request renames or builds no more, and that other Dockerfiles of it begin with.

Sources: Dockerfile reference, "FROM"; Bake file reference, "contexts" with ``target:``; Compose build specification,
"additional_contexts" with ``service:``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..change import Remark, RemarkKind
from ..pipeline.stage_labels import untagged
from ..workspace.builds.found import FoundBuild, Place
from ..workspace.heirs import names_of
from ..workspace.uses import Workspace

#: What a description calls a build of its own: nobody pulls that.
_OWN = {"service:": "service", "target:": "target"}


def lost_bases(before: Workspace, after: Workspace, moved: Mapping[str, str | None]) -> Iterator[tuple[str, Remark]]:
    """Remarks, each with the description that it is of, on names that builds had *before*, none has *after*, and that a
    Dockerfile goes on from. *moved* has the paths that the request takes away, and where they went.
    """
    now = {name for build in after.graph.builds for name in names_of(build)} | {*_tags(after.graph.builds)}
    told: set[str] = set()
    for build in before.graph.builds:
        path = moved.get(build.place.path, build.place.path)
        for name in (*names_of(build), *_tags([build])):
            if name in now or name in told or path is None or not after.repository.is_file(path):
                continue
            kind = next((one for start, one in _OWN.items() if name.startswith(start)), "")
            heirs = [heir.place for heir in after.heirs_of(name) if heir.whole]
            if not heirs and untagged(name) in now:
                # The image is built, with another tag than somebody begins with.
                places = (heir.place for heir in after.heirs_of(untagged(name)) if heir.whole)
                heirs = [place for place in places if name in _words(place, after)]
            if heirs and (not kind or build.kind == ("compose" if kind == "service" else "bake")):
                told.add(name)
                yield path, _remark(name, kind, heirs[0], _line(build, path, after))


def _tags(builds: Iterable[FoundBuild]) -> Iterator[str]:
    """The names of the images of *builds* that say a tag."""
    yield from (tag for build in builds for tag in build.tags if isinstance(tag, str) and tag != untagged(tag))


def _words(place: Place, after: Workspace) -> list[str]:
    """The words of the line at *place*."""
    lines = (after.repository.read(place.path) or "").split("\n")
    return lines[place.line - 1].split() if place.line <= len(lines) else []


def _remark(name: str, kind: str, heir: Place, line: int) -> Remark:
    if kind:
        reason = f"no {kind} is called `{name.partition(':')[2]}` any more, which {heir} begins with: its build fails"
    else:
        reason = f"nothing here builds {name} any more, which {heir} begins with: it is pulled, if it is there"
    return Remark(RemarkKind.ANALYSIS, reason, line, rule="DS000", breaks=bool(kind))


def _line(build: FoundBuild, path: str, after: Workspace) -> int:
    """The line of the description *path* that builds *after* what *build* did; the first where none does."""
    same = (one for one in after.graph.builds if one.place.path == path and one.dockerfile == build.dockerfile)
    return next((one.place.line for one in same), 1)
