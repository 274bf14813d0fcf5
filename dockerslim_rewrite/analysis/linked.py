"""Which libraries the extensions are linked to that a stage installs, as far as names tell.

Sources: ``knowledge/data/linked.toml``; npm's package-lock.json (``hasInstallScript`` marks what may be compiled);
Bundler's Gemfile.lock (the section ``specs`` lists every gem that is installed); Mix's mix.lock (a line a package);
Poetry's poetry.lock (a table a package); pnpm's pnpm-lock.yaml before version 9 (``requiresBuild``).
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from ..ir.build import Build, Stage
from ..ir.steps import Copy, Run
from ..knowledge.linked import linked_packages
from ..knowledge.smaller import Installer, installer
from ..knowledge.writes import tool_writing
from ..record import evolve, record
from ..shell.script import Script
from .facts import Facts, Use
from .listed import Lists, Unmet
from .packages import Kind, command_names
from .state import State

_SYSTEM = frozenset(("apt", "apk"))
_COMPILERS = frozenset(
    ("make", "gmake", "cmake", "ninja", "meson", "gcc", "g++", "cc", "c++", "clang", "clang++", "go", "cargo")
)
_VERSION = re.compile(r"[\[=<>~!@:;]")
_HEX = re.compile(r'^\s*"([a-z][a-z0-9_]*)": ', re.M)
_LOCKED = re.compile(r'^\[\[package\]\]\nname = "([^"]+)"', re.M)
_MODULE = re.compile(r'"(?:[^"]*/)?node_modules/((?:@[^"/]+/)?[^"/]+)": *\{')
_PNPM_VERSION = re.compile(r"^lockfileVersion: '?(\d+)", re.M)
_PNPM_PACKAGE = re.compile(r"^  /((?:@[^/@\s]+/)?[^/@\s]+)[@/][^\n]*:$", re.M)
_GEM = re.compile(r"    ([A-Za-z0-9][A-Za-z0-9_.-]*) \(")
_ELSEWHERE = (
    "--prefix",
    "-C",
    "-w",
    "--workspace",
    "--workspaces",
    "--no-package-lock",
    "--package-lock",
    "--no-shrinkwrap",
)
#: Managers of the same packages as another.
_LIKE = {"poetry": "pip", "pnpm": "npm"}
_HERE = frozenset((".", "./"))
_MOVES = frozenset(("cd", "pushd", "popd"))
_EXACT = frozenset(("install", "i", "ci", "clean-install"))


@record
class Links:
    """Debian's development packages of the libraries, and programs that the installed packages bring."""

    libraries: tuple[str, ...]
    programs: frozenset[str]


def links(stage: Stage, build: Build, facts: Facts, states: Sequence[State]) -> Links:
    """What all packages that *stage* installs are linked to; *states* are those before each of its steps.

    Raises ``Unmet`` where one of them may be linked to anything.
    """
    compiler = next((call.name for call in facts.calls(stage) if call.name in _COMPILERS), None)
    if compiler is not None:
        raise Unmet(f"what {compiler} builds may be linked to any library of the full image")
    reader = _Reader(stage, Lists(build, facts), dict(zip((step.index for step in stage.steps), states, strict=False)))
    found: dict[str, None] = {}
    programs: set[str] = set()
    for run in stage.runs:
        for use in facts.uses(run):
            manager = "gem" if use.operation.manager.name == "bundler" else use.operation.manager.name
            if manager == "hex" and use.operation.subcommand == "deps.get":
                reader.hex(use)
            if manager in _SYSTEM or use.operation.kind not in (Kind.INSTALL, Kind.UPGRADE):
                continue
            known = installer(_LIKE.get(manager, manager))
            if known is None:
                raise Unmet(f"what {use.operation.executable} installs may be linked to any library of the full image")
            also = linked_packages(_LIKE.get(manager, manager))
            wider = evolve(
                known,
                packages=known.packages | also.packages,
                harmless_scripts=known.harmless_scripts | also.packages,
            )
            programs |= known.commands | also.programs
            for name in reader.names(use, wider, programs):
                found.update(dict.fromkeys(also.links.get(name, ())))
    return Links(tuple(sorted(found)), frozenset(programs))


