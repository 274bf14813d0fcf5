"""Which file of the context lies where in the image: what COPY and ADD say, followed through all stages.

Source: Dockerfile reference, COPY. What commands move or delete afterwards is not followed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping

from ..analysis.flow.destinations import destination, is_folder
from ..analysis.flow.graph import stage_graph
from ..analysis.flow.state import State, expand, states
from ..ir.build import Build
from ..ir.steps import Copy, Onbuild, Run, Step
from ..patterns import re
from ..record import record
from ..shell.script import Script
from ..text.paths import matches
from .tree import ContextTree

_GLOB = re.compile(r"[*?\[]")
#: Directories of every image with a system in it. Source: Filesystem Hierarchy Standard.
_SYSTEM = frozenset(
    (
        "/", "/bin", "/etc", "/home", "/lib", "/mnt", "/opt", "/root", "/run", "/sbin", "/srv", "/tmp", "/usr",
        "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/etc", "/usr/local/lib", "/usr/local/sbin",
        "/usr/local/share", "/usr/sbin", "/usr/share", "/usr/src", "/var", "/var/lib", "/var/log", "/var/tmp",
    )
)  # fmt: skip

#: So many steps are taken: enough to put twenty thousand files, as the largest repositories have, twenty times.
MOST_STEPS = 4_000_000
#: What it costs to look at a file, to match its name with a pattern, to have it in one more stage, and to put it at one
#: more place.
_LOOK, _MATCH, _CARRY, _PUT = 1, 2, 3, 10
#: What so many patterns match is remembered.
_MOST_PATTERNS = 8


@record
class Placed:
    """Files of the last stage: ``context_of`` leads from image paths to context paths. ``missing`` are sources of COPY
    and of mounts, by line, that the context does not hold. ``steps`` are the COPYs, by index, that put a file at an
    image path, in their order. ``stages`` are the same as ``context_of`` for each stage; ``complete`` tells that
    nothing else brings files of the context into one of them. ``beyond`` tells that there is more than is
    followed: then nothing is placed.
    """

    context_of: dict[str, str]
    image_of: dict[str, str]
    missing: tuple[tuple[str, int], ...]
    steps: Mapping[str, tuple[int, ...]]
    stages: tuple[dict[str, str], ...] = ()
    complete: bool = False
    beyond: bool = False


class _Beyond(Exception):
    """More is put into stages than is followed."""


def place(build: Build, tree: ContextTree) -> Placed:
    """Place the files of *tree* in the stages of *build*."""
    placer = _Placer(build, tree)
    try:
        found = placer.stages()
    except _Beyond:
        return Placed({}, {}, (), {}, tuple({} for _ in build.stages), beyond=True)
    last = found[-1] if found else {}
    image_of = {context: image for image, context in last.items()}
    steps = {path: tuple(indices) for path, indices in placer.steps.items()}
    return Placed(last, image_of, tuple(placer.missing), steps, tuple(found), complete=not _brings_more(build))


def _brings_more(build: Build) -> bool:
    """Whether files of the context may come into a stage otherwise: by a mount, a trigger, or to an unknown place."""
    known = states(build)
    for stage in build.stages:
        if "onbuild" in stage.head.image:
            return True
        for step in stage.steps:
            if isinstance(step, Onbuild):
                return True
            if isinstance(step, Run) and any(mount.get("type", "bind") == "bind" for mount in step.mounts):
                return True
            if isinstance(step, Copy) and destination(step, known[step.index]) is None:
                return True
    return False


class _Placer:
    def __init__(self, build: Build, tree: ContextTree) -> None:
        self.build = build
        self.tree = tree
        self.states = states(build)
        self.graph = stage_graph(build)
        self.missing: list[tuple[str, int]] = []
        self.steps: dict[str, list[int]] = {}
        self._left = MOST_STEPS
        self._matching: dict[str, list[tuple[str, bool]]] = {}

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise _Beyond

    def stages(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        names: dict[str, int] = {}
        folders: list[frozenset[str]] = []
        for stage in self.build.stages:
            base = self.graph.bases[stage.index]
            self._spend(_CARRY * len(found[base]) if base is not None else 0)
            placed = dict(found[base]) if base is not None else {}
            there = set(folders[base]) if base is not None else set(_SYSTEM)
            for step in stage.steps:
                there |= _made(step, self.states[step.index])
                if isinstance(step, Copy) and not step.origin.heredocs:
                    put: dict[str, str] = {}
                    self._copy(step, put, found, names, there)
                    placed |= put
                    for folder in {posixpath.dirname(path) for path in put}:
                        while folder not in there and folder not in ("", "/"):
                            # Where one is there, those that it lies in are.
                            there.add(folder)
                            folder = posixpath.dirname(folder)
                    if stage is self.build.stages[-1]:
                        for path in put:
                            self.steps.setdefault(path, []).append(step.index)
                elif isinstance(step, Run):
                    self._mounts(step)
            found.append(placed)
            folders.append(frozenset(there))
            names[str(stage.index)] = stage.index
            names[stage.name] = stage.index
        return found

    def _copy(
        self,
        copy: Copy,
        placed: dict[str, str],
        stages: list[dict[str, str]],
        names: dict[str, int],
        there: Collection[str],
    ) -> None:
        """Put what *copy* brings into *placed*; *there* are the directories that are there before."""
        state = self.states[copy.index]
        target = destination(copy, state)
        source = copy.origin.flag("from")
        if target is None:
            return
        folder = is_folder(copy) or target in there
        lacking: list[str] = []
        if source is not None:
            at = names.get(source.lower())
            if at is not None:
                for word in copy.sources:
                    self._spend(_LOOK * len(stages[at]))
                    before = len(placed)
                    _from_stage(expand(word, state), target, folder, stages[at], placed)
                    self._spend(_PUT * (len(placed) - before))
            return
        for word in copy.sources:
            if "://" in word or word.startswith("git@"):
                continue
            pattern = expand(word, state)
            if pattern is None:
                continue
            found = self.matching(pattern)
            if not found and self._lacks(pattern):
                lacking.append(word)
            name = posixpath.basename(pattern.rstrip("/"))
            for path, is_directory in found:
                named = name if len(found) == 1 and not _GLOB.search(name) else posixpath.basename(path)
                self._place(path, is_directory, target, named if folder or len(found) > 1 else None, placed)
        # A pattern may match nothing; beside a file that is there it is written for one that need not be.
        besides = len(lacking) < len(copy.sources)
        self.missing += ((word, copy.line) for word in lacking if not (besides and _GLOB.search(word)))

    def _mounts(self, run: Run) -> None:
        for source in run.bound:
            path = expand(source, self.states[run.index])
            if path is not None and not self._there(path) and self._lacks(path):
                self.missing.append((source, run.line))

    def _there(self, path: str) -> bool:
        """Whether the context has *path*, which is no pattern."""
        bare = self.tree.followed(path)
        return not bare or bare in self.tree.by_path or bare in self.tree.folders

    def _lacks(self, path: str) -> bool:
        """Whether nothing brings *path*, which the context does not have."""
        bare = self.tree.followed(path) or path
        return self.tree.complete and not self.tree.unknown(bare) and not self.tree.is_bare(bare.rstrip("/"))

    def matching(self, pattern: str) -> list[tuple[str, bool]]:
        """The files and folders of the context that a source of COPY names, and whether each is a folder."""
        bare = self.tree.followed(pattern)
        if bare is None:
            return []
        if not bare:
            return [("", True)]
        if bare in self.tree.by_path:
            return [(bare, False)]
        if bare in self.tree.folders:
            return [(bare, True)]
        if not _GLOB.search(bare):
            return []
        if bare not in self._matching:
            paths, folders = self.tree.at_depth(bare.count("/"))
            self._spend(_MATCH * (len(paths) + len(folders)))
            found = [(path, False) for path in paths if matches(path, bare)]
            found += [(path, True) for path in folders if matches(path, bare)]
            if len(self._matching) == _MOST_PATTERNS:
                self._matching.clear()
            self._matching[bare] = sorted(found)
        return self._matching[bare]

    def _place(self, path: str, is_directory: bool, target: str, name: str | None, placed: dict[str, str]) -> None:
        """Place the file or folder *path* at *target*, or a file there as *name*."""
        at = target if is_directory or name is None else posixpath.join(target, name)
        if not is_directory:
            self._spend(_PUT)
            placed[at] = path
            return
        laid = self.tree.laid(path, at)
        self._spend(_PUT * len(laid))
        placed.update(laid)


def _made(step: Step, state: State) -> set[str]:
    """The directories that are there in the *state* before *step*, as far as WORKDIR says, and those that it makes."""
    found = set(_above(state.workdir)) if state.workdir else set()
    script = step.body.script if isinstance(step, Run) and step.body is not None else None
    for command in script.commands if isinstance(script, Script) and "mkdir" in script.text else ():
        if command.argv and command.argv[0] == "mkdir":
            paths = (word for word in command.argv[1:] if word and word.startswith("/"))
            found |= {above for path in paths for above in _above(posixpath.normpath(path))}
    return found


def _above(folder: str) -> Iterator[str]:
    """*folder* and the directories that it lies in."""
    while folder not in ("", "/"):
        yield folder
        folder = posixpath.dirname(folder)


def _from_stage(source: str | None, target: str, folder: bool, there: dict[str, str], placed: dict[str, str]) -> None:
    if source is None:
        return
    bare = posixpath.normpath("/" + source.lstrip("/"))
    if bare in there:
        placed[posixpath.join(target, posixpath.basename(bare)) if folder else target] = there[bare]
        return
    prefix = bare.rstrip("/") + "/"
    for path, context in there.items():
        if path.startswith(prefix):
            placed[posixpath.join(target, path[len(prefix) :])] = context
