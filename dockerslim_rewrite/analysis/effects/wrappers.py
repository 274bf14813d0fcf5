"""Commands behind commands: what ``env``, ``sudo -u``, ``sh -c``, ``xargs``, ``find -exec``, ``conda run`` … run."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Sequence

from ...knowledge.effects import Wrapper, shells, wrappers
from ...patterns import re
from ...record import record

Words = tuple[str | None, ...]

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_COMMAND = re.compile(r"-[A-Zabd-z]*c[A-Za-z]*\Z")
#: The shell reads its input, whatever else it is given.
_INPUT = re.compile(r"-[A-Zabd-rt-z]*s[A-Za-bd-z]*\Z")
_FIND_RUNS = frozenset(("-exec", "-execdir", "-ok", "-okdir"))


@record
class Behind:
    """What stands behind a wrapper: ``argv``, or the ``text`` of a shell script; with neither it is not known.

    ``user`` is who runs it, where that is another. ``elsewhere`` says that it runs in another root folder.
    """

    argv: Words | None = None
    text: str | None = None
    user: str | None = None
    elsewhere: bool = False
    fetches: bool = False


def behind(argv: Words) -> tuple[Behind, ...]:
    """What the command *argv* runs; empty where it is no wrapper, or runs nothing."""
    name = posixpath.basename(argv[0] or "")
    if name == "find":
        return tuple(_found(argv))
    wrapper = wrappers().get(name)
    if wrapper is None or len(argv) < 2 or (name == "command" and argv[1] in ("-v", "-V")):
        return ()
    return tuple(_unwrapped(name, wrapper, argv))


def _found(argv: Words) -> Iterator[Behind]:
    for index, word in enumerate(argv):
        if word in _FIND_RUNS:
            rest = argv[index + 1 :]
            end = next((at for at, one in enumerate(rest) if one in (";", "+")), len(rest))
            yield Behind(argv=tuple(rest[:end]))


def _unwrapped(name: str, wrapper: Wrapper, argv: Words) -> Iterator[Behind]:
    user: str | None = None
    index = 1
    if wrapper.subcommands:
        while index < len(argv) and (argv[index] or "").startswith("-"):
            index += 2 if argv[index] in wrapper.values else 1
        if index >= len(argv) or argv[index] not in wrapper.subcommands:
            return
        if wrapper.itself:
            yield Behind(argv=tuple(argv[index:]))
            return
        index += 1
        if wrapper.names:
            index += 1
    skip = wrapper.skip
    first_user = wrapper.user_first
    while index < len(argv):
        word = argv[index]
        if word is None:
            break
        if word == "--":
            index += 1
            if not first_user and not skip:
                break
            continue
        if word == "-":
            index += 1
            continue
        option, equals, value = word.partition("=")
        if word.startswith("-") and len(word) > 1:
            following = argv[index + 1] if index + 1 < len(argv) else None
            if word in wrapper.text or (equals and option in wrapper.text):
                given = value if equals and option in wrapper.text else following
                yield Behind(text=given, user=user or ("root" if wrapper.root else None))
                return
            if word in wrapper.user or (equals and option in wrapper.user):
                user = value if equals else following or "?"
                first_user = False
            index += 2 if word in wrapper.values else 1
            continue
        if wrapper.assigns and _ASSIGNMENT.match(word):
            index += 1
        elif first_user:
            user, first_user = word, False
            index += 1
        elif skip:
            skip -= 1
            index += 1
        else:
            break
    # `su USER -c TEXT`: the options stand behind the user.
    rest = argv[index:]
    if not rest:
        return
    if wrapper.rest_text:
        known = [word for word in rest if word is not None]
        yield Behind(text=" ".join(known) if len(known) == len(rest) else None, user=user)
        return
    yield Behind(argv=tuple(rest), user=user, elsewhere=wrapper.elsewhere, fetches=wrapper.fetches)


@record
class ShellCall:
    """What a shell is told to run: the ``text`` behind -c, the ``file`` with a script, or its input (neither).

    ``known`` is False where an expansion decides which.
    """

    text: str | None = None
    file: str | None = None
    known: bool = True


def shell_call(argv: Words) -> ShellCall | None:
    """What *argv* has a shell run; None where it is no shell."""
    names, values = shells()
    if posixpath.basename(argv[0] or "") not in names:
        return None
    index = 1
    command = False
    while index < len(argv):
        word = argv[index]
        if word is None:
            return ShellCall(known=False)
        if word == "--":
            index += 1
            break
        if word in values:
            index += 2
        elif _INPUT.match(word):
            return ShellCall()
        elif word.startswith(("-", "+")) and len(word) > 1:
            command = command or bool(_COMMAND.match(word))
            index += 1
        else:
            break
    if index >= len(argv):
        return ShellCall(known=not command)
    operand = argv[index]
    if operand is None:
        return ShellCall(known=False)
    return ShellCall(text=operand) if command else ShellCall(file=operand)


def shebang(text: str) -> tuple[str, ...]:
    """The words of the ``#!`` line that *text* starts with; empty without one."""
    first = text.split("\n", 1)[0]
    if not first.startswith("#!"):
        return ()
    try:
        words = shlex.split(first[2:])
    except ValueError:
        words = first[2:].split()
    while words and posixpath.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return tuple(words)


def last_of(argv: Sequence[str | None]) -> str:
    """The words of a command for people, the first three."""
    return " ".join(word or "…" for word in argv[:3])
