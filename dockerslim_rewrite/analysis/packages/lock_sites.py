"""Where the commands of a stage work, and the lock files that they find there."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ...ir.build import Stage
from ...ir.steps import Copy, Run
from ...record import record
from ...shell.script import Script
from ...text.paths import matches
from ..facts import Use
from ..flow.command_folders import command_folders
from .listed import Lists


@record
class Site:
    """A package manager's operation, and the folder in which it works; None where that is not known."""

    use: Use
    folder: str | None


@record
class LockSites:
    """Files of the build context as the commands of *stage* find them; ``folders`` are where its steps work."""

    stage: Stage
    lists: Lists
    folders: Mapping[int, str | None]

    def site(self, use: Use) -> Site:
        """Where *use* works, whose command stands in the script of its RUN."""
        script = use.run.body.script if use.run.body is not None else None
        if not isinstance(script, Script):
            return Site(use, None)
        start, facts = self.folders[use.run.index], self.lists.facts
        found = facts.recall(
            "folders of commands",
            (use.run.index, start),
            lambda: command_folders(script, start, facts.state(use.run).constants),
        )
        return Site(use, found[use.command.span])

    def text(self, name: str, site: Site) -> str | None:
        """The text of the file *name* at *site*, whenever it comes there; None where that is not certain."""
        return self.lists.text(posixpath.join(site.folder or "/", name), site.folder)

    def lock(self, name: str, site: Site) -> str | None:
        """The text of the file *name* that the operation at *site* finds there; None where that is not certain.

        The file has to be copied before, and no command may name it.
        """
        text = self.text(name, site)
        source = self.lists.source(posixpath.join(site.folder or "/", name))
        before = [step for step in self.stage.steps if step.index < site.use.run.index]
        copied = source is not None and any(isinstance(step, Copy) and _brings(step, source) for step in before)
        stays = not any(name in step.origin.logical.text for step in self.stage.steps if isinstance(step, Run))
        return text if copied and stays else None


def _brings(copy: Copy, path: str) -> bool:
    """Whether *copy* brings the file *path* of the build context, alone or in a folder."""
    if copy.origin.flag("from") is not None:
        return False
    names = [posixpath.normpath(source.lstrip("/") or ".") for source in copy.sources]
    return any(one == "." or path.startswith(f"{one}/") or matches(path, one) for one in names)
