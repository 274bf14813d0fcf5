"""What is there while the commands of an image are gone through, and what a smaller image lacks of it."""

from __future__ import annotations

from ...ir.steps import Run
from ...knowledge.smaller import Smaller, beside
from ..facts import Facts
from ..packages.listed import Lists, Unmet


class Ground:
    """``missing`` collects the packages that *smaller* lacks, with the first RUN that needs each."""

    def __init__(self, facts: Facts, smaller: Smaller, lists: Lists) -> None:
        self.facts = facts
        self.lists = lists
        self.smaller = smaller
        #: Where the command at hand works; None where that is not known.
        self.folder: str | None = None
        self.missing: dict[str, Run | None] = {}
        self.installed: set[str] = set()
        self.programs: set[str] = set()
        #: The version of Python in the image, like 3.12; empty where it is not said.
        self.python = ""
        #: The distribution beneath the image, and its release.
        self.family = ""
        self.release: str | None = None
        #: What packages are locked for.
        self.target: str | None = None
        #: What the code of installed packages may start or load.
        self.named: dict[str, None] = {}
        #: Who may tell which programs the installed packages bring.
        self.hint = ""
        #: Whether lock files told of all that was installed.
        self.looked_up = True

    def package(self, package: str, command: str, run: Run | None) -> None:
        """Note that *run*, or the container itself, needs *package* for *command*.

        Raises ``Unmet`` where nothing is known to bring *command*.
        """
        if command in self.smaller.commands:
            return
        if command not in self.smaller.packages:
            raise Unmet(f"nothing is known to bring {command} back")
        for one in (package, beside(package)):
            there = one == "ca-certificates" and "update-ca-certificates" in self.smaller.commands
            if one is not None and one not in self.installed and not there:
                self.missing.setdefault(one, run)
