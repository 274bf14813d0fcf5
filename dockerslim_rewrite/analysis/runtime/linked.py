"""Which libraries the extensions are linked to that a stage installs, as far as names tell.

What is known of packages is in ``knowledge/data/linked.toml``; the names come from the command line, from requirements,
from the project's own metadata, and from lock files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...ir.build import Build, Stage
from ...knowledge.linked import linked_packages, linker_words
from ...knowledge.smaller import Installer, installer
from ...knowledge.writes import tool_writing
from ...patterns import re
from ...record import evolve, record
from ..bases import base_image
from ..facts import Facts, Use
from ..flow.state import State
from ..locked import Lock
from ..packages.asked import (
    ELSEWHERE,
    GEM_TARGET,
    NPM_ELSEWHERE,
    NPM_TARGET,
    asked,
    decided_elsewhere,
    npm_installs_development,
    npm_word,
    python_minor,
    python_target,
)
from ..packages.indexed import Index, Settled, settle_gem, settle_npm
from ..packages.known_words import words_of
from ..packages.listed import Lists, Unmet, look_up, without_secret
from ..packages.lock_files import gems, mix_packages, npm_packages, pnpm_packages, poetry_packages
from ..packages.lock_sites import LockSites, Site
from ..packages.node_scripts import COMPILERS, installs_of_script, runs_script
from ..packages.own_project import editable, is_here, own_project
from ..packages.uv import uv_packages
from ..packages.yarn import settle_yarn
from ..packages.yarn_site import YarnSite
from ..shell.operations import Kind

_SYSTEM = frozenset(("apt", "apk"))
_VERSION = re.compile(r"[\[=<>~!@:;]")
#: Managers of the same packages as another.
_LIKE = {"bundler": "gem", "poetry": "pip", "uv": "pip", "pnpm": "npm", "yarn": "npm"}
#: Commands that compile packages after they were installed without.
_AGAIN = re.compile(r"\b(?:rebuild|node-gyp|node-pre-gyp|node-gyp-build|prebuild-install|cmake-js)\b")
_EXACT = frozenset(("install", "i", "ci", "clean-install"))


@record
class Links:
    """Debian's development packages of the libraries, and programs that the installed packages bring.

    ``compiled`` are packages that installing compiles; ``looked_up`` says that lock files tell of all of it,
    not only what is known of names.
    """

    libraries: tuple[str, ...]
    programs: frozenset[str]
    compiled: tuple[str, ...]
    looked_up: bool


def links(stage: Stage, build: Build, facts: Facts, states: Sequence[State]) -> Links:
    """What all packages that *stage* installs are linked to; *states* are those before each of its steps.

    Raises ``Unmet`` where one of them may be linked to anything.
    """
    compiler = next((call.name for call in facts.calls(stage) if call.name in COMPILERS), None)
    if compiler is not None:
        raise Unmet(f"what {compiler} builds may be linked to any library of the full image")
    for step in stage.steps:
        told = next((word for word in linker_words() if word in step.origin.text), None)
        if told is not None:
            raise Unmet(f"{told} (line {step.line}) may link what is installed to any library of the full image")
    lists = Lists(build, facts)
    folders = {step.index: state.workdir for step, state in zip(stage.steps, states, strict=False)}
    image = base_image(build, facts, stage)
    plainly = image is not None and not decided_elsewhere(stage.steps)
    target = python_target(image.family, image.parts.version) if image is not None and plainly else None
    python = python_minor(image.parts.version) if image is not None and target is not None else ""
    reader = _Reader(lists, LockSites(stage, lists, folders), facts.lock, target, python)
    found: dict[str, None] = {}
    compiled: dict[str, None] = {}
    programs: set[str] = set()
    looked_up = True
    for site in _sites(stage, facts, reader):
        done = site.use.operation
        if done.manager.name in _SYSTEM or done.kind not in (Kind.INSTALL, Kind.UPGRADE):
            continue
        manager = _LIKE.get(done.manager.name, done.manager.name)
        known, also = installer(manager), linked_packages(manager)
        if known is None:
            raise Unmet(f"what {done.executable} installs may be linked to any library of the full image")
        wider = evolve(
            known,
            packages=known.packages | also.packages,
            harmless_scripts=known.harmless_scripts | also.packages,
        )
        programs |= known.commands | also.programs
        if reader.listed(site.use):
            for settled in reader.requirements(site, wider):
                programs |= settled.programs
                looked_up = looked_up and settled.looked_up and not settled.named
                compiled.update(dict.fromkeys(settled.compiled))
                for name in settled.loads:
                    found.update(dict.fromkeys(also.links[name]))
                found.update(dict.fromkeys(settled.linked))
            continue
        # These follow their lock files, and what compiles in them is known by name.
        looked_up = looked_up and done.manager.name in ("npm", "yarn", "pnpm", "bundler")
        for name in reader.names(site, wider, programs):
            found.update(dict.fromkeys(also.links.get(name, ())))
    for name in compiled:
        found.update(dict.fromkeys(linked_packages("pip").links.get(name, ())))
    return Links(tuple(sorted(found)), frozenset(programs), tuple(compiled), looked_up)


def _sites(stage: Stage, facts: Facts, reader: _Reader) -> Iterator[Site]:
    """The operations of package managers in *stage*, those in scripts of package.json included.

    Raises ``Unmet`` where something else may be built.
    """
    for run in stage.runs:
        for use in facts.uses(run):
            site = reader.sites.site(use)
            if use.operation.manager.name == "hex" and use.operation.subcommand == "deps.get":
                reader.hex(site)
            if runs_script(use.operation):
                yield from installs_of_script(site, reader.lists)
            yield site


@record
class _Reader:
    lists: Lists
    sites: LockSites
    lock: Lock
    target: str | None
    python: str

    def listed(self, use: Use) -> bool:
        """Whether *use* installs requirements of Python, one by one or in files."""
        done = use.operation
        if done.manager.name not in ("pip", "uv") or done.kind not in (Kind.INSTALL, Kind.UPGRADE):
            return False
        return done.subcommand != "sync"

    def requirements(self, site: Site, known: Installer) -> Iterator[Settled]:
        """What is known of all that is installed at *site*. Raises ``Unmet`` where it may be linked to anything."""
        done = site.use.operation
        words = words_of(site.use, self.lists.facts)
        lines = [words[at] for at in done.operands]
        files = [flag.value for flag in done.flags if flag.name in ("-r", "--requirement")]
        said = f"{done.executable} {done.subcommand}"
        if not done.certain or done.kind is not Kind.INSTALL or None in (*lines, *files):
            raise Unmet(f"{said} may install anything")
        if not lines and not files and not done.has_flag("-e", "--editable"):
            raise Unmet(f"what {said} installs is not known")
        wanted = [line or "" for line in lines]
        for path in files:
            wanted += self.lists.lines(path or "", site.folder)
        wanted += editable(done)
        own = [own_project(one, self.lists, site.folder) for one in wanted if is_here(one)]
        wanted = [one for one in wanted if not is_here(one)] + [line for one in own for line in one.requirements]
        if own:
            yield Settled((), frozenset().union(*(one.programs for one in own)), looked_up=True)
        elsewhere = done.has_flag(*ELSEWHERE, "-c", "--constraint")
        index = Index(self.lock, None if elsewhere else self.target, known, "" if elsewhere else self.python)
        for line in wanted:
            found = index.settle(line, compiles=True)
            if found is None:
                # No index has what comes from an address or a folder.
                indexed = asked(line) is not None
                name = _bare(line) if indexed else without_secret(line)
                hint = look_up(self.lock, self.target) if indexed else ""
                raise Unmet(f"{name} may be linked to any library of the full image{hint}")
            yield found

    def names(self, site: Site, known: Installer, programs: set[str]) -> Iterator[str]:
        """The packages that are installed at *site*, each in *known*; programs of npm's go into *programs*."""
        done = site.use.operation
        words = words_of(site.use, self.lists.facts)
        operands = [words[at] for at in done.operands]
        lists = [flag.value for flag in done.flags if flag.name in ("-r", "--requirement")]
        said = f"{done.executable} {done.subcommand}"
        if not done.certain or done.kind is not Kind.INSTALL or None in (*operands, *lists):
            raise Unmet(f"{said} may install anything")
        if done.manager.name == "bundler":
            yield from self._gems(site, known, programs)
            return
        if done.manager.name == "poetry" and done.subcommand in ("install", "sync"):
            yield from self._poetry(site, known)
            return
        if done.manager.name == "uv" and done.subcommand == "sync":
            yield from self._uv(site, known)
            return
        if done.manager.name == "yarn" and done.subcommand != "global add":
            programs |= self._yarn(site, known)
        elif done.manager.name == "pnpm" and not operands:
            self._pnpm(site, known)
        elif done.manager.name == "npm" and not operands:
            self._npm(site, known, programs)
        elif not operands and not lists:
            raise Unmet(f"what {said} installs is not known")
        if done.has_flag("-g", "--global"):
            tools = tool_writing(done.manager.name, done.subcommand)
            known = evolve(known, packages=known.packages | (tools.tools if tools is not None else frozenset()))
        for word in operands:
            told = npm_word(word or "") if done.manager.name == "npm" else None
            found = settle_npm(self.lock, told, known, self.lists.loads_into, compiles=True) if told else None
            if found is None:
                yield from _known((word or "",), known)
                continue
            if found.named:
                raise Unmet(f"{found.named[0]}, which the smaller image lacks")
            programs |= found.programs
            yield from found.compiled
        if lists:
            raise Unmet(f"{said} may install anything")

    def _gems(self, site: Site, known: Installer, programs: set[str]) -> Iterator[str]:
        """What Gemfile.lock names: what is known by its name, or what the index said of it."""
        named = gems(self._locked("Gemfile.lock", site))
        here = {one.name for one in named if not one.foreign}
        for one in named:
            name = one.name.lower()
            if name in known.packages:
                yield name
                continue
            if one.foreign and one.name in here:
                continue
            found = settle_gem(self.lock, one.requirement) if one.usual else None
            if found is None:
                hint = look_up(self.lock, GEM_TARGET) if one.usual else ""
                raise Unmet(f"{name} may be linked to any library of the full image{hint}")
            programs |= found

    def hex(self, site: Site) -> None:
        """Nothing is compiled of what ``mix deps.get`` fetches, or it is linked to nothing of its own."""
        settings = self.sites.text("mix.exs", site)
        if settings is None or "elixir_make" in settings:
            raise Unmet("what the project itself compiles is not known")
        for name in mix_packages(self._locked("mix.lock", site)):
            if name not in linked_packages("hex").packages:
                raise Unmet(f"{name} may be linked to any library of the full image")

    def _locked(self, name: str, site: Site) -> str:
        lock = self.sites.lock(name, site)
        if lock is None:
            raise Unmet(f"no {name} of the build context tells what is compiled")
        return lock

    def _poetry(self, site: Site, known: Installer) -> Iterator[str]:
        lock, project = self._locked("poetry.lock", site), self._locked("pyproject.toml", site)
        if "[tool.poetry.build" in project:
            raise Unmet("what the project itself compiles is not known")
        yield from _known(poetry_packages(lock), known)

    def _uv(self, site: Site, known: Installer) -> Iterator[str]:
        """What the lock file names, which is followed to the letter; the project itself is not installed."""
        if not site.use.operation.has_flag("--frozen", "--locked"):
            raise Unmet("no uv.lock surely tells what uv installs")
        for name in uv_packages(self._locked("uv.lock", site)):
            if name is None:
                raise Unmet("what uv builds itself is not known")
            yield from _known((name,), known)

    def _npm(self, site: Site, known: Installer, programs: set[str]) -> None:
        done = site.use.operation
        if done.subcommand not in _EXACT or done.has_flag(*NPM_ELSEWHERE):
            raise Unmet(f"what {done.executable} {done.subcommand} installs is not known")
        exact = done.subcommand not in ("install", "i")
        development = npm_installs_development(done, self.lists.facts.state(site.use.run).env)
        if (
            site.folder is not None
            and not exact
            and not any(self.lists.has(one, site.folder) for one in ("package-lock.json", "npm-shrinkwrap.json"))
        ):
            for requirement in self.lists.npm_asked(site.folder, development=development):
                settled = settle_npm(self.lock, requirement, known, self.lists.loads_into, compiles=True)
                if settled is None:
                    hint = look_up(self.lock, NPM_TARGET)
                    raise Unmet(f"no package-lock.json of the build context tells what is compiled{hint}")
                if settled.named:
                    raise Unmet(f"{settled.named[0]}, which the smaller image lacks")
                programs |= settled.programs
            return
        lock = self._locked("package-lock.json", site)
        if not exact and "package-lock" in (self.sites.text(".npmrc", site) or ""):
            raise Unmet("npm is told to follow no lock file")
        programs |= self.lists.npm_lock(
            site.folder, known, scripts=True, exact=exact, development=development, compiles=True
        )
        _check_runs(npm_packages(lock))

    def _yarn(self, site: Site, known: Installer) -> frozenset[str]:
        """The programs of all that yarn.lock names, of which nothing unknown is compiled, nor later on."""
        texts = (run.origin.logical.text for run in self.sites.stage.runs)
        again = next(filter(None, map(_AGAIN.search, texts)), None)
        if again is not None:
            raise Unmet(f"what {again[0]} compiles may be linked to any library of the full image")
        yarn = YarnSite(self.lists, site.use.run, site.folder)
        found = settle_yarn(yarn, site.use.operation, self.lock, known, compiles=True)
        if found.named:
            raise Unmet(f"{found.named[0]}, which the smaller image lacks")
        return found.programs

    def _pnpm(self, site: Site, known: Installer) -> None:
        """What pnpm's lock file marks as built is known; it is followed to the letter."""
        packages = pnpm_packages(self._locked("pnpm-lock.yaml", site))
        if packages is None or not site.use.operation.has_flag("--frozen-lockfile"):
            raise Unmet("no pnpm-lock.yaml tells what pnpm compiles")
        _check_runs(one.name for one in packages)
        built = next((one.name for one in packages if one.builds and one.name not in known.harmless_scripts), None)
        if built is not None:
            raise Unmet(f"pnpm may have to compile {built}")


def _check_runs(names: Iterable[str]) -> None:
    starter = next((name for name in names if name in linked_packages("npm").runs), None)
    if starter is not None:
        raise Unmet(f"{starter} may start a program of the full image")


def _known(words: Iterable[str], known: Installer) -> Iterator[str]:
    for word in words:
        bare = _bare(word)
        name = next((one for one in (bare, bare.replace("_", "-")) if one in known.packages), None)
        if name is None:
            raise Unmet(f"{bare or word} may be linked to any library of the full image")
        yield name


def _bare(word: str) -> str:
    """The name of a package as it is compared, without version and extras."""
    scoped = word.startswith("@")
    name = _VERSION.split(word[1:] if scoped else word, maxsplit=1)[0].strip()
    return f"@{name}" if scoped else name.lower()
