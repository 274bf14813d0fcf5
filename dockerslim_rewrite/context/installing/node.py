"""Node.js: npm, Yarn and pnpm with their lock files, configuration and workspaces.

Sources: npm documentation (package.json, workspaces, scripts); Yarn documentation (.yarnrc.yml, .yarn); pnpm
documentation (pnpm-workspace.yaml, .pnpmfile.cjs).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from ...knowledge.installers import reads_project, scripts_known
from ...patterns import re
from ...text.paths import matches
from ..configuration.entries import UnreadError
from ..configuration.trees import read_yaml
from .needs import Needs

_SCRIPTS = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "prepublish")
_LOCAL = re.compile(r"(?:file|link|portal|patch|exec):")
#: What a lock file says of a package that comes from the project, without the hash behind it.
_FILE = re.compile(r"(?<![\w-])file:(?://)?([^\s\"'#,:})]+)")
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")

_Globs: TypeAlias = Callable[[Needs, str, dict[str, Any]], Iterator[str]]


def npm(needs: Needs, folder: str) -> None:
    """package.json, its lock file, .npmrc, and the same of workspaces."""
    package = _root(needs, folder, _globs)
    for name in ("package-lock.json", "npm-shrinkwrap.json"):
        path = posixpath.join(folder, name)
        if needs.optional(path) and package is not None:
            lock = needs.json(path)
            if not _fits(package, lock):
                _changes(needs, "npm", path, "ci", "clean-install")
            _scripts_of(needs, *_locked(lock))
            _archives(needs, path)


def yarn(needs: Needs, folder: str) -> None:
    """package.json, yarn.lock, the configuration of both generations of Yarn, and the same of workspaces."""
    package = _root(needs, folder, _globs)
    path = posixpath.join(folder, "yarn.lock")
    if needs.optional(path) and package is not None:
        heads = [line.rstrip(":").split(",") for line in needs.text(path).splitlines() if line[:1] not in (" ", "#")]
        known = {one.strip(' "').replace("@npm:", "@") for head in heads for one in head}
        _scripts_of(needs, (re.sub(r"(?<=.)@.*", "", one) for one in known), ())
        if any(f"{name}@{asked.removeprefix('npm:')}" not in known for name, asked in _asked(package)):
            _changes(needs, "yarn", path, "--frozen-lockfile", "--immutable")
        _archives(needs, path)
    needs.configuration(posixpath.join(folder, ".yarnrc"), folders=True)
    modern = posixpath.join(folder, ".yarnrc.yml")
    if needs.optional(modern):
        # The name of a setting, such as `plugins`, may be that of a folder.
        needs.named_in(re.sub(r"(?m)^[\s-]*[\w\"']+:", " ", needs.text(modern)), folder, folders=True)
    needs.folder(posixpath.join(folder, ".yarn/releases"))
    if posixpath.join(folder, ".yarn/plugins") in needs.tree.folders:
        needs.against("plugins of Yarn may read more than package.json")


def pnpm(needs: Needs, folder: str) -> None:
    """package.json, pnpm-lock.yaml, pnpm's configuration, and the same of workspaces."""
    package = _root(needs, folder, _pnpm_globs)
    path = posixpath.join(folder, "pnpm-lock.yaml")
    if needs.optional(path) and package is not None:
        lines = [line.strip().replace("'", "").replace('"', "") for line in needs.text(path).splitlines()]
        known = set(pairwise(lines))
        _scripts_of(needs, *_pnpm_locked(needs.text(path)))
        if any((f"{name}:", f"specifier: {asked}") not in known for name, asked in _asked(package)):
            _changes(needs, "pnpm", path, "--frozen-lockfile", "fetch")
        _archives(needs, path)
    needs.configuration(posixpath.join(folder, "pnpm-workspace.yaml"))
    for name in (".pnpmfile.cjs", ".pnpmfile.mjs"):
        if posixpath.join(folder, name) in needs.tree.by_path:
            needs.against(f"{name} is a program that pnpm runs while installing")


def _archives(needs: Needs, path: str) -> None:
    """The archives of the project that the lock file at *path* names, as it does those that only overrides name."""
    for place in sorted(set(_FILE.findall(needs.text(path)))):
        needs.packages(place, posixpath.dirname(path), path)


