"""What an unprivileged user has to own, so that the program can write what it writes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...analysis.effects.writes import writes
from ...analysis.facts import Facts
from ...analysis.flow.destinations import destination
from ...analysis.flow.places import BROAD, Frame, moved
from ...analysis.project import Behaviour, FileFacts, Project, WriteKind, WrittenPath
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Exec, Run
from ...knowledge.users import is_temporary
from ...patterns import re
from ...text.paths import matches, within

_SYSTEM = re.compile(
    r"(?!/usr/src/[^/])/(?:bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|root|run|sbin|sys|usr)(?:/.*)?\Z"
    r"|/(?:home|media|mnt|opt|srv|tmp|var)\Z|/var/(?:lib|log|cache|run|spool|tmp|local|opt|mail|lock|backups)\Z|/\Z"
)
#: Data that outlives containers: it usually lies on a volume, whose files have the owner that they have.
_KEPT = frozenset((WriteKind.DATABASE, WriteKind.UPLOAD))
#: Folders of dependencies, which programs read.
_DEPENDENCIES = re.compile(r"/(?:node_modules|vendor|\.venv|venv|\.bundle|site-packages)(?:/|\Z)")
_INSTALLS = frozenset(("npm", "yarn", "pnpm", "bundle", "bundler", "pip", "pip3", "composer", "uv"))


class Rights:
    """Sorts what is written: ``folders`` must become the user's own, True for those with all that is in them.

    *home* is the home folder of the user's account (None: there is none), *variable* what ENV says of it, *workdir* the
    folder in which the program starts.
    """

    def __init__(self, home: str | None, variable: str | None, workdir: str | None) -> None:
        self.home = home
        self.variable = variable
        self.workdir = workdir
        self.empty: tuple[str, ...] = ()
        self.folders: dict[str, bool] = {}
        self.obstacles: list[str] = []
        self.doubts: list[str] = []
        self.evidence: list[str] = []
        self.owned: dict[str, str] = {}
        self.at_home = False

    def give(self, folder: str, line: int) -> None:
        """Give *folder* to the user, which line *line* makes and nothing fills: it is for what the program writes."""
        self.empty = (*self.empty, folder)
        self.folders.setdefault(folder, False)
        self.owned[folder] = f"{folder}, which line {line} makes and nothing fills"

    def add(self, write: WrittenPath) -> None:
        """Note what *write* asks for."""
        shown = f"{write.written} ({write.evidence})"
        folder = self.variable if write.folder == "~" and self.variable is not None else write.folder
        if folder == "~":
            if self.home is None:
                self.obstacles.append(f"it writes {shown} in the home directory, and the user has none")
            self.at_home = True
        elif folder is None and (self.workdir is None or not is_ownable(self.workdir)):
            # What is relative lies there; one such write is enough to say so.
            where = f"{self.workdir}, where only root may write" if self.workdir else "a directory that is not known"
            if not any(one.endswith(where) for one in self.obstacles):
                self.obstacles.append(f"it writes {shown}, and works in {where}")
        elif folder is None:
            self.doubts.append(f"it writes {shown}")
        elif is_temporary(folder) or (self.home is not None and within(folder, self.home)):
            return
        elif write.kind is WriteKind.POSSIBLE:
            self._possible(write, folder, shown)
        elif not is_ownable(folder):
            self.obstacles.append(f"it writes {shown} in a directory of the system")
        else:
            if write.kind in _KEPT:
                self.doubts.append(f"{shown} is data that is usually kept on a volume, which may be root's")
            if any(within(folder, one) for one in self.empty):
                return
            self.folders.setdefault(folder, False)
            self.owned.setdefault(folder, f"{folder} ({write.evidence}: it writes {write.written})")

    def _possible(self, write: WrittenPath, folder: str, shown: str) -> None:
        """Something may be written: in the folder that it runs in, which becomes the user's own, or elsewhere."""
        if any(within(write.path or folder, one) for one in self.empty):
            return
        own = folder if write.path is None else self.workdir
        if own is None or not within(folder, own) or not is_ownable(own):
            self.doubts.append(f"it may write {shown}")
            return
        self.folders[own] = True
        self.owned.setdefault(own, f"{own} ({write.evidence}: it may write {write.written})")


def is_ownable(folder: str) -> bool:
    """Whether *folder* may belong to another user than root: it is neither the system's nor everybody's."""
    return not _SYSTEM.match(folder) and not is_temporary(folder)


def copies_of(facts: Facts, stage: Stage) -> list[tuple[Copy, str]]:
    """The COPY and ADD steps of *stage* whose destination is known, with it."""
    found = [(step, destination(step, facts.state(step))) for step in stage.steps if isinstance(step, Copy)]
    return [(step, target) for step, target in found if target is not None]