@record
class _Reader:
    stage: Stage
    lists: Lists
    states: Mapping[int, State]

    def folder(self, run: Run) -> str | None:
        """The folder in which the commands of *run* work; None where they move."""
        script = run.body.script if run.body is not None else None
        moves = not isinstance(script, Script) or not _MOVES.isdisjoint(command_names(script))
        return None if moves else self.states[run.index].workdir

    def lock(self, name: str, run: Run) -> str | None:
        """The text of the lock file *name* that *run* finds where it works; None where that is not certain.

        The file has to be copied before, and stay.
        """
        folder = self.folder(run)
        path = posixpath.join(folder or "/", name)
        text, source = self.lists.text(path, folder), self.lists.source(path)
        before = [step for step in self.stage.steps if step.index < run.index]
        copied = source is not None and any(isinstance(step, Copy) and _brings(step, source) for step in before)
        stays = not any(name in step.origin.logical.text for step in self.stage.steps if isinstance(step, Run))
        return text if copied and stays else None

    def names(self, use: Use, known: Installer, programs: set[str]) -> Iterator[str]:
        """The packages that *use* installs, each in *known*; programs of npm's go into *programs*."""
        done, words = use.operation, use.command.argv
        folder = self.folder(use.run)
        operands = [words[at] for at in done.operands]
        if not done.certain or done.kind is not Kind.INSTALL or any(word is None for word in operands):
            raise Unmet(f"{done.executable} {done.subcommand} may install anything")
        if done.manager.name == "npm" and not operands:
            if done.subcommand not in _EXACT or done.has_flag(*_ELSEWHERE):
                raise Unmet(f"what {done.executable} {done.subcommand} installs is not known")
            exact = done.subcommand not in ("install", "i")
            lock = self.lock("package-lock.json", use.run) or ""
            settings = self.lists.text(posixpath.join(folder or "/", ".npmrc"), folder) or ""
            if not exact and (not lock or "package-lock" in settings):
                raise Unmet("no package-lock.json tells what npm installs")
            programs |= self.lists.npm_lock(folder, known, scripts=True, exact=exact)
            runs = linked_packages("npm").runs
            starter = next((name for name in _MODULE.findall(lock) if name in runs), None)
            if starter is not None:
                raise Unmet(f"{starter} may start a program of the full image")
            return
        if done.manager.name == "pnpm" and not operands:
            self._pnpm(use, known)
            return
        if done.manager.name in ("npm", "pnpm") and done.has_flag("-g", "--global"):
            tools = tool_writing(done.manager.name, done.subcommand)
            known = evolve(known, packages=known.packages | (tools.tools if tools is not None else frozenset()))
        if done.manager.name == "bundler":
            yield from self._gems(use.run, known)
            return
        if done.manager.name == "poetry":
            yield from self._poetry(use.run, known)
            return
        lists = [flag.value for flag in done.flags if flag.name in ("-r", "--requirement")]
        if not operands and not lists:
            raise Unmet(f"what {done.executable} {done.subcommand} installs is not known")
        for word in operands:
            if done.manager.name == "pip" and word in _HERE:
                yield from self._project(use.run, known)
                continue
            name = _bare(word or "")
            if name not in known.packages:
                raise Unmet(f"{name or word} may be linked to any library of the full image")
            yield name
        for path in lists:
            if path is None:
                raise Unmet(f"{done.executable} {done.subcommand} may install anything")
            yield from self.lists.requirements(path, folder, known)

    def hex(self, use: Use) -> None:
        """Nothing is compiled of what ``mix deps.get`` fetches, or it is linked to nothing of its own."""
        lock = self.lock("mix.lock", use.run)
        if lock is None:
            raise Unmet("no mix.lock in the build context tells which packages are compiled")
        for name in _HEX.findall(lock):
            if name not in linked_packages("hex").packages:
                raise Unmet(f"{name} may be linked to any library of the full image")

    def _project(self, run: Run, known: Installer) -> Iterator[str]:
        """What the project in the folder of *run* asks for, where it compiles nothing itself."""
        context = self.lists.facts.project
        try:
            data = tomllib.loads(self.lock("pyproject.toml", run) or "").get("project")
        except tomllib.TOMLDecodeError:
            data = None
        if (
            context is None
            or context.extensions
            or not isinstance(data, dict)
            or "dependencies" in data.get("dynamic", ())
        ):
            raise Unmet("what the project itself compiles or asks for is not known")
        for line in data.get("dependencies", ()):
            if _bare(str(line)) not in known.packages:
                raise Unmet(f"{line} may be linked to any library of the full image")
            yield _bare(str(line))

    def _pnpm(self, use: Use, known: Installer) -> None:
        """What pnpm's lock file marks as built is known; it is followed to the letter."""
        lock = self.lock("pnpm-lock.yaml", use.run)
        version = _PNPM_VERSION.search(lock or "")
        if lock is None or not use.operation.has_flag("--frozen-lockfile") or version is None or int(version[1]) > 8:
            raise Unmet("no pnpm-lock.yaml tells what pnpm compiles")
        packages = list(_PNPM_PACKAGE.finditer(lock))
        ends = [*(match.start() for match in packages[1:]), len(lock)]
        for match, end in zip(packages, ends, strict=True):
            if match[1] in linked_packages("npm").runs:
                raise Unmet(f"{match[1]} may start a program of the full image")
            if "requiresBuild: true" in lock[match.end() : end] and match[1] not in known.harmless_scripts:
                raise Unmet(f"pnpm may have to compile {match[1]}")

    def _poetry(self, run: Run, known: Installer) -> Iterator[str]:
        lock, project = self.lock("poetry.lock", run), self.lock("pyproject.toml", run)
        if lock is None or project is None or "[tool.poetry.build" in project:
            raise Unmet("no poetry.lock in the build context tells which packages are compiled")
        for name in _LOCKED.findall(lock):
            if _bare(name) not in known.packages:
                raise Unmet(f"{name} may be linked to any library of the full image")
            yield _bare(name)

    def _gems(self, run: Run, known: Installer) -> Iterator[str]:
        lock = self.lock("Gemfile.lock", run)
        if lock is None:
            raise Unmet(
                "no Gemfile.lock in the build context tells which libraries of the full image gems are linked to"
            )
        for line in lock.splitlines():
            match = _GEM.match(line)
            if match is None:
                continue
            if match[1] not in known.packages:
                raise Unmet(f"the gem {match[1]} may be linked to any library of the full image")
            yield match[1]


def _brings(copy: Copy, path: str) -> bool:
    """Whether *copy* brings the file *path* of the build context, alone or in a folder."""
    if copy.origin.flag("from") is not None:
        return False
    names = [posixpath.normpath(source.lstrip("/") or ".") for source in copy.sources]
    return any(one == "." or path.startswith(f"{one}/") or fnmatchcase(path, one) for one in names)


def _bare(word: str) -> str:
    """The name of a package as it is compared, without version and extras."""
    scoped = word.startswith("@")
    name = _VERSION.split(word[1:] if scoped else word, maxsplit=1)[0].strip()
    return f"@{name}" if scoped else name.lower().replace("_", "-")
