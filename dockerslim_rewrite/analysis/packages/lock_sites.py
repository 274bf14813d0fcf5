"""Where the commands of a stage work, and the lock files that they find there."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ...ir.build import Stage
from ...ir.steps import Copy, Run
from ...record import record
from ...shell.script import Script
from ...text.paths import matches
from ..shell.operations import command_names
from .listed import Lists

_MOVES = frozenset(("cd", "pushd", "popd"))


@record
class LockSites:
    """Files of the build context as the commands of *stage* find them; ``folders`` are where its steps work."""

    stage: Stage
    lists: Lists
    folders: Mapping[int, str | None]

    def folder(self, run: Run) -> str | None:
        """The folder in which the commands of *run* work; None where they move."""
        script = run.body.script if run.body is not None else None
        moves = not isinstance(script, Script) or not _MOVES.isdisjoint(command_names(script))
        return None if moves else self.folders[run.index]

    def text(self, name: str, run: Run) -> str | None:
        """The text of the file *name* where *run* works, whenever it comes there; None where that is not certain."""
        folder = self.folder(run)
        return self.lists.text(posixpath.join(folder or "/", name), folder)

    def lock(self, name: str, run: Run) -> str | None:
        """The text of the file *name* that *run* finds where it works; None where that is not certain.

        The file has to be copied before, and no command may name it.
        """
        text = self.text(name, run)
        source = self.lists.source(posixpath.join(self.folder(run) or "/", name))
        before = [step for step in self.stage.steps if step.index < run.index]
        copied = source is not None and any(isinstance(step, Copy) and _brings(step, source) for step in before)
        stays = not any(name in step.origin.logical.text for step in self.stage.steps if isinstance(step, Run))
        return text if copied and stays else None


def _brings(copy: Copy, path: str) -> bool:
    """Whether *copy* brings the file *path* of the build context, alone or in a folder."""
    if copy.origin.flag("from") is not None:
        return False
    names = [posixpath.normpath(source.lstrip("/") or ".") for source in copy.sources]
    return any(one == "." or path.startswith(f"{one}/") or matches(path, one) for one in names)
