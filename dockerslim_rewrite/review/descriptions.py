"""What descriptions of builds ask for and the repository does not have: a context, a Dockerfile, a stage.

Sources: Compose build specification, "context", "dockerfile", "additional_contexts"; Docker documentation, "docker
buildx build" and "Bake file reference"; the readme of docker/build-push-action.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from ..change import Remark, RemarkKind
from ..ir.build import read_build
from ..knowledge.repository import build_source
from ..patterns import re
from ..record import record
from ..regular import read_whole
from ..syntax import ParseError, parse
from ..text import Source
from ..workspace.builds.compose_names import named_in_vain
from ..workspace.builds.found import FoundBuild, Unknown
from ..workspace.builds.places import is_remote
from ..workspace.discovery import BINARY, NO_DOCKERFILE, refusal_of
from ..workspace.uses import Workspace
from ..workspace.walk import walk
from .lost_bases import lost_bases
from .made import is_result, maker_of
from .malformed import malformed
from .writers import with_doubts

#: As many bytes as `rewrite` takes.
_MOST = 4 * 1024 * 1024
#: Descriptions that say from where their paths count.
_PLAIN_PATHS = frozenset(("compose", "bake", "make", "workflow"))
#: The kind of what is not there that people keep from repositories.
SECRET = "secret"
#: Contexts that are no directories.
_OTHER = re.compile(r"[a-z][a-z-]+:")
#: Directories whose descriptions are there to be read by tests, and by no builder.
_EXAMPLES = frozenset(("test", "tests", "testing", "testdata", "fixtures", "__fixtures__", "spec"))
#: Steps of a workflow that put something into the checkout: another repository, a cache, an artifact.
_FETCHES = re.compile(r"(?m)^[ \t]++(?:path|repository)[ \t]*+:")
#: The directive that says what reads the file, and the images that read it as BuildKit does.
_SYNTAX = re.compile(rb"(?i)(?:[ \t]*#[^\n]*\n)*?[ \t]*#[ \t]*syntax[ \t]*=[ \t]*([^\s]+)")
_STANDARD = re.compile(r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?:[:@]|\Z)")

#: The file that describes a build, its Dockerfile, and the stage that it asks for, None for the last one.
Asked = tuple[str, str, str | None]
#: Whether a path may be there for a build though Git does not hold it.
Otherwise = Callable[[Sequence[str]], bool]


@record
class Unmet:
    """What a build asks for on ``line`` of the description ``place``: ``lacks`` says what is not there and is the same
    in both sides of a request, ``path`` is what would have to be there, and ``asked`` tells the build.

    With ``doubt`` the build may find it all the same.
    """

    place: str
    lacks: str
    path: str
    line: int
    asked: Asked
    kind: str
    doubt: str = ""

    @property
    def of_file(self) -> bool:
        """Whether a file is there, and is not what the build asks for."""
        return self.kind in ("stage", "target")

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same on both sides."""
        return self.place, self.lacks


