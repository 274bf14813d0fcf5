"""Which folders of the project a program of Rust is built from: its crate, and those that it names by their paths."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..patterns import re
from ..text.structured import read_toml
from .tree import ContextTree

_MANIFEST = "Cargo.toml"
_PLACE = re.compile(r"#\[path\s*=\s*\"([^\"\\/][^\"\\]*)\"\s*\]")
#: What only build scripts need is in no program.
_TABLES = ("dependencies",)


def of_crate(name: str, files: Collection[str], tree: ContextTree) -> list[str] | None:
    """Those of *files* that the program *name* is built from; None where the manifests do not tell."""
    manifests = tree.recall(("crates",), lambda: _manifests(tree))
    if manifests is None:
        return None
    first = [folder for folder, manifest in manifests.items() if name in _programs(manifest)]
    if len(first) != 1:
        return None
    waiting, own = [first[0]], {first[0]}
    while waiting:
        folder = waiting.pop()
        for path in _paths(folder, manifests):
            if path not in manifests:
                return None
            if path not in own:
                own.add(path)
                waiting.append(path)
    scripts = {_joined(folder, _script(manifests[folder])) for folder in own}
    found = [path for path in files if _crate(path, manifests) in own and path not in scripts]
    sources = [path for path in found if path.endswith(".rs")]
    elsewhere = any(not _stays_in(own, path, tree.read(path) or "", manifests) for path in sources)
    return None if elsewhere or not any(path.endswith(".rs") for path in found) else found


def _stays_in(own: Collection[str], path: str, text: str, manifests: Collection[str]) -> bool:
    """Whether all modules to which the source at *path* gives a place of their own lie in the crates *own*.

    Within a module the place is seen from further below. Source: The Rust Reference, "The path attribute".
    """
    told = _PLACE.findall(text)
    places = [posixpath.normpath(posixpath.join(posixpath.dirname(path), one)) for one in told]
    return text.count("#[path") == len(told) and all(_crate(place, manifests) in own for place in places)


def _manifests(tree: ContextTree) -> dict[str, Mapping[str, Any]] | None:
    """The manifests of all crates by their folders; None where one cannot be read."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in tree.by_path:
        if posixpath.basename(path) == _MANIFEST:
            try:
                found[posixpath.dirname(path)] = read_toml(tree.read(path) or "")
            except ValueError:
                return None
    return found


def _programs(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The names of the programs that a crate may make."""
    for one in (manifest.get("package"), *_listed(manifest.get("bin"))):
        if isinstance(one, Mapping) and isinstance(one.get("name"), str):
            yield one["name"]


def _script(manifest: Mapping[str, Any]) -> str:
    """The program of a crate that is run while it is built."""
    package = manifest.get("package")
    told = package.get("build") if isinstance(package, Mapping) else None
    return told if isinstance(told, str) else "build.rs"


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _paths(folder: str, manifests: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The folders of the project's own crates that the one in *folder* depends on."""
    manifest = manifests[folder]
    targets = manifest.get("target")
    tables = [manifest, *(targets.values() if isinstance(targets, Mapping) else ())]
    for table in (one.get(name) for one in tables if isinstance(one, Mapping) for name in _TABLES):
        for name, told in table.items() if isinstance(table, Mapping) else ():
            if isinstance(told, Mapping) and isinstance(told.get("path"), str):
                yield _joined(folder, told["path"])
            elif isinstance(told, Mapping) and told.get("workspace"):
                yield from _shared(name, manifests)
    for table in (one.get("patch") for one in manifests.values()):
        for source in table.values() if isinstance(table, Mapping) else ():
            for told in source.values() if isinstance(source, Mapping) else ():
                if isinstance(told, Mapping) and isinstance(told.get("path"), str):
                    # A patch may take the place of any dependency: what its folder holds counts.
                    root = next(one for one, manifest in manifests.items() if manifest.get("patch") is table)
                    yield _joined(root, told["path"])


def _shared(name: str, manifests: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The folders that workspaces give to the dependency *name*."""
    for root, manifest in manifests.items():
        workspace = manifest.get("workspace")
        table = workspace.get("dependencies") if isinstance(workspace, Mapping) else None
        told = table.get(name) if isinstance(table, Mapping) else None
        if isinstance(told, Mapping) and isinstance(told.get("path"), str):
            yield _joined(root, told["path"])


def _joined(folder: str, path: str) -> str:
    found = posixpath.normpath(posixpath.join(folder, path))
    return "" if found == "." else found


def _crate(path: str, manifests: Collection[str]) -> str | None:
    """The folder of the crate that the file at *path* belongs to."""
    folder = posixpath.dirname(path)
    while folder not in manifests:
        if not folder:
            return None
        folder = posixpath.dirname(folder)
    return folder
