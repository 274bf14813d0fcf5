"""Files that commands write before a build reads them: the one that is checked in is then another.

What is changed in place (``sed -i``) stays the file that is checked in but for some words.

Sources: POSIX, "Redirection", "cp", "mv", "tee"; curl(1), ``-o``; wget(1), ``-O``.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from ...record import evolve
from ...shell.script import Redirect
from ..repository import Repository
from .found import FoundBuild, Text, Unknown

_WRITES: Final = (">", ">>", ">|", "&>", "&>>", "1>", "1>>")
_COPIES: Final = ("cp", "mv", "install", "ln")
_FETCHES: Final = {"curl": ("-o", "--output"), "wget": ("-O", "--output-document")}


_WRITERS: Final = frozenset(("tee", *_COPIES, *_FETCHES))


def redirected(redirects: Sequence[Redirect]) -> Iterator[str]:
    """The words of *redirects* that name files which are written."""
    for one in redirects:
        if one.operator in _WRITES and one.target is not None and not one.target.text.startswith("/dev/"):
            yield one.target.text


def may_write(command: str) -> bool:
    """Whether the *command* of that name writes files that its words name."""
    return command.rpartition("/")[2] in _WRITERS


def written(words: Sequence[Text]) -> Iterator[str]:
    """The files that the command *words* writes besides those that it is redirected to."""
    known = [word if isinstance(word, str) else "" for word in words]
    name = known[0].rpartition("/")[2] if known else ""
    operands = [word for word in known[1:] if word and not word.startswith("-")]
    if name == "tee":
        yield from operands
    elif name in _COPIES:
        yield from operands[-1:] if len(operands) > 1 else ()
    elif name in _FETCHES:
        yield from (one for option, one in itertools.pairwise(known) if option in _FETCHES[name])


def speaks_of_one(text: str) -> bool:
    """Whether *text* can write a Dockerfile at all: a cheap first look."""
    return "ockerfile" in text or "ontainerfile" in text


def doubted(repository: Repository, build: FoundBuild, paths: Collection[str]) -> FoundBuild:
    """*build* where its Dockerfile is not the one that is checked in if it is among the *paths* that were written."""
    path = build.dockerfile
    if isinstance(path, str) and path in paths and repository.is_file(path):
        return evolve(build, dockerfile=Unknown(path))
    return build