def copies_to_own(
    facts: Facts, stage: Stage, project: Project, behaviour: Behaviour, own: Mapping[str, bool]
) -> Iterator[int]:
    """The steps of *stage* whose files must belong to the user, by index.

    Those are the ones that bring files which only their owner may read, or which may be written, and those that would
    take a folder of the user's back to root: COPY gives each folder below its destination the owner of its files. A
    program that was built has no reason to write over itself, and had better not be able to.
    """
    programs = _started(facts, stage)
    for step, target in copies_of(facts, stage):
        if step.origin.flag("from") is None and not step.origin.heredocs:
            continue
        if target in programs:
            continue
        for folder, whole in own.items():
            if within(folder, target) or (whole and within(target, folder)):
                yield step.index
    targets = {step.index: target for step, target in copies_of(facts, stage)}
    broad = {step.index for step, _ in copies_of(facts, stage) if _brings_folder(step, project)}
    files = project.image_files(facts.build)
    written = _Written(behaviour, own)
    for path, steps in project.copied_by(facts.build).items():
        for folder, whole in own.items():
            if within(path, folder):
                yield from (index for index in steps if index in broad and within(folder, targets[index]))
                yield from steps[-1:] if whole else ()
        if not _for_others(files[path]) or written.holds(path):
            yield steps[-1]


def _started(facts: Facts, stage: Stage) -> frozenset[str]:
    """The image paths that the words of CMD and ENTRYPOINT name, as seen from where the container starts."""
    found = set()
    for step in stage.steps:
        if isinstance(step, Exec):
            workdir = facts.state(step).workdir or "/"
            found |= {posixpath.normpath(posixpath.join(workdir, word)) for word in step.argv or ()}
    return frozenset(found)


def _brings_folder(step: Copy, project: Project) -> bool:
    """Whether a source of *step* may be a folder of the context."""
    files, folders = project.recall("folders by depth", lambda: _by_depth(project))
    for source in step.sources:
        bare = posixpath.normpath("/" + source).lstrip("/")
        if bare in files:
            continue
        there = folders.get(bare.count("/"), set())
        if not bare or "$" in bare or bare in there:
            return True
        if any(sign in bare for sign in "*?[") and any(matches(folder, bare) for folder in there):
            return True
    return False


def _by_depth(project: Project) -> tuple[frozenset[str], Mapping[int, set[str]]]:
    """The files of the context, and the folders that hold them, by how many lie above each."""
    files = frozenset(file.path for file in project.files)
    folders: dict[int, set[str]] = {}
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders.setdefault(folder.count("/"), set()):
            folders[folder.count("/")].add(folder)
            folder = folder.rpartition("/")[0]
    return files, folders


def _for_others(file: FileFacts) -> bool:
    """Whether users other than the owner may read a file, and run it if the owner may."""
    return bool(file.mode & 0o004) and bool(file.mode & 0o001 or not file.mode & 0o100)


class _Written:
    """What is written, looked up by path: there may be thousands of writes for each of thousands of files."""

    def __init__(self, behaviour: Behaviour, own: Mapping[str, bool]) -> None:
        self._paths = {write.path.rstrip("/") for write in behaviour.writes if write.path is not None}
        self._folders = {write.folder for write in behaviour.writes if write.path is None and write.folder in own}

    def holds(self, path: str) -> bool:
        """Whether the file at the image path *path* is written, or lies in a folder that is below its COPY."""
        if posixpath.dirname(path) in self._folders:
            return True
        while path not in self._paths:
            above, slash, _ = path.rpartition("/")
            if not slash:
                return False
            path = above
        return True


class Left(NamedTuple):
    """Why files of root's may lie where the user has to write; ``unread`` is the RUN of a program that nobody read and
    that may have made any. ``builds`` tells that it is there to build the project, whose results are mostly read.
    """

    reason: str
    unread: Run | None = None
    builds: bool = False


def left_behind(build: Build, facts: Facts, stages: Sequence[int], rights: Rights) -> Iterator[Left]:
    """Why files of root's may lie in the folders that the user gets: RUN left them there, or a COPY further below."""
    for index in stages:
        stage = build.stages[index]
        for run in stage.runs:
            yield from _of_run(run, facts, rights)
        if index != stages[-1]:
            for step, target in copies_of(facts, stage):
                if any(within(target, folder) or within(folder, target) for folder in rights.folders):
                    yield Left(f"the files of line {step.line} are root's, in a stage below the last one")


def _of_run(run: Run, facts: Facts, rights: Rights) -> Iterator[Left]:
    script = facts.script(run)
    if script is None:
        yield Left(f"what line {run.line} leaves behind is not known", unread=run)
        return
    state = facts.state(run)
    frame = Frame(state.workdir, state.constants, BROAD)
    for command in script.commands:
        words = [word or "" for word in command.argv]
        name = posixpath.basename(words[0]) if words else ""
        shown = " ".join(words[:3])
        found = writes(command, frame)
        frame = moved(command, frame)
        if found.operation is not None or name in ("chmod", "chgrp"):
            continue
        if name in _INSTALLS or words[1:3] == ["-m", "pip"]:
            if any(rights.folders.values()) and {"run", "build", "run-script"} & set(words[1:3]):
                yield Left(
                    f"line {run.line} runs {shown} while building, which may leave files of root's", run, builds=True
                )
            continue
        if found.unknown is not None:
            yield Left(f"line {run.line} runs {shown} while building, which may leave files of root's", unread=run)
        for place in found.places:
            if name == "mkdir":
                among = place.path not in rights.folders and any(
                    whole and within(place.path, folder) for folder, whole in rights.folders.items()
                )
            else:
                among = any(within(place.path, one) or within(one, place.path) for one in rights.folders)
            if among and not _DEPENDENCIES.search(place.path):
                yield Left(f"line {run.line} makes {place.path}, which is root's ({shown})")
