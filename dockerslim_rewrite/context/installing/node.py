"""Node.js: npm, Yarn and pnpm with their lock files, configuration and workspaces.

Sources: npm documentation (package.json, workspaces, scripts); Yarn documentation (.yarnrc.yml, .yarn); pnpm
documentation (pnpm-workspace.yaml, .pnpmfile.cjs).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any, TypeAlias

from .needs import Needs

_SCRIPTS = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "prepublish")
_LOCAL = re.compile(r"(?:file|link|portal|patch|exec):")
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")

_Globs: TypeAlias = Callable[[Needs, str, dict[str, Any]], Iterator[str]]


def npm(needs: Needs, folder: str) -> None:
    """package.json, its lock file, .npmrc, and the same of workspaces."""
    package = _root(needs, folder, _globs)
    for name in ("package-lock.json", "npm-shrinkwrap.json"):
        path = posixpath.join(folder, name)
        if needs.optional(path) and package is not None and not _fits(package, needs.json(path)):
            _changes(needs, "npm", path, "ci", "clean-install")


def yarn(needs: Needs, folder: str) -> None:
    """package.json, yarn.lock, the configuration of both generations of Yarn, and the same of workspaces."""
    package = _root(needs, folder, _globs)
    path = posixpath.join(folder, "yarn.lock")
    if needs.optional(path) and package is not None:
        heads = [line.rstrip(":").split(",") for line in needs.text(path).splitlines() if line[:1] not in (" ", "#")]
        known = {one.strip(' "').replace("@npm:", "@") for head in heads for one in head}
        if any(f"{name}@{asked.removeprefix('npm:')}" not in known for name, asked in _asked(package)):
            _changes(needs, "yarn", path, "--frozen-lockfile", "--immutable")
    for name in (".yarnrc", ".yarnrc.yml"):
        needs.configuration(posixpath.join(folder, name))
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
        if any((f"{name}:", f"specifier: {asked}") not in known for name, asked in _asked(package)):
            _changes(needs, "pnpm", path, "--frozen-lockfile", "fetch")
    needs.configuration(posixpath.join(folder, "pnpm-workspace.yaml"))
    for name in (".pnpmfile.cjs", ".pnpmfile.mjs"):
        if posixpath.join(folder, name) in needs.tree.by_path:
            needs.against(f"{name} is a program that pnpm runs while installing")


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
    """The list ``packages`` of pnpm-workspace.yaml, which is the only one in it that begins so."""
    path = posixpath.join(folder, "pnpm-workspace.yaml")
    if path not in needs.tree.by_path:
        return
    within = False
    for line in needs.text(path).splitlines():
        bare = line.split("#")[0].strip()
        if not line.startswith((" ", "\t", "-")) and bare:
            within = bare == "packages:"
            if bare.startswith(("packages", "'packages", '"packages', "{")) and not within:
                needs.against(f"{path} names packages in a way that is not read here")
        elif within and bare.startswith("-"):
            yield bare[1:].strip().strip("\"'")


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
        found |= {one for one in needs.tree.by_path if one.count("/") == depth and fnmatchcase(one, pattern)}
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
