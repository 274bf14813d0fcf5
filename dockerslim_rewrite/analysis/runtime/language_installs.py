"""What languages' package managers install on a smaller image: nothing that would have to be compiled there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...ir.steps import Run
from ...knowledge.linked import linked_packages
from ...knowledge.smaller import Installer, installer
from ...patterns import re
from ...record import evolve
from ..packages.asked import ELSEWHERE, NPM_ELSEWHERE, NPM_TARGET, asked, npm_installs_development, npm_word
from ..packages.brought import follows
from ..packages.exact import LOCKS
from ..packages.indexed import Index, settle_npm
from ..packages.listed import Unmet, look_up, without_secret
from ..packages.own_project import is_here, own_project
from ..packages.yarn import programs_unsaid, settle_yarn
from ..packages.yarn_site import YarnSite
from ..shell.operations import Operation
from .ground import Ground

_VERSION = re.compile(r"[\[=<>~!@:;]")


class LanguageInstalls:
    """Notes on the *ground* what is installed. Each method raises ``Unmet`` where something may have to be compiled."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.facts, self.lists = ground.facts, ground.lists

    def installs(self, done: Operation, argv: Sequence[str | None], known: Installer) -> None:
        """Note what is installed by its name, or by a list of names."""
        manager = done.manager.name
        names = [argv[at] for at in done.operands]
        lists = [flag.value for flag in done.flags if flag.name in ("-r", "--requirement")]
        others = [flag.value for flag in done.flags if flag.name in ("-e", "--editable", "-c", "--constraint")]
        if None in (*names, *others, *lists):
            raise Unmet(f"{manager} may have to compile what a variable names")
        if not (names or lists or others) or not done.certain:
            raise Unmet(f"{manager} may have to compile what {done.executable} {done.subcommand} installs")
        if manager in ("pip", "uv"):
            elsewhere = done.has_flag(*ELSEWHERE)
            constrained = done.has_flag("-c", "--constraint")
            index = Index(
                self.facts.lock,
                None if elsewhere or constrained else self.ground.target,
                known,
                "" if elsewhere else self.ground.python,
            )
            for word in (*names, *others):
                if is_here(word or ""):
                    own = own_project(word or "", self.lists, self.ground.folder)
                    self.ground.programs |= own.programs
                    for line in own.requirements:
                        self._settled(index, line, ", which pyproject.toml lists")
                else:
                    self._settled(index, word or "", "")
            for path in lists:
                for line in self.lists.lines(path or "", self.ground.folder):
                    self._settled(index, line, f", which {path} lists")
            return
        for name in (*names, *others):
            name = name or ""
            found = (
                settle_npm(self.facts.lock, npm_word(name), known, self.lists.loads_into) if manager == "npm" else None
            )
            if found is not None:
                self.ground.programs |= found.programs
                self.ground.named.update(dict.fromkeys(found.named))
                continue
            self.ground.looked_up = False
            bare = _VERSION.split(name[1:] if name.startswith("@") else name, maxsplit=1)[0].lower().replace("_", "-")
            bare = f"@{bare}" if name.startswith("@") else bare
            if not known.brings(bare, name[len(bare) :], ""):
                raise Unmet(f"{manager} may have to compile {name}")

    def locked(self, done: Operation, argv: Sequence[str | None], run: Run | None) -> None:
        """Note what uv and Poetry install of what their lock files name."""
        known = installer("pip")
        assert known is not None
        manager, sub = done.manager.name, done.subcommand
        if sub == "pip install":
            self.installs(done, argv, known)
            self.ground.programs |= known.commands
        elif sub in ("sync", "install"):
            index = Index(
                self.facts.lock,
                None if done.has_flag(*ELSEWHERE) else self.ground.target,
                known,
                self.ground.python,
            )
            for line in self.lists.locked(run, manager, self.ground.folder):
                self._settled(index, line, f", which {LOCKS[manager]} names")
            if self.facts.project is not None and self.facts.project.extensions:
                raise Unmet(f"{manager} compiles extensions of the project")
            self.ground.programs |= known.commands
        elif sub not in ("lock", "cache", "config", "export", "venv", ""):
            raise Unmet(f"what {done.executable} {sub} does is not known")

    def npm(self, done: Operation, run: Run | None, known: Installer) -> None:
        """Note what the lock file of npm says, or ours."""
        if done.has_flag(*NPM_ELSEWHERE) or not done.certain:
            raise Unmet(f"npm may have to compile what npm {done.subcommand} installs")
        exact = done.subcommand not in ("install", "i")
        known = evolve(known, harmless_scripts=known.harmless_scripts | frozenset(linked_packages("npm").needs))
        names = ("package-lock.json", "npm-shrinkwrap.json")
        locked = any(follows(self.lists, name, self.ground.folder, run) for name in names)
        development = npm_installs_development(done, self.facts.state(run).env if run is not None else {})
        if exact or locked:
            quiet = done.has_flag("--ignore-scripts")
            self.ground.programs |= self.lists.npm_lock(
                self.ground.folder, known, scripts=not quiet, exact=exact, development=development
            )
            self.lists.check_runs(self.ground.folder)
            self._fetched(self.lists.npm_names(self.ground.folder), run)
            return
        for requirement in self.lists.npm_asked(self.ground.folder, development=development):
            found = settle_npm(self.facts.lock, requirement, known, self.lists.loads_into)
            if found is None:
                if requirement is None:
                    raise Unmet("npm may have to compile what package.json takes from elsewhere")
                raise Unmet(f"npm may have to compile {requirement}{look_up(self.facts.lock, NPM_TARGET)}")
            self.ground.programs |= found.programs
            self.ground.named.update(dict.fromkeys(found.named))
            answer = self.facts.lock.answer(NPM_TARGET, requirement) if requirement is not None else None
            self._fetched((key.rpartition("==")[0] for key in answer or ()), run)

    def _fetched(self, names: Iterable[str], run: Run | None) -> None:
        """Note what those of the packages *names* need that fetch programs and libraries when they are installed."""
        needs = linked_packages("npm").needs
        packages = self.ground.smaller.packages
        for command in dict.fromkeys(command for name in names for command in needs.get(name, ())):
            if command not in self.ground.smaller.commands:
                self.ground.package(packages.get(command, command), command, run)

    def yarn(self, done: Operation, argv: Sequence[str | None], run: Run | None, known: Installer) -> None:
        """Note what Yarn's lock file names, or what is installed by its name for all."""
        if done.subcommand == "global add":
            self.installs(done, argv, known)
            self.ground.programs |= known.commands
            return
        if run is None:
            raise Unmet("what yarn installs when the container starts is not known")
        site = YarnSite(self.lists, run, self.ground.folder)
        found = settle_yarn(site, done, self.facts.lock, known)
        self.ground.hint = programs_unsaid(site, done, self.facts.lock)
        self.ground.programs |= found.programs
        self.ground.named.update(dict.fromkeys(found.named))

    def _settled(self, index: Index, line: str, source: str) -> None:
        found = index.settle(line)
        if found is None:
            hint = look_up(self.facts.lock, index.target) if asked(line) is not None else ""
            raise Unmet(f"pip may have to compile {without_secret(line)}{source}{hint}")
        self.ground.programs |= found.programs
        self.ground.named.update(dict.fromkeys(found.named))
        self.ground.looked_up = self.ground.looked_up and found.looked_up
        self.ground.loads.update(dict.fromkeys(found.loads))
        self.ground.linked.update(dict.fromkeys(found.linked))
