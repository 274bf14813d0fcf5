"""What a request breaks in files that a COPY of more brings: what RUN names and what a container starts is gone, may no
longer be executed, or is no script that the kernel starts. Where RUN starts it the build fails; what CMD and ENTRYPOINT
start no build looks at, so that is told as a note.

Sources: Dockerfile reference, "CMD", "ENTRYPOINT"; execve(2), EACCES and ENOENT; Git, core.fileMode and core.autocrlf.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from ..analysis.flow.outcome import must_succeed
from ..analysis.flow.state import State, states
from ..change import Remark
from ..context.project import FolderProject
from ..ir.build import Stage
from ..ir.steps import Copy, Exec, Onbuild, Run, Step
from ..record import record
from ..shell.names import INTERPRETERS, POSIX_SHELLS
from ..shell.script import Script, Simple
from .breaks import FILES, Version, fate_of, remark
from .modes import covers, settles, steps_of
from .subtract import same_stages

#: Commands that do not mind whether what they name is there, and such as only look.
_CARELESS = frozenset(
    (
        "curl",
        "wget",
        "cp",
        "mv",
        "ln",
        "install",
        "rm",
        "test",
        "[",
        "mkdir",
        "touch",
        "ls",
        "echo",
        "printf",
        "find",
        "tee",
        "export",
        "cd",
    )
)
#: Options by which an interpreter starts something else than a file.
_MODULES = frozenset(("-m", "-c", "-e", "--eval", "-p", "-r"))
#: Options behind which a file is named that is read.
_READS = frozenset(("-r", "--requirement", "-f", "--file", "-c", "--constraint", "--config", "-p", "--project"))

_NOT_COPIED = "is not copied there any more"


@record
class _Sides:
    """What lies where in a stage, as context paths by image paths, before and after; with both stages, all ``steps``
    that make them, and contexts.
    """

    before: Mapping[str, str]
    after: Mapping[str, str]
    stages: tuple[Stage, Stage]
    steps: tuple[tuple[Step, ...], tuple[Step, ...]]
    old: FolderProject
    new: FolderProject


def lost_scripts(before: Version, after: Version, moved: Mapping[str, str | None]) -> Iterator[Remark]:
    """Remarks on files of the context that instructions of *after* name by their place in the image.

    *moved* has the paths of the repository that the request takes away, and where they went, if anywhere.
    """
    counterpart = same_stages(before.places, after.places)
    known = states(after.build)
    earlier = before.projects()
    for where, project in after.projects().items():
        other = earlier.get(where)
        if other is None or project.usage.guessed or not (project.complete and other.complete):
            continue
        if any(one[1] for one in project.placed(after.build).missing):
            # A build that ends at a COPY comes to nothing else.
            continue
        for stage in after.build.stages:
            there = counterpart.get(stage.index + 1)
            if there:
                pair = before.build.stages[there - 1], stage
                was, now = other.placed(before.build).stages[there - 1], project.placed(after.build).stages[stage.index]
                steps = steps_of(before.build, pair[0]), steps_of(after.build, stage)
                yield from _in_stage(known, _Sides(was, now, pair, steps, other, project), where, moved)


def _in_stage(known: list[State], sides: _Sides, where: str, moved: Mapping[str, str | None]) -> Iterator[Remark]:
    for step in sides.stages[1].steps:
        folder = known[step.index].workdir
        if isinstance(step, Run):
            script = step.body.script if step.body is not None else None
            if isinstance(script, Script) and not any(one.name in ("cd", "pushd") for one in script.commands):
                yield from _run(step, script, folder, sides, where, moved)
        elif isinstance(step, Exec) and step.argv and _is_started(step, sides.new):
            yield from _started(step, folder, sides, where, moved)


def _run(
    step: Run, script: Script, folder: str | None, sides: _Sides, where: str, moved: Mapping[str, str | None]
) -> Iterator[Remark]:
    named: set[str] = set()
    for command in script.commands:
        name = posixpath.basename(command.argv[0] or "") if command.argv else ""
        for at, word in enumerate(command.argv if must_succeed(script, command) else ()):
            image = _image(word, folder, first=at == 0)
            if image is None or (at and name in _CARELESS) or posixpath.basename(image) in named:
                continue
            gone = _gone(image, step, sides, where, moved)
            if gone is not None:
                path, fate = gone
                sure = at == 0 or command.argv[at - 1] in _READS or _interprets(command.argv, at)
                doubt = ", so it fails" if sure else ""
                if fate == _NOT_COPIED and not _is_first(step, command, script, sides):
                    # What ran before may bring it under any name.
                    sure, doubt = False, ", so it fails unless what runs before brings it"
                reason = f"RUN names {word}, which {fate}{doubt}"
                yield remark(FILES, reason, step.line, f"line {step.line}: {path}", fails=sure)
            elif at == 0:
                told = _not_startable(image, sides)
                if told is not None:
                    yield remark(FILES, f"{told}, so RUN fails", step.line, f"line {step.line}: {word} as it is")
        written = (one.target.literal or "" for one in command.redirects if one.target is not None)
        named.update(posixpath.basename(word or "") for word in (*command.argv, *written))


def _is_started(step: Exec, project: FolderProject) -> bool:
    """Whether somebody is known to start the image as *step* says, or nobody is known to start it at all."""
    ways = project.usage.containers
    own = "entrypoint" if step.keyword == "ENTRYPOINT" else "command"
    return (
        not ways
        or project.usage.plain
        or any(getattr(one, own) is None and (own == "entrypoint" or one.entrypoint is None) for one in ways)
    )


def _started(
    step: Exec, folder: str | None, sides: _Sides, where: str, moved: Mapping[str, str | None]
) -> Iterator[Remark]:
    argv = step.argv or ()
    name = posixpath.basename(argv[0])
    alone = name not in INTERPRETERS
    if not alone and not _others(name).isdisjoint(argv[1:]):
        return
    word = argv[0] if alone else next((one for one in argv[1:] if not one.startswith("-")), None)
    image = _image(word, folder, first=alone)
    if image is None:
        return
    gone = _gone(image, step, sides, where, moved)
    if gone is not None:
        reason = f"{step.keyword} starts {word}, which {gone[1]}, so the container does not start"
        yield remark(FILES, reason, step.line, f"line {step.line}: {gone[0]}", fails=False)
    elif alone:
        told = _not_startable(image, sides)
        if told is not None:
            reason = f"{told}, so the container does not start"
            yield remark(FILES, reason, step.line, f"line {step.line}: {word} as it is", fails=False)


def _not_startable(image: str, sides: _Sides) -> str | None:
    """Why the kernel does not start the script at *image*, which it did; None where it does, or did not."""
    path = sides.after.get(image)
    if path is None or path != sides.before.get(image) or settles(sides.steps[1], image, path):
        return None
    text, was = sides.new.text(path), sides.old.text(path)
    if not _mode(sides.new, path) & 0o111 and (_mode(sides.old, path) & 0o111 or settles(sides.steps[0], image, path)):
        return f"{path} is not executable any more"
    if _is_windows(text) and not _is_windows(was):
        return f"the first line of {path} ends in a carriage return now, which belongs to the name of its interpreter"
    return None


def _image(word: str | None, folder: str | None, *, first: bool) -> str | None:
    """Where in the image *word* lies, which is the *first* of its command or not; None where it names no place."""
    if not word or word.startswith("-") or (first and "/" not in word) or (folder is None and not word.startswith("/")):
        return None
    return posixpath.normpath(posixpath.join(folder or "/", word))


def _gone(image: str, step: Step, sides: _Sides, where: str, moved: Mapping[str, str | None]) -> tuple[str, str] | None:
    """The context path of what lay at *image* before *step* and does not any more, and what became of it; None where
    something else may have brought it there.
    """
    path = sides.before.get(image)
    old, new = sides.stages
    if path is None or image in sides.after or old.head.image != new.head.image:
        return None
    steps = [one for one in sides.steps[1] if one.index < step.index or isinstance(step, Exec)]
    if any(_may_bring(one, image) for one in steps if one is not step):
        return None
    fate = fate_of(path, where, moved)
    if fate:
        # The COPY of more that brought it is there still.
        return (path, fate) if any(covers(one, path) for one in steps) else None
    mounted = isinstance(step, Run) and any(mount.get("type", "bind") == "bind" for mount in step.mounts)
    kept = not mounted and sides.new.holds(path)
    return (path, _NOT_COPIED) if kept else None


def _interprets(argv: Sequence[str | None], at: int) -> bool:
    """Whether the word *at* of *argv* is the file that an interpreter is told to read."""
    name = posixpath.basename(argv[0] or "")
    return name in INTERPRETERS and all(
        one is not None and one.startswith("-") and one not in _others(name) for one in argv[1:at]
    )


def _others(interpreter: str) -> frozenset[str]:
    """The options by which *interpreter* starts something else than a file; shells end at the first failure by -e."""
    return _MODULES - {"-e"} if interpreter in POSIX_SHELLS else _MODULES


def _is_first(step: Run, command: Simple, script: Script, sides: _Sides) -> bool:
    """Whether nothing is run before the *command* of *step*."""
    return command is script.commands[0] and not any(
        isinstance(one, Run | Onbuild) for one in sides.steps[1] if one.index < step.index
    )


def _may_bring(step: Step, image: str) -> bool:
    """Whether *step* may put something at *image* otherwise than by a COPY from the context."""
    if isinstance(step, Copy):
        return (
            step.origin.flag("from") is not None
            or bool(step.origin.heredocs)
            or any("$" in one for one in (*step.sources, step.destination))
        )
    name = posixpath.basename(image)
    if isinstance(step, Run):
        script = step.body.script if step.body is not None else None
        return (
            not isinstance(script, Script)
            or re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", script.text) is not None
        )
    return isinstance(step, Onbuild)


def _mode(project: FolderProject, path: str) -> int:
    found = project.tree.by_path.get(path)
    return 0 if found is None else found.mode


def _is_windows(text: str | None) -> bool:
    return text is not None and text.startswith("#!") and text.partition("\n")[0].endswith("\r")
