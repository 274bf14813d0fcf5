"""Accounts that commands create, and the home folders that come with them. Sources: useradd(8), adduser(8), BusyBox."""

from __future__ import annotations

import posixpath

from ...shell.arguments import split
from ...shell.script import Simple
from ..flow.places import Frame, literal

_HOMES = {"adduser": ("-h", "--home"), "useradd": ("-d", "--home", "--home-dir")}
_ACCOUNT_VALUES = frozenset(
    (
        "-h", "-d", "--home", "--home-dir", "-g", "--gid", "-G", "--groups", "--ingroup", "-u", "--uid", "-s",
        "--shell", "-c", "--comment", "-k", "--skel", "-p", "--password", "-K", "--gecos", "-b", "--base-dir",
        "-e", "--expiredate", "-l", "--login",
    )
)  # fmt: skip
_CHANGING = frozenset(("usermod", "groupmod", "passwd", "chpasswd"))


def named_account(command: Simple) -> str:
    """The account that *command* creates or changes, as it is written; empty where none is named."""
    words = [word.literal for word in command.words]
    operands = split(words, 1, _ACCOUNT_VALUES).operands
    return command.words[operands[0]].text if operands else ""


def created_home(command: Simple, frame: Frame) -> tuple[str | None, str | None]:
    """The home folder that *command* creates with an account, if any, and why what it does is not known, if so."""
    words = [literal(word, frame.variables) for word in command.words]
    name = posixpath.basename(words[0] or "")
    arguments = split(words, 1, _ACCOUNT_VALUES)
    names = {flag.name for flag in arguments.flags}
    if name in _CHANGING or not arguments.certain or not arguments.operands:
        return None, f"{name or 'a command'} changes accounts of the base image"
    if name not in _HOMES:
        return None, None
    wanted = bool({"-m", "--create-home"} & names) if name == "useradd" else not {"-H", "--no-create-home"} & names
    home = next((flag.value for flag in arguments.flags if flag.name in _HOMES[name]), None)
    if not wanted or len(arguments.operands) != 1:
        return None, None
    path = home or f"/home/{words[arguments.operands[0]]}"
    return (None if path in frame.broad or path == "/dev/null" or "nonexistent" in path else path), None
