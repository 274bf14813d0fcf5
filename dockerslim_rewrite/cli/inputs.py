"""Which files a call of ``rewrite`` means, and what the repository says of each: configuration, context and builds."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..record import evolve
from ..report.text import Told

if TYPE_CHECKING:
    from ..workspace.configuration.resolve import Configuration
    from .request import Request

_GLOB = frozenset("*?[")


class Inputs:
    """The inputs of *request*. Raises ``ValueError`` for a configuration that cannot be used, and for a context that a
    link has put in place of the repository's own.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._configuration = _configuration(request)
        _check_context(request.context)
        self._complained: set[str] = set()
        self.folders = False
        self.told = Told()

    def paths(self) -> tuple[str, ...]:
        """The files: those named outright, and those that directories and patterns stand for.

        Raises ``ValueError`` for a pattern that nothing matches.
        """
        paths = self._request.paths
        self.folders = any(_is_many(path) for path in paths)
        if not self.folders:
            return tuple(dict.fromkeys(paths))
        from ..report.text import printable
        from ..workspace.configuration.unmatched import unmatched
        from ..workspace.discovery import Covered, discover, files_of

        python = self._request.python
        if "python" not in self._request.given:
            folder = next(Path(path) for path in paths if _is_many(path))
            chosen = self._configuration.settings_for(folder / "Dockerfile").get("python")
            python = python if chosen is None else bool(chosen.value)
        found = list(discover(paths, python=python, excluded=self._configuration.excluded))
        folders = [path for path in paths if os.path.isdir(path)]
        for slip in () if self._request.quiet else unmatched(self._configuration, folders, files_of(found)):
            print(printable(f"dockerslim: {slip}"), file=sys.stderr)
        skipped = sum(1 for one in found if not isinstance(one, Covered) and not one.folder)
        if skipped and not self._request.quiet:
            files = "1 file" if skipped == 1 else f"{skipped} files"
            print(f"dockerslim: {files} skipped; `dockerslim files` says why", file=sys.stderr)
        covered = tuple(one.path for one in found if isinstance(one, Covered))
        if not covered:
            print("dockerslim: no Dockerfile found; `dockerslim files` says what was skipped", file=sys.stderr)
        return covered

    def name(self, path: str) -> str | None:
        """What the input *path* is called; None for standard input without a name."""
        if path != "-":
            return path
        return None if self._request.stdin_filename is None else str(self._request.stdin_filename)

    def configured(self, request: Request, path: str) -> Request:
        """*request* with what is configured for the file *path* in place of what nobody typed."""
        name = self.name(path)
        chosen = self._configuration.settings_for(Path(name or "Dockerfile"))
        values = {key: one.value for key, one in chosen.items() if key not in request.given and key != "python"}
        values = {key: value for key, value in values.items() if getattr(request, key) != value}
        if name is not None and request.verify is not None and not request.verify.build_args:
            arguments = self._configuration.build_args_for(Path(name))
            listed = tuple(f"{key}={value}" for key, value in arguments.items())
            values["verify"] = evolve(request.verify, build_args=listed)
        return evolve(request, **values) if values else request

    def surroundings(self, request: Request, path: str) -> dict[str, Any]:
        """The options that say how *path* is built: the context given or configured, else what the repository knows."""
        name = self.name(path)
        if name is None:
            return {"context": request.context}
        context = request.context or self._configuration.context_for(Path(name))
        if name.endswith(".py"):
            return {"context": context or Path(name).parent}
        return {"builds": partial(self._builds, Path(name), context)}

    def _builds(self, dockerfile: Path, context: Path | None, sources: Sequence[str] | None = None) -> Any:
        from ..report.text import printable
        from ..workspace.uses import workspace_for

        workspace = workspace_for(dockerfile)
        found = workspace.projects(dockerfile, context, sources)
        for path, reason in workspace.repository.complaints.items():
            if path not in self._complained and not self._request.quiet:
                self._complained.add(path)
                print(printable(f"dockerslim: {path}: {reason}"), file=sys.stderr)
        return found


def _is_many(path: str) -> bool:
    return path != "-" and (os.path.isdir(path) or (bool(_GLOB & set(path)) and not os.path.lexists(path)))


def _configuration(request: Request) -> Configuration:
    from ..workspace.configuration.resolve import configuration

    return configuration(request.config, isolated=request.isolated)


def _check_context(context: Path | None) -> None:
    from ..workspace.configuration.load import left_by

    root = left_by(context) if context is not None else None
    if root is not None:
        raise ValueError(f"--context {context}: a link leads out of the repository {root}; name what it leads to")
