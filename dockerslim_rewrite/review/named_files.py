"""Files that a RUN names: by which of its words, and whether it surely fails without them.

Sources: POSIX, "sh" (-c, -e); Dockerfile reference, "RUN", exec form.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ..analysis.flow.outcome import must_succeed
from ..ir.steps import Run
from ..knowledge.needed_operands import is_needed, knows_needs
from ..patterns import re
from ..record import record
from ..shell.names import INTERPRETERS, POSIX_SHELLS
from ..shell.reader import read_script
from ..shell.script import Script, Simple
from .starts import image_of, others

#: Commands that do not mind whether what they name is there, and such as only look.
_CARELESS = frozenset(
    ("curl", "wget", "ln", "test", "[", "mkdir", "touch", "echo", "printf", "find", "tee", "export", "cd")
)
#: Options behind which a file is named that is read.
_READS = frozenset(("-r", "--requirement", "-f", "--file", "-c", "--constraint", "--config", "-p", "--project"))
#: Commands that make no file of a project: they install what is named, or change what is there.
_MAKE_NOTHING = frozenset(
    (
        "apt-get", "apt", "apk", "yum", "dnf", "microdnf", "zypper", "pacman", "pip", "pip3", "gem", "mkdir", "rm",
        "chmod", "chown", "useradd", "groupadd", "adduser", "addgroup", "usermod", "set", "export", "true", ":",
        "test", "[", "echo", "locale-gen", "update-ca-certificates",
    )
)  # fmt: skip
#: The option of a shell behind which its script stands.
_SCRIPT = re.compile(r"-[a-z]*c\Z")

Words = tuple[str | None, ...]


@record
class NamedFile:
    """A ``word`` of a RUN, the place in the ``image`` that it names, and whether the RUN is sure to fail without it.

    ``first`` tells that it is the command itself, ``operand`` that the command reads it, ``reader`` is the interpreter
    that runs it, if one does; ``earlier`` are the commands that the RUN runs before.
    """

    word: str
    image: str
    sure: bool
    first: bool
    operand: bool
    reader: str
    earlier: tuple[Words, ...]


def commands_of(run: Run) -> tuple[Words, ...] | None:
    """The words of the commands of *run*, in order; None where it cannot be read."""
    if run.argv is not None:
        return (run.argv,)
    script = run.body.script if run.body is not None else None
    return tuple(one.argv for one in script.commands if one.argv) if isinstance(script, Script) else None


def is_idle(commands: Sequence[Words] | None) -> bool:
    """Whether none of *commands* makes files of a project, or can be a script that does."""
    return commands is not None and all(posixpath.basename(one[0] or "") in _MAKE_NOTHING for one in commands if one)


def named_files(run: Run, folder: str | None) -> Iterator[NamedFile]:
    """The files that *run*, which is run in *folder*, has to find, or may have to; none where it goes elsewhere."""
    if run.argv is not None:
        yield from _in_command(run.argv, folder, (), set())
    elif run.body is not None and isinstance(run.body.script, Script):
        yield from _in_script(run.body.script, folder, (), errexit=False)


def _in_script(script: Script, folder: str | None, earlier: tuple[Words, ...], *, errexit: bool) -> Iterator[NamedFile]:
    if any(one.name in ("cd", "pushd") for one in script.commands):
        return
    named: set[str] = set()
    for command in script.commands:
        if must_succeed(script, command, errexit=errexit):
            before = tuple(one.argv for one in script.commands if one.argv and one.span.start < command.span.start)
            yield from _in_command(command.argv, folder, (*earlier, *before), named)
        named.update(_mentioned(command))


def _mentioned(command: Simple) -> Iterator[str]:
    """The names of files that *command* speaks of: it may bring them, or ask for them first."""
    written = (one.target.literal or "" for one in command.redirects if one.target is not None)
    yield from (posixpath.basename(word or "") for word in (*command.argv, *written))


def _in_command(argv: Words, folder: str | None, earlier: tuple[Words, ...], named: set[str]) -> Iterator[NamedFile]:
    name = posixpath.basename(argv[0] or "") if argv else ""
    inner = _inner(argv) if name in POSIX_SHELLS else None
    if inner is not None:
        script, errexit = inner
        yield from _in_script(script, folder, earlier, errexit=errexit)
        return
    for at, word in enumerate(argv):
        image = image_of(word, folder, first=at == 0)
        if word is None or image is None or (at and name in _CARELESS) or posixpath.basename(image) in named:
            continue
        needed = is_needed(argv, at)
        if at and knows_needs(name) and not needed:
            continue
        sure = at == 0 or needed or argv[at - 1] in _READS or _interprets(argv, at)
        reader = name if _interprets(argv, at) else ""
        yield NamedFile(word, image, sure, at == 0, needed, reader, earlier)


def _inner(argv: Words) -> tuple[Script, bool] | None:
    """The script that a shell is given in *argv*, if any, and whether it ends at the first failure."""
    for at, word in enumerate(argv[1:], start=1):
        if word is None or not word.startswith("-"):
            return None
        if _SCRIPT.match(word):
            text = argv[at + 1] if at + 1 < len(argv) else None
            script = read_script(text) if text is not None else None
            return (script, any("e" in (one or "") for one in argv[1 : at + 1])) if isinstance(script, Script) else None
    return None


def _interprets(argv: Words, at: int) -> bool:
    """Whether the word *at* of *argv* is the file that an interpreter is told to read."""
    name = posixpath.basename(argv[0] or "")
    return name in INTERPRETERS and all(
        one is not None and one.startswith("-") and one != "-" and one not in others(name) for one in argv[1:at]
    )