class Descriptions:
    """The descriptions of builds in *workspace*, the repository at *root*."""

    def __init__(self, workspace: Workspace, root: Path) -> None:
        self._workspace, self._root = workspace, root

    def asked(self) -> dict[Asked, int]:
        """The Dockerfiles and stages that descriptions of builds ask for, each with a line on which one does."""
        return {_asked(one): one.place.line for one in self._workspace.graph.builds if isinstance(one.dockerfile, str)}

    def without_dockerfile(self, moved: Mapping[str, str | None]) -> dict[str, list[Remark]]:
        """Remarks on builds whose Dockerfile is among the paths that were *moved*, by the files that describe them."""
        found: dict[str, dict[Remark, None]] = {}
        for one in self._workspace.graph.builds:
            path = one.dockerfile
            if isinstance(path, str) and path in moved and not self._is_read(path):
                # A reusable workflow has a build for each of its callers.
                remark = self._gone(path, moved[path], one.place.line)
                found.setdefault(one.place.path, {})[remark] = None
        return {path: [*remarks] for path, remarks in found.items()}

    def unmet(self) -> dict[tuple[str, str], Unmet]:
        """What builds ask for and is not there, each once."""
        found: dict[tuple[str, str], Unmet] = {}
        for build in self._workspace.graph.builds:
            for one in self._lacking(build):
                found.setdefault(one.key, one)
        for one in self._dangling():
            found.setdefault(one.key, one)
        return found

    def malformed(self, path: str) -> Remark | None:
        """What to say where the description *path* cannot be read; None where it can, or is none."""
        # Reading them all tells which cannot be read.
        _ = self._workspace.graph
        found = malformed(self._workspace.repository, path)
        if found is None or _is_example(path):
            return None
        doubt = "" if found.sure else " unless Bake reads it all the same"
        reason = f"{found.reason}, so its builds fail{doubt}"
        return Remark(RemarkKind.ANALYSIS, reason, found.line, rule="DS000", breaks=found.sure)

    def describes_well(self, path: str) -> bool:
        """Whether *path* describes builds, and can be read by those who make them."""
        return self.malformed(path) is None and any(one.place.path == path for one in self._workspace.graph.builds)

    def remark(self, unmet: Unmet, otherwise: Otherwise) -> Remark | None:
        """What to say of *unmet*; None where what it asks for comes from elsewhere."""
        if not unmet.of_file and (
            any(map(self._workspace.is_submodule, _upwards(unmet.path))) or otherwise([unmet.path])
        ):
            return None
        if _is_example(unmet.place):
            return None
        reason = f"{unmet.lacks}, so the build fails"
        if unmet.doubt:
            reason = f"{reason} unless {unmet.doubt}"
            return Remark(RemarkKind.ANALYSIS, reason, unmet.line, rule="DS000")
        parents = [unmet.path] if unmet.of_file else _upwards(unmet.path)
        return self._failing(reason, parents, unmet.line)

    def lost_bases(self, before: Descriptions, moved: Mapping[str, str | None]) -> Iterator[tuple[str, Remark]]:
        """Remarks on images that builds made *before*, and that other Dockerfiles still begin with."""
        yield from (
            (path, one) for path, one in lost_bases(before._workspace, self._workspace, moved) if not _is_example(path)
        )

    def _dangling(self) -> Iterator[Unmet]:
        """What compose files and Bake files name in vain."""
        found: dict[str | None, list[str]] = {}
        for one in walk(self._workspace.repository.root):
            if not one.skipped:
                found.setdefault(build_source(one.path), []).append(one.path)
        yield from self._not_composed(sorted(found.get("compose", ())))
        yield from self._not_baked(sorted(found.get("bake", ())), sorted(found.get("workflow", ())))

    def _not_composed(self, paths: Sequence[str]) -> Iterator[Unmet]:
        for one in named_in_vain(self._workspace.repository, paths):
            place = one.place.path
            kind = "target" if one.path is None else SECRET if one.secret else "file"
            yield Unmet(place, one.said, one.path or place, one.place.line, (place, "", None), kind)

    def _not_baked(self, paths: Sequence[str], workflows: Sequence[str]) -> Iterator[Unmet]:
        if not paths:
            return
        from ..workspace.builds.bake_names import dangling, not_built

        services = [build.name for build in self._workspace.graph.builds if build.kind == "compose"]
        repository = self._workspace.repository
        for one in (*dangling(repository, paths, services), *not_built(repository, paths, services, workflows)):
            doubt = "" if one.sure else "another Bake file has it"
            place = one.place.path
            yield Unmet(place, one.said, place, one.place.line, (place, "", None), "target", doubt)

    def _lacking(self, build: FoundBuild) -> Iterator[Unmet]:
        context = build.context if isinstance(build.context, str) else None
        if context is not None and build.kind in _PLAIN_PATHS and not self._is_folder(context):
            yield self._unmet(build, "context", f"the build context {context} is not there", context)
            return
        for name, value in build.contexts if build.kind in _PLAIN_PATHS else ():
            folder = value if isinstance(value, str) and not is_remote(value) and not _OTHER.match(value) else None
            if folder is not None and not self._is_folder(folder):
                yield self._unmet(build, "context", f"the context `{name}` ({folder}) is not there", folder)
        path = build.dockerfile
        if not isinstance(path, str):
            return
        target = build.target if isinstance(build.target, str) else None
        if not self._is_read(path):
            if build.kind in _PLAIN_PATHS or self._is_folder(posixpath.dirname(path)):
                yield self._unmet(build, "Dockerfile", f"{path} is not there", path)
            return
        refused = self.refusal(path)
        if refused is not None:
            yield self._unmet(build, "stage", f"{path} cannot be read: {refused}", path)
        elif target is not None and self._lacks(path, target):
            yield self._unmet(build, "stage", f"{path} has no stage `{target}`", path)

    def _unmet(self, build: FoundBuild, kind: str, lacks: str, path: str) -> Unmet:
        place = build.place.path
        doubt = ""
        maker = maker_of(build, self._workspace.repository) if kind != "stage" and is_result(path) else build.after
        if kind != "stage" and maker is not None:
            doubt = f"what {maker} runs makes it"
        elif kind == "Dockerfile" and isinstance(build.context, Unknown):
            # Of another repository the Dockerfile is that one's as well.
            doubt = f"{build.context} is another repository, which has it"
        elif kind != "stage" and build.kind == "workflow" and self._fetches(place):
            doubt = "a step of the workflow fetches it"
        elif kind != "stage" and self._is_elsewhere(path, posixpath.dirname(place)):
            doubt = "it is started in another directory"
        elif kind != "stage" and build.seen_from:
            # What a script lacks here may be there where somebody starts it.
            doubt = f"it is started in another directory than {_listed(build.seen_from)}"
        return Unmet(place, lacks, path, build.place.line, _asked(build), kind, doubt)

    def _fetches(self, place: str) -> bool:
        """Whether the workflow *place* puts more into its checkout than the repository."""
        return _FETCHES.search(self._workspace.repository.read(place) or "") is not None

    def _is_elsewhere(self, path: str, home: str) -> bool:
        """Whether *path*, which *home*, the directory of the description, tells, is there seen from a directory above
        that, or what the root tells is there seen from *home*.
        """
        if not home:
            return False
        other = os.path.relpath(path or ".", home).replace(os.sep, "/")
        seen = [posixpath.join(above, other) for above in (*_upwards(home)[1:], "")] if other != "." else []
        return any(os.path.exists(self._root / one) for one in (*seen, posixpath.join(home, path)))

    def _is_folder(self, path: str) -> bool:
        """Whether there is a directory at *path*. Git leaves one behind, empty, that no checkout has."""
        walked = os.walk(self._root / path)
        return any(files or any(os.path.islink(os.path.join(at, one)) for one in inner) for at, inner, files in walked)

    def _is_read(self, path: str) -> bool:
        """Whether a build that asks for *path* finds a file: for `Dockerfile` builders take `dockerfile` as well."""
        folder, name = os.path.split(path)
        names = (name, "dockerfile") if name == "Dockerfile" else (name,)
        return any((self._root / folder / one).is_file() for one in names)

    def refusal(self, path: str) -> str | None:
        """Why no builder reads the Dockerfile *path*; None where one does, or may: a front end of its own reads what
        it likes, and of a template something else makes the Dockerfile.
        """
        data = self._data(path)
        front_end = _SYNTAX.match(data)
        if front_end is not None and not _STANDARD.match(front_end[1].decode("utf-8", "replace")):
            return None
        found = refusal_of(os.path.basename(path), data)
        if found is None or not found.startswith((NO_DOCKERFILE, BINARY)):
            return None
        return found.removeprefix(f"{NO_DOCKERFILE}: ")

    def _data(self, path: str) -> bytes:
        try:
            return read_whole(self._root / path, _MOST)
        except OSError:
            return b""

    def _lacks(self, path: str, target: str) -> bool:
        """Whether the Dockerfile *path* surely has no stage *target*."""
        try:
            build = read_build(parse(Source.from_bytes(self._data(path))))
        except ParseError:
            return False
        named = {stage.name for stage in build.stages if stage.head.alias}
        counted = target.isdecimal() and int(target) < len(build.stages)
        return bool(build.stages) and target.lower() not in named and not counted

    def _gone(self, path: str, target: str | None, line: int) -> Remark:
        place = self._root / path
        if place.is_symlink():
            fate = "a link that leads nowhere"
        elif place.is_dir():
            fate = "a directory"
        else:
            fate = "deleted" if target is None else f"renamed to {target}"
            fate += " by this change"
        return self._failing(f"the build of {path} fails: it is {fate}", [path], line)

    def _failing(self, reason: str, paths: Sequence[str], line: int) -> Remark:
        """A remark on a build that fails for the first of *paths*, unless something in the repository writes that, or
        one of the others, which it lies in.
        """
        remark = Remark(RemarkKind.ANALYSIS, reason, line, rule="DS000", breaks=True)
        for path in paths:
            if remark.breaks:
                remark = with_doubts((remark,), partial(_missing, path), self._workspace.repository)[0]
        return remark


def _listed(folders: Sequence[str]) -> str:
    """*folders* for people."""
    return " or ".join(dict.fromkeys(one or "the root of the repository" for one in folders))


def _is_example(path: str) -> bool:
    """Whether the description *path* is there to be read by tests."""
    return not _EXAMPLES.isdisjoint(path.split("/")[:-1])


def _missing(path: str, _: Remark) -> list[str]:
    return [path]


def _asked(build: FoundBuild) -> Asked:
    target = build.target if isinstance(build.target, str) else None
    return build.place.path, str(build.dockerfile), target


def _upwards(path: str) -> list[str]:
    """*path* and the directories that it lies in, without the root."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(len(parts), 0, -1)]