def _locked(lock: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The packages of npm's lock file, and those of them that run a script when they are installed."""
    packages = {
        path.rpartition("node_modules/")[2]: entry
        for path, entry in (lock.get("packages") or {}).items()
        if path and not entry.get("link")
    }
    return set(packages), {name for name, entry in packages.items() if entry.get("hasInstallScript")}


def _pnpm_locked(text: str) -> tuple[set[str], set[str]]:
    """The same of pnpm's, which says so up to version 6 of the format."""
    names: set[str] = set()
    scripted: set[str] = set()
    last = ""
    for line in text.splitlines():
        match = re.match(r"  ['\"]?/?((?:@[\w.-]+/)?[\w.-]+)[@/]\d\S*:\s*$", line)
        if match is not None:
            last = match[1]
            names.add(last)
        elif line.strip() == "requiresBuild: true":
            scripted.add(last)
    return names, scripted


def _scripts_of(needs: Needs, names: Iterable[str], scripted: Iterable[str]) -> None:
    """Note the packages whose script, which runs when they are installed, reads the project, or may do so."""
    for name in sorted(set(names)):
        if reads_project(name):
            needs.against(f"the install script of {name} reads the project", "--ignore-scripts", "fetch")
    for name in sorted(set(scripted)):
        if not scripts_known(name):
            needs.against(f"the install script of {name} may read the project", "--ignore-scripts", "fetch")


def _root(needs: Needs, folder: str, globs: _Globs) -> dict[str, Any] | None:
    """The package in *folder* and the members of its workspaces; None where there is none."""
    path = posixpath.join(folder, "package.json")
    if not needs.required(path):
        return None
    package = _package(needs, path)
    needs.configuration(posixpath.join(folder, ".npmrc"))
    if any(file.startswith(posixpath.join(folder, "patches/")) for file in needs.tree.by_path):
        needs.against("patches are applied while installing")
    if posixpath.join(folder, "lerna.json") in needs.tree.by_path:
        needs.against("lerna.json may name further packages")
    for member in _members(needs, folder, tuple(globs(needs, folder, package))):
        needs.required(member)
        inner = _package(needs, member)
        if inner.get("bin") or (inner.get("directories") or {}).get("bin"):
            needs.against(f"{member} has programs, which installing links")
        modules = posixpath.join(posixpath.dirname(member), "node_modules")
        if modules in needs.tree.folders:
            needs.against(f"the context holds {modules}, which would take the place of what is installed")
    return package


def _package(needs: Needs, path: str) -> dict[str, Any]:
    package = needs.json(path)
    for key in (*_DEPENDENCIES, "resolutions", "overrides"):
        for name, version in (package.get(key) or {}).items():
            if isinstance(version, str) and (_LOCAL.match(version) or version.startswith((".", "/", "~/"))):
                needs.against(f"{path} takes {name} from the project itself: {version}")
    _scripts_of(needs, (name for name, _ in _asked(package)), ())
    for name in _SCRIPTS:
        if name in (package.get("scripts") or {}):
            needs.against(f"{path} runs its script {name} while installing", "--ignore-scripts", "fetch")
    if posixpath.join(posixpath.dirname(path), "binding.gyp") in needs.tree.by_path:
        needs.against(f"{posixpath.join(posixpath.dirname(path), 'binding.gyp')} is compiled while installing")
    return package


def _globs(needs: Needs, folder: str, package: dict[str, Any]) -> Iterator[str]:
    spaces = package.get("workspaces") or ()
    yield from spaces.get("packages", ()) if isinstance(spaces, dict) else spaces


def _pnpm_globs(needs: Needs, folder: str, package: dict[str, Any]) -> Iterator[str]:
    """The list ``packages`` of pnpm-workspace.yaml."""
    path = posixpath.join(folder, "pnpm-workspace.yaml")
    if path not in needs.tree.by_path:
        return
    try:
        entries = read_yaml(needs.text(path))
    except UnreadError as error:
        needs.against(f"{path} cannot be read as YAML: {error}")
        return
    yield from (one.value for one in entries if one.keys == ("packages",))


def _members(needs: Needs, folder: str, globs: Sequence[str]) -> list[str]:
    """The package.json files of workspaces, by path."""
    found: set[str] = set()
    for glob in globs:
        bare = glob.removeprefix("./").rstrip("/")
        if bare in ("", "."):
            continue
        if bare.startswith("!") or "**" in bare or re.search(r"[{(\[]", bare):
            needs.against(f"the workspaces {glob} are not read here")
            continue
        pattern = posixpath.join(folder, bare, "package.json")
        depth = pattern.count("/")
        found |= {one for one in needs.tree.by_path if one.count("/") == depth and matches(one, pattern)}
    return sorted(found)


def _changes(needs: Needs, manager: str, path: str, *unless: str) -> None:
    needs.against(f"{manager} install may change {path}, which does not fit package.json", *unless)


def _asked(package: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The packages that are installed for *package* itself, with the versions that it asks for."""
    for key in ("dependencies", "devDependencies", "optionalDependencies"):
        yield from (package.get(key) or {}).items()


def _fits(package: dict[str, Any], lock: dict[str, Any]) -> bool:
    """Whether npm finds in *lock* all that *package* asks for, and nothing else, so that it leaves it as it is.

    Locks of the first version do not say what was asked for; npm rewrites them in any case.
    """
    root = (lock.get("packages") or {}).get("")
    if root is None:
        return False
    return all((root.get(key) or {}) == (package.get(key) or {}) for key in _DEPENDENCIES)
