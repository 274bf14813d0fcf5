"""What holds for a document besides its text: configuration, lock file, and the builds of the workspace.

Nothing outside of the workspace's folders is read. A document that lies in none of them is text alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..record import evolve, field_names, record

if TYPE_CHECKING:
    from ..analysis.locked import Lock
    from ..context.project import FolderProject
    from ..pipeline.baseline import Known
    from ..pipeline.options import Options
    from ..workspace.uses import Workspace
    from .preferences import Preferences

#: Without a client that tells of changed files, what was read of them counts for so many seconds.
LIFETIME = 10.0
#: Fields of ``Options`` that nobody sets by a name in a configuration file.
_OTHERS = frozenset(("context", "builds", "today", "lock", "account", "dockerignore", "accepted", "supposed"))


@record
class Holding:
    """What holds for one document.

    ``options`` are as the command line would choose them, ``levelled`` tells that somebody chose the level, and
    ``excluded`` says why the configuration leaves the document out, and ``unreadable`` that a file of the project which
    tells what may be changed cannot be read: the command line ends there. ``problems`` are lines for people: what could
    not be used. ``reading`` counts how often the folder was read anew before.
    """

    options: Options
    levelled: bool
    excluded: str | None = None
    problems: tuple[str, ...] = ()
    unreadable: bool = False
    reading: int = 0


class Folder:
    """One folder of the workspace, which the client calls *uri*. What was read is kept until ``forget``, or for
    ``LIFETIME`` where not *watched*. ``preferences`` are the editor's for this folder alone, where it has such.
    """

    def __init__(self, path: Path, uri: str | None = None) -> None:
        self.path = Path(os.path.realpath(path))
        self.uri = path.as_uri() if uri is None else uri
        self.preferences: Preferences | None = None
        self.watched = False
        self.reading = 0
        self._stale = True
        self._since = time.monotonic()
        self._workspaces: dict[Path, Workspace] = {}
        self._locks: dict[Path, Lock | str] = {}
        self._projects: dict[tuple[Path, Path | None, tuple[str, ...]], Sequence[FolderProject]] = {}

    def forget(self) -> None:
        """Read files anew when they are asked for next; may be called while another thread reads."""
        self._stale = True

    def old(self) -> bool:
        """Whether what was read may have changed in the meantime without anybody telling."""
        return not self.watched and time.monotonic() - self._since > LIFETIME

    def outlived(self, holding: Holding) -> bool:
        """Whether what *holding* rests on was read anew since, or has to be."""
        return holding.reading != self.reading or self.old()

    def _refresh(self) -> None:
        """Let go of what was told to have changed, or is old."""
        if self._stale or self.old():
            from ..workspace.configuration.resolve import forget

            self._stale = False
            self.reading += 1
            forget()
            self._since = time.monotonic()
            self._workspaces, self._locks, self._projects = {}, {}, {}

    def holds(self, path: Path) -> bool:
        """Whether *path*, with all links followed, lies in the folder."""
        return Path(os.path.realpath(path)).is_relative_to(self.path)

    def workspace(self, path: Path) -> Workspace:
        """The repository of the file *path*, as far as it lies in the folder."""
        from ..workspace.repository import root_of
        from ..workspace.uses import Workspace

        root = root_of(path, self.path)
        root = root if root.is_relative_to(self.path) else self.path
        return self._workspaces.setdefault(root, Workspace(root))

    def holding(self, path: Path, text: str, preferences: Preferences, today: date) -> Holding:
        """What holds for the file *path* with the content *text*, which an editor has."""
        from ..workspace.configuration.resolve import Configuration
        from ..workspace.locks import nearest_lock

        self._refresh()
        problems: list[str] = []
        wrong: list[str] = []
        configured = Configuration(within=self.path)
        try:
            chosen = {name: one.value for name, one in configured.settings_for(path).items()}
            context = configured.context_for(path)
            excluded = configured.excluded(str(path))
        except ValueError as error:
            wrong.append(str(error))
            chosen, context, excluded = {}, None, None
        for name in ("templates", "lock"):
            if chosen.get(name) is not None and not self.holds(chosen[name]):
                problems.append(f"{name}: {chosen.pop(name)} lies outside of the workspace; not read")
        if context is not None and not self.holds(context):
            problems.append(f"contexts: {context} lies outside of the workspace; not read")
            context = None
        options, levelled = _options({**preferences.options, **chosen}, today, problems)
        lock_file = chosen.get("lock") or nearest_lock(str(path.parent), str(self.path))
        lock = self._lock(lock_file, wrong)
        opened = partial(self._opened, path, context, text)
        options = evolve(options, lock=lock, builds=opened, accepted=_accepted(path, wrong))
        problems += [f"{one}; no change is offered until this is put right" for one in wrong]
        return Holding(options, levelled, excluded, tuple(problems), bool(wrong), self.reading)

    def _lock(self, file: Path | None, problems: list[str]) -> Lock:
        from ..analysis.locked import NO_LOCK, Lock
        from ..registry.lock import load

        if file is None or not self.holds(file):
            return NO_LOCK
        if file not in self._locks:
            try:
                self._locks[file] = load(file)
            except (OSError, ValueError) as error:
                self._locks[file] = str(error)
        found = self._locks[file]
        if isinstance(found, Lock):
            return found
        problems.append(found)
        return NO_LOCK

    def _opened(self, path: Path, context: Path | None, text: str) -> Sequence[FolderProject]:
        from ..workspace.inference import sources_in

        sources = sources_in(text.encode("utf-8", "surrogatepass"))
        key = (path, context, sources)
        if key not in self._projects:
            # Of what COPY named while somebody typed, only the last is of use.
            self._projects = {known: one for known, one in self._projects.items() if known[0] != path}
            found = self.workspace(path).projects(path, context, sources)
            # An ignore file may be a link that leads anywhere; what a build is sent is not known without it.
            outside = any(one.location.ignore is not None and not self.holds(one.location.ignore) for one in found)
            if not path.parent.is_dir():
                # Made only when the file is saved: it is no build context yet, and nobody knows what will lie in it.
                found = tuple(one for one in found if os.path.isdir(one.name))
            self._projects[key] = () if outside else found
        return self._projects[key]


def _accepted(path: Path, problems: list[str]) -> Known:
    """What the project has accepted of *path*; a baseline that cannot be read is one of the *problems*."""
    from ..pipeline.baseline import BaselineError
    from ..workspace.accepted import accepted_for

    try:
        return accepted_for(str(path))
    except BaselineError as error:
        problems.append(str(error))
        return frozenset()


def alone(preferences: Preferences, today: date) -> Holding:
    """What holds for a document that is text alone."""
    problems: list[str] = []
    options, levelled = _options(preferences.options, today, problems)
    return Holding(options, levelled, problems=tuple(problems))


def _options(chosen: Mapping[str, Any], today: date, problems: list[str]) -> tuple[Options, bool]:
    from ..pipeline.options import Options, account_of

    values = {name: value for name, value in chosen.items() if name in set(field_names(Options)) - _OTHERS}
    if "account" in chosen:
        try:
            values["account"] = account_of(chosen["account"])
        except ValueError as error:
            problems.append(str(error))
    return Options(today=today, **values), "level" in values
