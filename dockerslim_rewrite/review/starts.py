"""What containers of a stage start: by CMD, ENTRYPOINT and HEALTHCHECK, and by what those say who run it.

Sources: Dockerfile reference, "CMD", "ENTRYPOINT", "HEALTHCHECK"; execvp(3) and PATH; tini and dumb-init, README.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ..analysis.flow.state import State
from ..analysis.usage import Container
from ..context.project import FolderProject
from ..ir.build import Stage
from ..ir.steps import Exec, Healthcheck, Value
from ..record import record
from ..shell.names import INTERPRETERS, POSIX_SHELLS
from ..shell.reader import read_script
from ..shell.script import Opaque, Script

#: Options by which an interpreter starts something else than a file.
_MODULES = frozenset(("-m", "-c", "-e", "--eval", "-p", "-r"))
#: Programs that start what stands behind their options, with those of these that have a word of their own.
_WRAPPERS = {
    **dict.fromkeys(("tini", "tini-static", "docker-init"), frozenset(("-p", "-e"))),
    **dict.fromkeys(("dumb-init", "catatonit", "exec"), frozenset(("-r", "--rewrite"))),
}
#: Programs that do the same behind the name of an account.
_ACCOUNTS = frozenset(("gosu", "su-exec", "setpriv"))
#: Where programs are looked for. Source: the images of Debian and Alpine.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DOES_NOT_START = "so the container does not start"


@record
class Start:
    """Who (``said``) starts ``word``, which may lie at each of ``images``, and what comes of it if nobody can.

    ``kernel`` tells that the kernel starts it and no shell, ``alone`` that no interpreter reads it; ``line`` is of the
    Dockerfile.
    """

    said: str
    word: str
    images: tuple[str, ...]
    line: int
    alone: bool = True
    kernel: bool = True
    fate: str = _DOES_NOT_START


def starts(stage: Stage, known: Sequence[State], project: FolderProject, *, last: bool) -> Iterator[Start]:
    """What containers of *stage* start in the states *known*; *last* tells that builds without a target build it."""
    for step in stage.steps:
        if isinstance(step, Exec) and is_started(step, project):
            argv, kernel = _argv(step)
            yield from _start(step.keyword, argv, known[step.index], step.line, kernel)
        elif isinstance(step, Healthcheck) and step.test == "CMD":
            health = step.argv or _first(read_script(step.command))
            kernel = step.argv is not None
            yield from _start("HEALTHCHECK", health, known[step.index], step.line, kernel, "so the check fails")
    target = project.usage.target
    if stage.steps and (last if target is None else stage.name == target.lower()):
        yield from _of_containers(stage, known[stage.steps[-1].index], project)


def is_started(step: Exec, project: FolderProject) -> bool:
    """Whether somebody is known to start the image as *step* says, or nobody is known to start it at all."""
    ways = project.usage.containers
    own = "entrypoint" if step.keyword == "ENTRYPOINT" else "command"
    return (
        not ways
        or project.usage.plain
        or any(getattr(one, own) is None and (own == "entrypoint" or one.entrypoint is None) for one in ways)
    )


def image_of(word: str | None, folder: str | None, *, first: bool) -> str | None:
    """Where in the image *word* lies, which is the *first* of its command or not; None where it names no place."""
    if not word or word.startswith("-") or (first and "/" not in word) or (folder is None and not word.startswith("/")):
        return None
    return posixpath.normpath(posixpath.join(folder or "/", word))


def others(interpreter: str) -> frozenset[str]:
    """The options by which *interpreter* starts something else than a file; shells end at the first failure by -e."""
    return _MODULES - {"-e"} if interpreter in POSIX_SHELLS else _MODULES


def _of_containers(stage: Stage, state: State, project: FolderProject) -> Iterator[Start]:
    line = stage.head.line
    if any(isinstance(step, Value) and step.keyword == "WORKDIR" for step in stage.steps[-1:]):
        return
    has_entrypoint = any(isinstance(step, Exec) and step.keyword == "ENTRYPOINT" for step in stage.steps)
    for one in project.usage.containers:
        argv = one.entrypoint
        if argv is None and not has_entrypoint:
            argv = one.command
        yield from _uncovered(_start(str(one.started or one.where), argv or (), state, line, kernel=True), one)
        for check, where in one.checks:
            yield from _uncovered(_start(str(where), check, state, line, kernel=True, fate="so the check fails"), one)


def _uncovered(found: Iterator[Start], container: Container) -> Iterator[Start]:
    """Those of *found* over which *container* mounts nothing."""
    folders = [mount.path for mount in container.mounts]
    if None not in folders:
        yield from (
            one for one in found if not any(f"{at}/".startswith(f"{to}/") for at in one.images for to in folders)
        )


def _start(
    said: str,
    argv: Sequence[str | None],
    state: State,
    line: int,
    kernel: bool,
    fate: str = _DOES_NOT_START,
) -> Iterator[Start]:
    words = _unwrapped(argv)
    if not words or words[0] is None:
        return
    name = posixpath.basename(words[0])
    alone = name not in INTERPRETERS
    if not alone and not others(name).isdisjoint(word for word in words[1:] if word is not None):
        return
    word = words[0] if alone else next((one for one in words[1:] if one is None or not one.startswith("-")), None)
    if word is None:
        return
    image = image_of(word, state.workdir, first=alone)
    path = state.env.get("PATH")
    folders = (path if isinstance(path, str) and "$" not in path else _PATH).split(":")
    images = (image,) if image is not None else tuple(posixpath.join(one, word) for one in folders if alone)
    if image is not None or (alone and "/" not in word):
        yield Start(said, word, images, line, alone, kernel, fate)


def _argv(step: Exec) -> tuple[Sequence[str | None], bool]:
    """The words of the command that *step* starts first, and whether no shell starts it."""
    if step.argv is not None:
        return step.argv, True
    return (() if step.body is None else _first(step.body.script)), False


def _first(script: Script | Opaque) -> Sequence[str | None]:
    """The words of the only command of *script*; nothing where there are several, of which any may bring the file."""
    return script.commands[0].argv if isinstance(script, Script) and len(script.commands) == 1 else ()


def _unwrapped(argv: Sequence[str | None]) -> Sequence[str | None]:
    """*argv* without the programs in front that only start what stands behind them."""
    words = [*argv]
    while words and words[0] is not None:
        name = posixpath.basename(words[0])
        if name in _ACCOUNTS and len(words) > 2 and not (words[1] or "-").startswith("-"):
            words = words[2:]
        elif name in _WRAPPERS:
            at = 1
            while at < len(words) and (words[at] or "").startswith("-") and words[at] != "--":
                at += 2 if words[at] in _WRAPPERS[name] else 1
            words = words[at + (at < len(words) and words[at] == "--") :]
        else:
            break
    return words
