"""The lock file and the settings that ``yarn install`` follows, where the build context shows them.

What changes what is installed, and is not surely known, is a reason to know nothing: Plug'n'Play, packages in the
repository, plugins, workspaces, packages from elsewhere. Sources: Yarn classic (1.22.22: ``getOption``
of its registries, ``--install.…`` in .yarnrc); Yarn documentation (Configuration: .yarnrc.yml; CLI: yarn install;
Lexicon; Protocols).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...ir.build import Stage
from ...ir.steps import Run
from ...knowledge.yarn import yarn_words
from ...patterns import re
from ...record import record
from ...text.paths import above
from ...text.structured import read_json
from ..shell.operations import Operation
from .brought import brought, lineage, names_file
from .listed import INSTALLING, Lists, Unmet
from .yarn_lock import YarnLock, YarnPackage, read_yarn_lock

_DEPENDENCIES = ("dependencies", "optionalDependencies")
#: Variables that settle what Yarn does before any file: scripts, its own program, where packages lie.
_TELLING = re.compile(r"\b(?:yarn|npm_config)_\w*(?:scripts|rc_?file|ignore_path|plugins|linker|lockfile)", re.I)
#: Commands by which another generation of Yarn than the image's own may follow the lock file.
_OTHERS = re.compile(r"\byarn@(?:berry|stable|canary|next|[2-9]|\d\d)|\bset\s+version\b")
_MODERN_MANAGER = re.compile(r"yarn@(?:[2-9]|\d\d)")
_SETTING = re.compile(
    r'(?:--(?:(?P<command>[\w-]+)\.)?)?(?P<key>"[^"\\]*"|[^\s"\\]+) (?P<value>"[^"\\]*"|[^\s"\\]+)\s*\Z'
)
_MODERN_SETTING = re.compile(r"(?P<key>[A-Za-z]+):\s*(?P<value>[^\s#]*)\s*(?P<command>)(?:#.*)?\Z")
#: What a project beside package.json has that keeps packages, or changes them.
_KEPT = (".yarn/cache/", ".yarn/plugins/", ".yarn/patches/", ".yarn/unplugged/", ".pnp.")


@record
class YarnSite:
    """Where the ``yarn install`` of *run* works, and what it finds there."""

    lists: Lists
    run: Run
    folder: str | None

    def packages(self, *, development: bool) -> tuple[YarnPackage, ...]:
        """All that the lock file has of what package.json asks for. Raises ``Unmet`` where that is not certain."""
        lock, package = self.lock(), self.package()
        self._check_project(lock)
        keys = (*_DEPENDENCIES, *(("devDependencies",) * (development or lock.modern)))
        tables = [table for key in keys if isinstance(table := package.get(key, {}), dict)]
        asked = [lock.key(str(name), str(wanted)) for table in tables for name, wanted in table.items()]
        told = package.get("resolutions")
        free = frozenset(_last(str(one), modern=lock.modern) for one in told) if isinstance(told, dict) else frozenset()
        found = self.lists.facts.recall(
            "what yarn.lock has", (id(lock), tuple(asked), free), lambda: lock.reached(asked, free)
        )
        if found is None:
            raise Unmet("yarn.lock has not all that package.json asks for")
        stranger = next((one for one in found if one.elsewhere), None)
        if stranger is not None:
            raise Unmet(f"yarn takes {stranger.name} from elsewhere than the registry")
        return found

    def lock(self) -> YarnLock:
        """The lock file. Raises ``Unmet``."""
        text = brought(self.lists, "yarn.lock", self.folder, self.run)
        if text is None:
            raise Unmet(self._unseen("yarn.lock"))
        lock = self.lists.facts.recall("yarn.lock", text, lambda: read_yarn_lock(text))
        if lock is None:
            raise Unmet("yarn.lock is not written as Yarn writes it")
        return lock

    def package(self) -> Mapping[str, Any]:
        """The project's package.json. Raises ``Unmet``."""
        text = brought(self.lists, "package.json", self.folder, self.run)
        found = self.lists.facts.recall("package.json", text, lambda: _json(text))
        if found is None:
            raise Unmet(self._unseen("package.json"))
        return found

    def quiet(self, lock: YarnLock) -> bool:
        """Whether settings keep the scripts of packages from running. Raises ``Unmet`` for what they set otherwise."""
        if lock.modern:
            return self._modern_quiet()
        # Yarn does not hear what .npmrc says of scripts: it has a default of its own.
        quiet = False
        for key, value in self._settings(".yarnrc", _SETTING):
            if key == "ignore-scripts" and value == "true":
                quiet = True
            elif key not in yarn_words().settings:
                raise Unmet(f"what {key} in .yarnrc sets for yarn is not known")
        return quiet

    def _modern_quiet(self) -> bool:
        quiet, linked = False, self._said("nodeLinker of commands", _sets_linker)
        for key, value in self._settings(".yarnrc.yml", _MODERN_SETTING):
            if key == "enableScripts" and value in ("true", "false"):
                quiet = value == "false" and not self._builds_some()
            elif key == "nodeLinker":
                linked = linked or value == "node-modules"
            elif key != "yarnPath" and key not in yarn_words().settings:
                raise Unmet(f"what {key} in .yarnrc.yml sets for yarn is not known")
        if not linked:
            raise Unmet("yarn keeps packages in archives by Plug'n'Play, and what finds them there is not known")
        return quiet

    def _builds_some(self) -> bool:
        """Whether package.json names packages whose scripts run whatever the settings say."""
        told = self.package().get("dependenciesMeta")
        return told is not None and not (
            isinstance(told, dict) and all(isinstance(one, dict) and not one.get("built") for one in told.values())
        )

    def _settings(self, name: str, setting: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        """What the file *name* sets. Raises ``Unmet`` where others may set more, or where it is written otherwise."""
        for folder in above(self.folder or ""):
            if self.lists.has(name, folder):
                raise Unmet(f"what {posixpath.join(folder, name)} sets for yarn is not known")
        for line in (self._setting_file(name) or "").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            found = setting.match(line)
            if found is None:
                raise Unmet(f"what {name} sets for yarn is not known")
            if found["command"] in (None, "", "install"):
                yield found["key"].strip('"'), found["value"].strip("\"'")

    def _setting_file(self, name: str) -> str | None:
        """The settings in the file *name*; None where there is none. Raises ``Unmet`` where a command names it."""
        if names_file(self.lists, name, self.run):
            raise Unmet(f"what a command makes of {name} is not known")
        return brought(self.lists, name, self.folder, self.run)

    def _check_project(self, lock: YarnLock) -> None:
        """Raise ``Unmet`` where more than package.json and *lock* decide, or another Yarn than wrote it."""
        if lock.workspaces or self.package().get("workspaces"):
            raise Unmet("what yarn installs for workspaces is not known")
        for folder in above(self.folder or ""):
            outer = _json(self.lists.text(posixpath.join(folder, "package.json"), folder))
            if outer is not None and outer.get("workspaces"):
                raise Unmet("what yarn installs for workspaces is not known")
        kept = self.lists.facts.recall("what Yarn keeps", self.folder, self._kept)
        if kept is not None:
            raise Unmet(f"what {kept} changes of what yarn installs is not known")
        chosen = self._said(_OTHERS.pattern, lambda run, _: _OTHERS.search(run.origin.logical.text) is not None)
        newer = chosen or _MODERN_MANAGER.match(str(self.package().get("packageManager", ""))) is not None
        settings = self._setting_file(".yarnrc.yml") or ""
        if lock.modern and not newer and not re.search(r"^yarnPath:", settings, re.M):
            raise Unmet("which Yarn follows yarn.lock is not known: neither package.json nor a command names it")
        if not lock.modern and (newer or settings):
            raise Unmet("a newer Yarn may follow yarn.lock than the one that wrote it")
        if self._said("settings of commands", _sets_otherwise):
            raise Unmet("what yarn config sets is not known")

    def _kept(self) -> str | None:
        """A file of the context beside package.json with packages, or with what changes them."""
        project = self.lists.facts.project
        inside = f"{(self.folder or '/').rstrip('/')}/"
        for path in project.image_files(self.lists.build) if project is not None else ():
            if path.startswith(inside) and path[len(inside) :].startswith(_KEPT):
                return path[len(inside) :]
        return None

    def _said(self, name: str, says: Callable[[Run, Lists], bool]) -> bool:
        """Whether this RUN *says* something, or one before it; *name* is what it says."""
        return any(self._first(name, says, stage) <= self.run.index for stage in lineage(self.run, self.lists))

    def _first(self, name: str, says: Callable[[Run, Lists], bool], stage: Stage) -> float:
        """The index of the first RUN of *stage* that *says* something; infinite where none does."""

        def work_out() -> float:
            return next((run.index for run in stage.runs if says(run, self.lists)), float("inf"))

        return self.lists.facts.recall("first RUN that says", (name, stage.index), work_out)

    def check_words(self, done: Operation) -> None:
        """Raise ``Unmet`` where the options of *done*, or variables, change what is installed."""
        odd = next((flag.name for flag in done.flags if flag.name not in yarn_words().flags), None)
        if odd is not None or not done.certain or done.operands or done.subcommand not in ("", "install"):
            raise Unmet(f"what {' '.join(filter(None, ('yarn', done.subcommand, odd)))} installs is not known")
        state = self.lists.facts.state(self.run)
        told = next(filter(_TELLING.search, (*state.env, *state.args)), None)
        if told is not None or self._said(
            _TELLING.pattern, lambda run, _: _TELLING.search(run.origin.logical.text) is not None
        ):
            raise Unmet(f"what {told or 'a variable'} sets for yarn is not known")

    def check_own_scripts(self) -> None:
        """Raise ``Unmet`` where the project itself runs a script when its packages are installed."""
        scripts = self.package().get("scripts")
        own = next((one for one in INSTALLING if isinstance(scripts, dict) and one in scripts), None)
        if own is not None:
            raise Unmet(f"what the script {own} of package.json does is not known")
        if self.lists.has("binding.gyp", self.folder):
            raise Unmet("yarn compiles the project itself, as binding.gyp says")

    def _unseen(self, name: str) -> str:
        if self.lists.facts.project is None:
            return f"{name} cannot be seen without the build context (--context)"
        if self.folder is None:
            return f"{name} cannot be seen: in which directory yarn works is not known"
        return f"{name} cannot be seen: no COPY brings it to {self.folder} for certain before yarn runs"


def _configured(run: Run, lists: Lists) -> Iterator[tuple[str | None, ...]]:
    """The words behind ``yarn config set`` in *run*."""
    for use in lists.facts.uses(run):
        words = use.command.argv[use.operation.command + 1 :]
        if use.operation.manager.name == "yarn" and words[:2] == ("config", "set"):
            yield words[2:]


def _sets_linker(run: Run, lists: Lists) -> bool:
    return any(words == ("nodeLinker", "node-modules") for words in _configured(run, lists))


def _sets_otherwise(run: Run, lists: Lists) -> bool:
    return any(
        words != ("nodeLinker", "node-modules") and words[0] not in yarn_words().settings
        for words in _configured(run, lists)
        if words
    )


def _last(path: str, *, modern: bool) -> str:
    """The package that an entry of ``resolutions`` is for: the last one of ``a/**/b``, ``@c/d/e@npm:1``."""
    bare = re.sub(r"(?<=.)@(?:npm:)?[^@/]*\Z", "", path) if modern else path
    parts = bare.split("/")
    return "/".join(parts[-2:]) if len(parts) > 1 and parts[-2].startswith("@") else parts[-1]


def _json(text: str | None) -> Mapping[str, Any] | None:
    try:
        found = read_json(text) if text is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
