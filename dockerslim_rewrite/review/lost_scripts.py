"""What a request breaks in files that a COPY of more brings: what RUN names and what a container starts is gone, may no
longer be executed, or is no script that the kernel starts.

Sources: execve(2), EACCES and ENOENT; Git, core.fileMode and core.autocrlf.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from ..analysis.flow.outcome import must_succeed
from ..analysis.flow.state import State, states
from ..change import Remark
from ..context.project import FolderProject
from ..ir.build import Stage
from ..ir.steps import Copy, Exec, Run
from ..record import record
from ..shell.script import Script, Simple
from .breaks import FILES, Version, fate_of, remark
from .subtract import Places, same_stages

_INTERPRETERS = frozenset(
    ("sh", "bash", "dash", "ash", "python", "python3", "node", "ruby", "perl", "php", "deno", "bun")
)
#: Commands that do not mind whether what they name is there, and such as only look.
_CARELESS = frozenset(("rm", "test", "[", "mkdir", "touch", "ls", "echo", "printf", "find", "tee", "export", "cd"))
#: Options behind which a file is named that is read.
_READS = frozenset(("-r", "--requirement", "-f", "--file", "-c", "--constraint", "--config", "-p", "--project"))


@record
class _Sides:
    """What lies where in a stage, as context paths by image paths, before and after; with both contexts."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    old: FolderProject
    new: FolderProject


def lost_scripts(before: Version, after: Version, moved: Mapping[str, str | None]) -> Iterator[Remark]:
    """Remarks on files of the context that instructions of *after* name by their place in the image.

    *moved* has the paths of the repository that the request takes away, and where they went, if anywhere.
    """
    counterpart = same_stages(Places(before.build.text), Places(after.build.text))
    known = states(after.build)
    earlier = before.projects()
    for where, project in after.projects().items():
        other = earlier.get(where)
        if other is None or project.usage.guessed or not (project.complete and other.complete):
            continue
        for stage in after.build.stages:
            there = counterpart.get(stage.index + 1)
            if there:
                sides = _Sides(
                    other.placed(before.build).stages[there - 1],
                    project.placed(after.build).stages[stage.index],
                    other,
                    project,
                )
                yield from _in_stage(stage, known, sides, where, moved)


def _in_stage(
    stage: Stage, known: list[State], sides: _Sides, where: str, moved: Mapping[str, str | None]
) -> Iterator[Remark]:
    for step in stage.steps:
        folder = known[step.index].workdir
        if isinstance(step, Run):
            script = step.body.script if step.body is not None else None
            if not isinstance(script, Script):
                continue
            for command in script.commands:
                for at, word in enumerate(command.argv):
                    image = _image(word, folder, first=at == 0)
                    lost = _lost(image, sides, where, moved) if image and _minds(script, command, at) else None
                    if lost is not None:
                        path, fate = lost
                        sure = must_succeed(script, command) and (at == 0 or command.argv[at - 1] in _READS)
                        reason = f"line {step.line} names {word}, which {fate}"
                        reason += ", so RUN fails" if sure else ""
                        yield remark(FILES, reason, step.line, f"line {step.line}: {path}", fails=sure)
        elif isinstance(step, Exec) and step.argv:
            yield from _started(step, stage, folder, sides, where, moved)


def _minds(script: Script, command: Simple, at: int) -> bool:
    """Whether *command* needs what its word *at* names: a list that changes directories may mean another place."""
    name = posixpath.basename(command.argv[0] or "")
    moves = any(one.name in ("cd", "pushd") for one in script.commands)
    return not moves and (at == 0 or (name not in _CARELESS and name not in ("cp", "mv", "ln", "install")))


def _started(
    step: Exec, stage: Stage, folder: str | None, sides: _Sides, where: str, moved: Mapping[str, str | None]
) -> Iterator[Remark]:
    argv = step.argv or ()
    alone = posixpath.basename(argv[0]) not in _INTERPRETERS
    word = argv[0] if alone else next((one for one in argv[1:] if not one.startswith("-")), None)
    image = _image(word, folder, first=alone)
    if image is None:
        return
    lost = _lost(image, sides, where, moved)
    if lost is not None:
        gone, fate = lost
        reason = f"{step.keyword} starts {word}, which {fate}, so the container does not start"
        yield remark(FILES, reason, step.line, f"line {step.line}: {gone}")
        return
    here = sides.after.get(image)
    if not alone or here is None or here != sides.before.get(image) or _settles(stage):
        return
    text, was = sides.new.text(here), sides.old.text(here)
    if not _mode(sides.new, here) & 0o111 and _mode(sides.old, here) & 0o111:
        told = f"{here} may no longer be executed"
    elif _is_windows(text) and not _is_windows(was):
        told = f"the first line of {here} ends in a carriage return now, which belongs to the name of its interpreter"
    else:
        return
    yield remark(FILES, f"{told}, so the container does not start", step.line, f"line {step.line}: {here} as it is")


def _image(word: str | None, folder: str | None, *, first: bool) -> str | None:
    """Where in the image *word* lies, which is the *first* of its command or not; None where it names no place."""
    if not word or word.startswith("-") or (first and "/" not in word) or (folder is None and not word.startswith("/")):
        return None
    return posixpath.normpath(posixpath.join(folder or "/", word))


def _lost(image: str, sides: _Sides, where: str, moved: Mapping[str, str | None]) -> tuple[str, str] | None:
    """The context path of what lay at *image* before and does not now, and what the request does to it."""
    path = sides.before.get(image)
    if path is None or image in sides.after:
        return None
    fate = fate_of(path, where, moved)
    return (path, fate) if fate else None


def _settles(stage: Stage) -> bool:
    """Whether *stage* may set modes and line ends by itself."""
    for step in stage.steps:
        if isinstance(step, Copy) and step.origin.flag("chmod"):
            return True
        if isinstance(step, Run) and any(word in step.origin.text for word in ("chmod", "dos2unix", "sed", "install")):
            return True
    return False


def _mode(project: FolderProject, path: str) -> int:
    found = project.tree.by_path.get(path)
    return 0 if found is None else found.mode


def _is_windows(text: str | None) -> bool:
    return text is not None and text.startswith("#!") and text.partition("\n")[0].endswith("\r")
