"""What is there while the commands of an image are gone through, and what a smaller image lacks of it."""

from __future__ import annotations

from ...ir.steps import Run
from ...knowledge.libraries import libraries
from ...knowledge.linked import linked_packages
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
        #: Packages of Python that load libraries when they run.
        self.loads: dict[str, None] = {}
        #: Development packages with the libraries that installed packages are linked to.
        self.linked: dict[str, None] = {}
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

    def load(self) -> None:
        """Note the packages with the libraries that are loaded, now that it is known what else is installed.

        Raises ``Unmet`` where these are not known.
        """
        known = linked_packages("pip")
        for name in self.loads:
            if not self.installed.isdisjoint(known.served.get(name, ())):
                continue
            for development in known.links[name]:
                packages = libraries(development, self.family, self.release)
                if packages is None:
                    raise Unmet(f"which package has the library that {name} loads is not known")
                self.missing.update(dict.fromkeys(packages))
        for development in self.linked:
            packages = libraries(development, self.family, self.release)
            if packages is None:
                raise Unmet(f"which package has the libraries of {development} here is not known")
            self.missing.update({one: None for one in packages if one not in self.installed})

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
