"""Where a job has put which repository: paths that it builds are paths of the machine first.

Sources: README of actions/checkout, "Usage" (``repository``, ``path``); git-clone(1).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from ...patterns import re
from ...record import evolve, record
from ..repository import Repository, joined
from .found import FoundBuild, Text, Unknown
from .places import is_remote
from .yaml_values import Map, mapping, scalar, sequence

T = TypeVar("T")
_CHECKOUT = re.compile(r"(?:https?://[\w.-]+/)?[\w.-]+/checkout@")
#: How a workflow names the repository that it runs for, be it a fork of it.
_OWN = re.compile(r"\$\{\{\s*github\.(?:repository|event\.[\w.]*\b(?:repo|repository)\.full_name)\s*\}\}\Z")


@record
class Checkout:
    """A ``folder`` of the machine that a repository was put into: this one where it is ``own``, or any other."""

    folder: str
    own: bool


def checkouts(job: Map, told: Callable[[str], Text]) -> tuple[Checkout, ...]:
    """What the steps of the *job* of a workflow check out; *told* tells what a text with expressions stands for."""
    return tuple(_checkouts(job, told))


def _checkouts(job: Map, told: Callable[[str], Text]) -> Iterator[Checkout]:
    for step in map(mapping, sequence(job.get("steps"))):
        uses = scalar(step.get("uses"))
        if uses is None or not _CHECKOUT.match(uses):
            continue
        given = mapping(step.get("with"))
        named = scalar(given.get("repository"))
        folder = told(scalar(given.get("path")) or ".")
        yield Checkout(joined("", str(folder)), named is None or _OWN.match(named) is not None)


class CheckedOut(Repository):
    """A repository as a machine has it, on which *made* say what lies where: paths are those of the machine."""

    def __init__(self, repository: Repository, made: Iterable[Checkout]) -> None:
        super().__init__(repository.root)
        self._repository = repository
        self.complaints = repository.complaints
        # The innermost folder counts, and what was put there last.
        last = {one.folder: one for one in made}
        self._made = sorted(last.values(), key=lambda one: -len(one.folder))

    def origin(self, path: str) -> str | None:
        """The path of the repository that lies at *path* of the machine; None where none does."""
        for one in self._made:
            if not one.folder or path == one.folder or path.startswith(f"{one.folder}/"):
                return joined("", path[len(one.folder) :].lstrip("/") or ".") if one.own else None
        return None

    def is_file(self, path: str) -> bool:
        """Whether the repository has a file there."""
        origin = self.origin(path)
        return origin is not None and self._repository.is_file(origin)

    def is_folder(self, path: str) -> bool:
        """Whether the repository has a folder there."""
        origin = self.origin(path)
        return origin is not None and self._repository.is_folder(origin)

    def inside(self, path: str) -> bool:
        """Whether *path* lies in the repository, or where something else of the machine does."""
        origin = self.origin(path)
        return self._repository.inside(path if origin is None else origin)

    def follows(self, path: str) -> bool:
        """Whether one more command of the repository's file *path* may be followed."""
        return self._repository.follows(path)

    def recall(self, key: Hashable, find: Callable[[], T]) -> T:
        """What the repository recalls under *key*."""
        return self._repository.recall(key, find)

    def found(self, build: FoundBuild) -> FoundBuild:
        """*build*, whose paths are those of the machine, with paths of the repository."""
        return evolve(
            build,
            context=self._text(build.context),
            dockerfile=None if build.dockerfile is None else self._text(build.dockerfile),
            contexts=tuple((name, self._text(text)) for name, text in build.contexts),
        )

    def _text(self, text: Text) -> Text:
        if isinstance(text, Unknown) or is_remote(text) or ":" in text:
            return text
        found = self.origin(text)
        return Unknown(text or ".") if found is None else found


def lies_below(path: Text | None, folders: Iterable[str]) -> bool:
    """Whether *path* is one of *folders*, or lies in one."""
    return isinstance(path, str) and any(not one or path == one or path.startswith(f"{one}/") for one in folders)


def not_in(build: FoundBuild, folders: Iterable[str]) -> FoundBuild:
    """*build* where nothing is known of what lies in *folders*, which some other repository was put into."""
    places = tuple(folders)
    changes = {
        name: Unknown(str(path) or ".")
        for name, path in (("context", build.context), ("dockerfile", build.dockerfile))
        if lies_below(path, places)
    }
    return evolve(build, **changes) if changes else build
