"""Whether the kernel can start a program, or only a shell reads it: a script without a ``#!`` line."""

from __future__ import annotations

import posixpath

from ...analysis.effects.asking import effects
from ...analysis.evidence import Evidence
from ...analysis.facts import Facts
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Env, Exec, Healthcheck, Run
from ...shell.names import SYSTEM_PATH
from ...shell.script import Simple
from ...text.paths import within

#: Commands whose words may be files that they write, and those whose addresses end in the name of such a file.
_WRITING = frozenset(("tee", "curl", "wget", "dd", "install"))
_FETCHING = frozenset(("curl", "wget", "aria2c"))


def without_interpreter(name: str, step: Exec | Healthcheck, stage: Stage, build: Build, facts: Facts) -> str | None:
    """Why the kernel cannot start the program *name*; None where it can, or where the context does not hold it.

    Source: execve(2), ENOEXEC; POSIX, "Command Search and Execution": a shell then reads the file itself.
    """
    state = facts.state(step)
    settings = (pair for one in stage.steps if isinstance(one, Env) for pair in one.pairs if pair.key == "PATH")
    entries = [entry for pair in settings for entry in (pair.value or "").strip("\"'").split(":")]
    relative = next((entry for entry in entries if entry and entry[0] not in "/$"), None)
    if "/" not in name and relative is not None:
        return f"{relative} in PATH is taken by a shell only"
    here = posixpath.normpath(posixpath.join(state.workdir or "/", name))
    found = {posixpath.normpath(entry) for entry in (*entries, *SYSTEM_PATH)}
    copied = facts.project.copied(facts.build)[stage.index] if facts.project is not None else ()
    if "/" not in name and here in copied and posixpath.dirname(here) not in found:
        return f"{here} is found by a shell alone, where PATH leads to the working directory"
    path = here if "/" in name else None
    written = _written(name, path, stage, facts)
    if written is not None:
        return f"line {written} writes {name}, and whether that has a #! line is not known"
    mounted = None if path is None else _mounted(path, facts)
    if mounted is not None:
        return f"{mounted} mounts {name}, and whether that has a #! line is not known"
    told = None if path is None else effects(facts).files(stage).texts.get(path)
    if told is not None and not told.startswith("#!"):
        return f"{name} has no #! line, and only a shell runs such a file"
    if facts.project is None:
        return None
    if path is not None and told is None and not facts.project.complete:
        return f"whether {name} has a #! line is not known, since not all of the build context is"
    placed = facts.project.copied(facts.build)[stage.index]
    paths = [path] if path is not None else [posixpath.join(folder, name) for folder in (*entries, *SYSTEM_PATH)]
    source = next((placed[one] for one in map(posixpath.normpath, paths) if one in placed), None)
    text = facts.project.text(source) if source is not None else None
    if text is None or text.startswith(("#!", "\x7fELF")) or "\0" in text:
        return None
    return f"{source} has no #! line, and only a shell runs such a file"


def _mounted(path: str, facts: Facts) -> Evidence | None:
    """Where a directory of the host's is mounted over *path*; None where none is."""
    usage = facts.project.usage if facts.project is not None else None
    for one in (*usage.containers, *usage.by_hand) if usage is not None else ():
        for mount in one.mounts:
            if mount.kind == "bind" and mount.path is not None and within(path, mount.path):
                return mount.evidence
    return None


def _written(name: str, path: str | None, stage: Stage, facts: Facts) -> int | None:
    """The line that writes or fetches the text of the program *name*, at *path* or, where that is None, in a directory
    of PATH; None without one.
    """
    last = posixpath.basename(name)
    for step in stage.steps:
        if isinstance(step, Copy) and path is not None:
            fetched = [one for one in step.sources if "://" in one]
            if fetched and last in map(posixpath.basename, (step.destination, *fetched)):
                return step.line
            continue
        script = facts.script(step) if isinstance(step, Run) else None
        folder = facts.state(step).workdir or "/"
        for command in script.commands if script is not None else ():
            if script is not None and "#!" in script.text[command.span.start : command.span.end]:
                continue
            if _writes(command, name, path, folder):
                return step.line
    return None


def _writes(command: Simple, name: str, path: str | None, folder: str) -> bool:
    """Whether *command*, run in *folder*, writes the program *name*, at *path* or in a directory of PATH."""
    targets = [one.target.literal for one in command.redirects if one.target is not None and one.target.literal]
    if path is None:
        return any(posixpath.dirname(one) in SYSTEM_PATH and posixpath.basename(one) == name for one in targets)
    words = [word for word in command.argv[1:] if word]
    targets += words if command.name in _WRITING else []
    fetched = map(posixpath.basename, words) if command.name in _FETCHING else ()
    return posixpath.basename(name) in fetched or any(
        posixpath.normpath(posixpath.join(folder, one)) == path for one in targets
    )
