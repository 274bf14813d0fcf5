"""What a project's own lists install, where the build context shows them: whether anything of it is compiled.

Sources: pip's requirements file format; npm's package-lock.json (versions 2 and 3: ``hasInstallScript`` marks packages
with install scripts or a ``binding.gyp``, ``bin`` their programs) and the scripts that ``npm ci`` runs, among them
``node-gyp rebuild`` where the project has a ``binding.gyp``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from ...ir.build import Build
from ...ir.steps import Run
from ...knowledge.linked import linked_packages
from ...knowledge.package_indexes import usual_index
from ...knowledge.smaller import Installer
from ...patterns import re
from ...record import record
from ...text.structured import read_json
from ..facts import Facts
from ..locked import FILE_NAME, Lock, PackageEntry
from .asked import NPM_TARGET, npm_asked
from .exact import LOCKS, exact_requirements
from .lock_files import npm_packages
from .old_npm_lock import is_in_step, packages_of

#: Scripts of package.json that run when its project is installed.
INSTALLING = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "prepublish")
#: A literal that may be a path into a package of npm.
_PATH_INTO = re.compile(r"""['"`]((?:@[\w.-]+/)?[\w.-]+)/""")
_MODULES = (".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx", ".vue", ".svelte")
#: Options that a requirements file may hold. Source: pip documentation, "Requirements File Format".
_OPTION = re.compile(
    r"(?:(?P<index>-i|--index-url)[ =]\s*(?P<value>\S+)"
    r"|(?P<idle>--trusted-host[ =]\s*\S+|--prefer-binary|--require-hashes|--only-binary[ =]\s*\S+))\Z"
)
_INCLUDE = re.compile(r"(?:-r|--requirement)[ =]\s*(\S+)\Z")


_SHOWN = 200
#: Packages of headers that nothing but a compiler reads.
_HEADERS = frozenset(("nan", "node-addon-api"))


def look_up(lock: Lock, target: str | None) -> str:
    """Where a package index may know what nobody here does; *target* is what the package is installed for."""
    if target is None:
        # Nobody knows which version of the language is asked for, or the packages come from elsewhere.
        return ""
    if any(lock.packages.values()):
        return f"; {FILE_NAME} has no answer of the index for it"
    return "; `dockerslim lock` asks the index"


def check_addon(manager: str, key: str, entry: PackageEntry, *, compiles: bool) -> None:
    """Raises ``Unmet`` where what *manager* installs of *key*, of which *entry* tells, may need what only full images
    have. *compiles*: a compiler is there, so that only what the result is linked to counts.
    """
    if entry.compiled and not (compiles and entry.alone):
        raise Unmet(f"{manager} runs the install script of {key}, which may compile")
    if entry.libraries:
        raise Unmet(f"{key} is linked to {entry.libraries[0]}, which the smaller image lacks")


def without_secret(line: str) -> str:
    """*line* of a requirements file as it may be shown: without what signs in to an index, and not too long."""
    bare = re.sub(r"(?<=//)[^/@\s]+@", "", line)
    return bare if len(bare) <= _SHOWN else f"{bare[:_SHOWN]}…"


class Unmet(Exception):
    """Something is needed of which nobody knows whether the smaller image has it."""


@record
class Lists:
    """Reads the files of the project that *build* copies into its last stage."""

    build: Build
    facts: Facts

    def lines(self, path: str, folder: str | None) -> tuple[str, ...]:
        """The lines of the requirements file *path*, seen from *folder*, and of those that it names.

        Raises ``Unmet`` where the build context does not show one of them.
        """
        folder = "/" if path.startswith("/") else folder
        found: list[str] = []
        seen: set[str] = set()
        waiting = [posixpath.normpath(posixpath.join(folder or "/", path))]
        while waiting:
            at = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            text = self.text(at, folder)
            if text is None:
                raise Unmet(f"pip may have to compile {path}")
            for line in _lines(text):
                include = _INCLUDE.match(line)
                if include is None:
                    if not _changes_nothing(line, path):
                        found.append(line)
                else:
                    waiting.append(posixpath.normpath(posixpath.join(posixpath.dirname(at), include[1])))
        return tuple(found)

    def npm_lock(
        self,
        folder: str | None,
        known: Installer,
        *,
        scripts: bool,
        exact: bool = True,
        development: bool = True,
        compiles: bool = False,
    ) -> frozenset[str]:
        """The programs that ``npm ci`` in *folder* puts in place; *scripts* says that it runs install scripts,
        *development* that it brings what is listed for development, *compiles* that a compiler is there.

        ``npm install`` is not *exact*: it follows the lock file where package.json asks for the same. Raises ``Unmet``
        where something may be compiled, or fetched by other means than npm's own.
        """
        lock = self._json("package-lock.json", folder)
        packages = packages_of(lock) if lock is not None else None
        if lock is None and exact:
            raise Unmet(self._unseen("package-lock.json", folder))
        if lock is None or packages is None:
            raise Unmet("no package-lock.json with a list of packages tells what npm installs")
        package = self._json("package.json", folder)
        old = "packages" not in lock and package is not None
        in_step = is_in_step(lock, package or {}) if old else _in_step(package, packages.get(""))
        if not exact and not in_step:
            raise Unmet("package-lock.json and package.json do not ask for the same")
        if scripts:
            self._check_own_scripts(folder)
        programs: set[str] = set()
        for path, entry in packages.items():
            name = path.rpartition("node_modules/")[2]
            if not isinstance(entry, dict) or not path or (entry.get("dev") is True and not development):
                continue
            if not str(entry.get("resolved", "https://")).startswith("https://") or entry.get("link"):
                raise Unmet(f"npm ci fetches {name} from elsewhere")
            if scripts and _runs_script(entry) and name not in known.harmless_scripts:
                self._check_script(str(entry.get("name") or name), entry.get("version"), compiles=compiles)
            bins = entry.get("bin")
            programs.update(bins if isinstance(bins, dict) else ())
        return frozenset(programs)

    def _check_script(self, name: str, version: object, *, compiles: bool) -> None:
        found = self.facts.lock.packages.get(NPM_TARGET, {}).get(f"{name}=={version}")
        if found is None or f"{name}@{version}" not in found.asked:
            raise Unmet(f"npm may have to compile {name}{look_up(self.facts.lock, NPM_TARGET)}")
        check_addon("npm", f"{name}=={version}", found, compiles=compiles)

    def npm_scripts(self, folder: str | None) -> tuple[str, ...]:
        """The packages that npm's lock file in *folder* says to have scripts for their installation, as the lock file
        of ours keeps what is asked.
        """
        packages = packages_of(self._json("package-lock.json", folder) or {})
        named = packages.items() if packages is not None else ()
        running = (
            (str(entry.get("name") or path.rpartition("node_modules/")[2]), str(entry.get("version")))
            for path, entry in named
            if isinstance(entry, dict) and path and _runs_script(entry) and not entry.get("link")
        )
        return tuple(asked for name, version in running if (asked := npm_asked(name, version)) is not None)

    def check_runs(self, folder: str | None) -> None:
        """Raises ``Unmet`` where npm's lock file in *folder* names a package that starts programs of full images."""
        runs = linked_packages("npm").runs
        starter = next((name for name in self.npm_names(folder) if name in runs), None)
        if starter is not None:
            raise Unmet(f"{starter} may start a program of the full image")

    def npm_names(self, folder: str | None) -> tuple[str, ...]:
        """The packages that npm's lock file in *folder* names."""
        text = self.text(posixpath.join(folder or "/", "package-lock.json"), folder) or ""
        return tuple(npm_packages(text))

    def npm_asked(self, folder: str | None, *, development: bool) -> tuple[str | None, ...]:
        """What the package.json in *folder* asks for, as the lock file keeps it; None for what comes from elsewhere.

        Raises ``Unmet`` where the build context does not show it, or where installing it runs a script of its own.
        """
        package = self._json("package.json", folder)
        if package is None:
            raise Unmet(self._unseen("package.json", folder))
        self._check_own_scripts(folder)
        if package.get("workspaces") or package.get("overrides") or package.get("bundleDependencies"):
            raise Unmet("package.json names workspaces or overrides")
        keys = ("dependencies", "optionalDependencies", "peerDependencies", *(("devDependencies",) * development))
        pairs = [pair for key in keys if isinstance(package.get(key), dict) for pair in package[key].items()]
        return tuple(npm_asked(str(name), str(wanted)) for name, wanted in pairs)

    def _check_own_scripts(self, folder: str | None) -> None:
        """Raises ``Unmet`` where npm runs a script of the project's own, or compiles it, when it is installed."""
        own = next((script for script in INSTALLING if script in self._scripts(folder)), None)
        if own is not None:
            raise Unmet(f"what the script {own} of package.json does is not known")
        if self.has("binding.gyp", folder):
            raise Unmet("npm compiles the project itself, as binding.gyp says")

    def locked(self, run: Run | None, manager: str, folder: str | None) -> tuple[str, ...]:
        """What the lock file of *manager* (uv, poetry) in *folder* names, or the one that *run* mounts there.

        Raises ``Unmet`` where the build context does not show it, or where not all of it comes from an index.
        """
        name = LOCKS[manager]
        text = self.text(posixpath.join(folder or "/", name), folder)
        for mount in run.mounts if run is not None else ():
            source = mount.get("source", "")
            bound = mount.get("type", "bind") == "bind" and not mount.get("from") and self.facts.project is not None
            if text is None and bound and posixpath.basename(source) == name and self.facts.project is not None:
                text = self.facts.project.text(posixpath.normpath(source).lstrip("/"))
        found = exact_requirements(text) if text is not None else None
        if found is None:
            raise Unmet(f"no {name} of the build context tells what {manager} installs")
        return found

    def has(self, name: str, folder: str | None) -> bool:
        """Whether the build context surely brings the file *name* into *folder*."""
        return self.text(posixpath.join(folder or "/", name), folder) is not None

    def has_script(self, name: str, folder: str | None) -> bool:
        """Whether package.json in *folder* has the script *name*. Raises ``Unmet`` where it cannot be seen."""
        return isinstance(self._scripts(folder).get(name), str)

    def npm_script(self, name: str, folder: str | None) -> Iterator[str]:
        """The shell text of the script *name* of package.json in *folder*, with those before and behind it.

        Without a script to start the project, npm runs server.js. Source: npm documentation, "npm-start".
        """
        scripts = dict(self._scripts(folder))
        if name == "start" and self.has("server.js", folder):
            scripts.setdefault(name, "node server.js")
        if not isinstance(scripts.get(name), str):
            raise Unmet(f"what npm {name} does is not known")
        for one in (f"pre{name}", name, f"post{name}"):
            if isinstance(scripts.get(one), str):
                yield scripts[one]

    def _scripts(self, folder: str | None) -> Mapping[str, Any]:
        package = self._json("package.json", folder)
        if package is None:
            raise Unmet(self._unseen("package.json", folder))
        scripts = package.get("scripts", {})
        return scripts if isinstance(scripts, dict) else {}

    def _json(self, name: str, folder: str | None) -> Mapping[str, Any] | None:
        text = self.text(posixpath.join(folder or "/", name), folder)
        try:
            found = read_json(text) if text is not None else None
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def loads_into(self, name: str) -> bool:
        """Whether the project may load files of the package *name* of npm by paths into it."""
        found = self.facts.recall("paths into packages", self.build.text, self._paths_into)
        return found is None or name in found

    def _paths_into(self) -> frozenset[str] | None:
        """The packages of npm into which the project's files name paths; None where a file cannot be read."""
        project = self.facts.project
        if project is None:
            return None
        found: set[str] = set()
        for path, file in project.image_files(self.build).items():
            if path.endswith(_MODULES):
                text = project.text(file.path)
                if text is None:
                    return None
                found.update(match[1] for match in _PATH_INTO.finditer(text))
        return frozenset(found)

    def source(self, path: str) -> str | None:
        """Where in the build context the file at the image path *path* comes from; None where none does for certain."""
        project = self.facts.project
        file = project.image_files(self.build).get(path) if project is not None else None
        return file.path if file is not None else None

    def _unseen(self, name: str, folder: str | None) -> str:
        """Why the file *name* in *folder* is not known."""
        if self.facts.project is None:
            return f"{name} cannot be seen without the build context (--context)"
        if folder is None:
            return f"{name} cannot be seen: in which directory npm works is not known"
        if self.has(name, folder):
            return f"{name} in {folder} is no JSON object"
        return f"{name} cannot be seen: no COPY brings it to {folder} for certain"

    def text(self, path: str, folder: str | None) -> str | None:
        """The text of the file at the image path *path*; None where it does not come from the context for certain."""
        project = self.facts.project
        if project is None or folder is None:
            return None
        file = project.image_files(self.build).get(path)
        return project.text(file.path) if file is not None else None


def _changes_nothing(line: str, path: str) -> bool:
    """Whether *line* of the requirements file *path* is an option that leaves open what is installed as it is.

    Raises ``Unmet`` for one by which packages come from elsewhere.
    """
    option = _OPTION.match(line)
    if option is None:
        return False
    if option["index"] is not None and option["value"].rstrip("/") != usual_index("pypi"):
        raise Unmet(f"pip may have to compile what comes from the index that {path} names")
    return option["index"] is not None or option["idle"] is not None


def _lines(text: str) -> Iterator[str]:
    """The lines of a requirements file without comments, continuations joined."""
    for line in text.replace("\\\n", " ").splitlines():
        bare = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if bare:
            yield bare


def _in_step(package: Mapping[str, Any] | None, root: object) -> bool:
    """Whether a lock file's entry *root* was made for *package*."""
    return (
        package is not None
        and isinstance(root, dict)
        and all(
            package.get(key, {}) == root.get(key, {})
            for key in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
        )
    )


def _runs_script(entry: Mapping[str, Any]) -> bool:
    """Whether npm runs a script when it installs a package of the lock file on Linux, or may compile it.

    It compiles what has a binding.gyp, marked or not; what needs the headers of add-ons has one, as a rule. Source:
    @npmcli/arborist, rebuild.
    """
    systems = entry.get("os")
    linux = not isinstance(systems, list) or "linux" in systems or any(str(one).startswith("!") for one in systems)
    needed = entry.get("dependencies")
    compiled = isinstance(needed, dict) and not _HEADERS.isdisjoint(needed)
    return linux and (bool(entry.get("hasInstallScript")) or compiled)
