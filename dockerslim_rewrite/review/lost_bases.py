"""Images of the repository that a request renames or builds no more, and that other Dockerfiles of it begin with.

Sources: Dockerfile reference, "FROM"; Bake file reference, "contexts" with ``target:``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..change import Remark, RemarkKind
from ..pipeline.stage_labels import untagged
from ..workspace.builds.found import FoundBuild, Place
from ..workspace.heirs import names_of
from ..workspace.uses import Workspace

#: What descriptions call builds of their own: nobody pulls that. A service that is gone is told of where it is named.
_TARGET, _SERVICE = "target:", "service:"


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
            if name.startswith(_SERVICE):
                continue
            own = name.startswith(_TARGET)
            heirs = [heir.place for heir in after.heirs_of(name) if heir.whole]
            if not heirs and untagged(name) in now:
                # The image is built, with another tag than somebody begins with.
                places = (heir.place for heir in after.heirs_of(untagged(name)) if heir.whole)
                heirs = [place for place in places if name in _words(place, after)]
            if heirs and (not own or build.kind == "bake"):
                told.add(name)
                yield path, _remark(name, heirs[0], _line(build, path, after))


def _tags(builds: Iterable[FoundBuild]) -> Iterator[str]:
    """The names of the images of *builds* that say a tag."""
    yield from (tag for build in builds for tag in build.tags if isinstance(tag, str) and tag != untagged(tag))


def _words(place: Place, after: Workspace) -> list[str]:
    """The words of the line at *place*."""
    lines = (after.repository.read(place.path) or "").split("\n")
    return lines[place.line - 1].split() if place.line <= len(lines) else []


def _remark(name: str, heir: Place, line: int) -> Remark:
    own = name.startswith(_TARGET)
    if own:
        reason = (
            f"no target is called `{name.removeprefix(_TARGET)}` any more, which {heir} begins with: its build fails"
        )
    else:
        reason = f"nothing here builds {name} any more, which {heir} begins with: it is pulled, if it is there"
    return Remark(RemarkKind.ANALYSIS, reason, line, rule="DS000", breaks=own)


def _line(build: FoundBuild, path: str, after: Workspace) -> int:
    """The line of the description *path* that builds *after* what *build* did; the first where none does."""
    same = (one for one in after.graph.builds if one.place.path == path and one.dockerfile == build.dockerfile)
    return next((one.place.line for one in same), 1)
