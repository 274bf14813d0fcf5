"""From a path to a unit of a batch: what is configured for the file, its lock, its context and its builds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..record import evolve
from .files import InputError, accepted_for, lock_file, read_input, read_lock, repository_path
from .inputs import Inputs
from .request import Request

if TYPE_CHECKING:
    from ..analysis.locked import Lock
    from ..batch.unit import Unit
    from ..context.project import FolderProject
    from ..pipeline import Options


class Preparation:
    """Prepares files as *request* and the configuration say; *refused* holds rules to leave out, by file.

    Travels to other processes as its arguments.
    """

    def __init__(self, request: Request, refused: dict[str, tuple[str, ...]] | None = None) -> None:
        self._request = request
        self._refused = refused or {}
        self._inputs: Inputs | None = None
        self._options: list[tuple[Request, Options]] = []

    def __getstate__(self) -> tuple[Request, dict[str, tuple[str, ...]]]:
        return self._request, self._refused

    def __setstate__(self, state: tuple[Request, dict[str, tuple[str, ...]]]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def __call__(self, path: str, named: bool) -> Unit:
        """The work on the file at *path*. Raises ``ValueError`` with one line for what cannot be read or used."""
        from ..batch.unit import Unit

        if self._inputs is None:
            # The builds' complaints are told once, by the process that started this one.
            self._inputs = Inputs(evolve(self._request, quiet=True))
        try:
            data = read_input(path)
            lock = _lock(lock_file(path, self._request.lock))
            accepted = accepted_for(path) if not self._request.no_baseline else frozenset()
        except InputError as error:
            raise ValueError(str(error)) from None
        name = repository_path(path)
        own = self._inputs.configured(self._request, path)
        if name in self._refused:
            own = evolve(own, ignore=(*own.ignore, *self._refused[name]))
        options = evolve(self._base(own), lock=lock, accepted=accepted)
        full = os.path.abspath(path)
        root = full.removesuffix(name).rstrip("/")
        opened = partial(_projects, self._inputs, self._request, path)
        return Unit(path, name, root, data, options, opened, named)

    def _base(self, request: Request) -> Options:
        """The options of *request*: the same object for equal requests, which most files of a batch have."""
        for known, options in self._options:
            if known == request:
                return options
        from .rewrite import options_of

        self._options.insert(0, (request, options_of(request)))
        del self._options[16:]
        return self._options[0][1]


def _projects(
    inputs: Inputs, request: Request, path: str, sources: Sequence[str] | None = None
) -> Sequence[FolderProject]:
    found = inputs.surroundings(request, path)
    if "builds" in found:
        opened: Sequence[FolderProject] = found["builds"](sources=sources)
        return opened
    return ()


@cache
def _lock(file: Path | None) -> Lock:
    from ..analysis.locked import NO_LOCK

    return NO_LOCK if file is None else read_lock(file)
