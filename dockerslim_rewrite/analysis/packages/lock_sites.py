"""Where the commands of a stage work, and the lock files that they find there."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ...ir.build import Stage
from ...record import record
from ...shell.script import Script
from ..facts import Use
from ..flow.command_folders import command_folders
from .brought import brought
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
        return brought(self.lists, name, site.folder, site.use.run)
