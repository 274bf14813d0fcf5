"""Build arguments that commands give to Compose, beside those of its files.

Source: Docker documentation, "docker compose build" (``--build-arg``, services).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ...patterns import re
from ...record import evolve, record
from ..repository import Repository
from .found import FoundBuild, Text, Unknown

_COMMAND = re.compile(r"\b(?:docker|podman|nerdctl)[- ]compose\b(?P<rest>(?:\\\n|[^\n;&|])*+)")
_BUILD = re.compile(r"[ \t]build\b")
_WORD = re.compile(r"(?:\"(?:\\.|[^\"\\])*+\"|'[^']*+'|\\.|[^\s\"'\\])++", re.S)
_WITH_VALUES: Final = frozenset(("--builder", "-m", "--memory", "--progress", "--ssh"))
_OPTION: Final = "--build-arg"
#: So many characters of a file are searched, and so many arguments of all files count.
_MAX_TEXT: Final = 256 * 1024
_MAX_GIVEN: Final = 1_000


@record
class Argument:
    """An argument that some command gives to ``services``, to all where it names none."""

    name: str
    value: str
    services: tuple[str, ...]


def compose_arguments(repository: Repository, paths: Iterable[str]) -> Sequence[Argument]:
    """The arguments that commands in the files *paths* (scripts, Makefiles, pipelines) give."""
    found: dict[Argument, None] = {}
    for path in paths:
        text = (repository.read(path) or "")[:_MAX_TEXT]
        for match in _COMMAND.finditer(text) if _OPTION in text else ():
            build = _BUILD.search(match["rest"])
            found |= dict.fromkeys(_given(match["rest"][build.end() :])) if build is not None else {}
            if len(found) > _MAX_GIVEN:
                return tuple(found)
    return tuple(found)


def _given(text: str) -> list[Argument]:
    words = iter([one.strip("\"'") for one in _WORD.findall(text.replace("\\\n", " "))])
    pairs: list[str] = []
    services: list[str] = []
    for word in words:
        if word == _OPTION:
            pairs.append(next(words, "").strip("\"'"))
        elif word.startswith(f"{_OPTION}="):
            pairs.append(word.removeprefix(f"{_OPTION}=").strip("\"'"))
        elif word in _WITH_VALUES:
            next(words, None)
        elif not word.startswith("-"):
            services.append(word)
    # Of what a variable may name nobody knows which service it is.
    known = () if any("$" in one for one in services) else tuple(services)
    return [Argument(name, value, known) for name, _, value in (one.partition("=") for one in pairs) if name]


def with_arguments(build: FoundBuild, given: Sequence[Argument]) -> FoundBuild:
    """*build* where what the commands have *given* is not known: who calls Compose otherwise gives nothing."""
    own = [one for one in given if not one.services or build.name in one.services]
    args: dict[str, Text | None] = dict(build.args)
    for one in own:
        if args.get(one.name, "") != one.value or one.name not in args:
            args[one.name] = Unknown(one.value)
    return evolve(build, args=tuple(args.items())) if own else build
