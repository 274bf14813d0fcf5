"""Accounts that are made without a number and get a known one: the validator's own view of which are the first."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ...ir.build import Stage
from ...ir.steps import Run
from ...patterns import re
from ..core.observe import commands, units
from ..core.program import script_of

#: The number of the first ordinary account in images that have none, and how it is an ordinary one.
FIRST = 1000
_WITHOUT_ACCOUNTS = frozenset(
    ("alpine", "debian", "ubuntu", "python", "ruby", "golang", "rust", "php", "openjdk", "java")
)
#: Ubuntu's images have an account of their own since 23.04.
_BEFORE_NOBLE = re.compile(
    r"1\d\.|2[0-2]\.|precise|trusty|utopic|vivid|wily|xenial|yakkety|zesty|artful|bionic|focal|jammy"
)
_NOT_ORDINARY = frozenset(
    ("-r", "-S", "--system", "-K", "--key", "--firstuid", "--lastuid", "--conf", "-D", "--defaults", "-N")
)
#: Commands that make no account and no group.
_NO_ACCOUNT = frozenset(
    (
        "apt-get", "apt", "apk", "[", "test", ":", "true", "false", "echo", "printf", "cat", "cd", "pwd", "export",
        "set", "unset", "umask", "mkdir", "rmdir", "rm", "mv", "cp", "ln", "touch", "chmod", "chown", "chgrp", "ls",
        "readlink", "sed", "awk", "grep", "head", "tail", "cut", "tr", "sort", "uniq", "wc", "date", "uname", "tar",
        "unzip", "gzip", "gunzip", "curl", "wget", "git", "gpg", "sha256sum", "sha512sum", "sha1sum", "md5sum",
        "locale-gen", "ldconfig", "update-ca-certificates", "pip", "pip3", "npm", "gem", "debconf-set-selections",
        "dpkg-reconfigure",
    )
)  # fmt: skip


def makes_first(
    image: tuple[str, str], program: str, words: tuple[str, ...], options: Iterable[str], chain: Iterable[Stage]
) -> bool:
    """Whether *program* with *words*, of which *options* are options, makes the first ordinary account in *image*.

    *image* is name and tag of the base image of the stages *chain*, which run before.
    """
    name, tag = image
    apart = _NOT_ORDINARY - {"-D"} if program == "adduser" else _NOT_ORDINARY
    if name not in _WITHOUT_ACCOUNTS or not apart.isdisjoint(options):
        return False
    if name == "ubuntu" and not _BEFORE_NOBLE.match(tag):
        return False
    for stage in chain:
        for step in stage.steps:
            script = script_of(step)
            if isinstance(step, Run) and script is None:
                return False
            for command in commands(units(script)) if script is not None else ():
                found = posixpath.basename(command.words[0]) if command.words else ""
                if found == program and command.words[1:] == words:
                    return True
                if command.words and found not in _NO_ACCOUNT:
                    return False
    return False
