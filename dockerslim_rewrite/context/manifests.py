"""Package managers' files in a context, and what the project compiles when it is installed."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase, translate
from functools import cache

from ..analysis.project import Evidence, Manifest, ManifestRole, NativeExtension
from ..knowledge.project_files import manifest_names
from ..patterns import re
from ..text.structured import read_json, read_python, read_toml
from .tree import ContextTree

_NOT_OURS = re.compile(r"(?:^|/)(?:node_modules|vendor|\.venv|venv|site-packages|\.git|testdata)/")


def manifests_of(tree: ContextTree) -> tuple[Manifest, ...]:
    """All files of package managers in *tree*, those of installed packages left out."""
    found: list[Manifest] = []
    likely = _likely()
    for path in tree.by_path:
        if not likely.search(path) or _NOT_OURS.search(path):
            continue
        for names in manifest_names():
            role = _role(path, names.names, names.lock, names.configuration)
            if role is not None:
                found.append(_manifest(path, names.language, names.manager, role, tree))
                break
    return tuple(found)


@cache
def _likely() -> re.Pattern[str]:
    """What the paths of all files that package managers read match at their end: contexts hold many others."""
    patterns = {pattern for names in manifest_names() for pattern in (*names.names, *names.lock, *names.configuration)}
    return re.compile("(?:^|/)(?:" + "|".join(sorted(map(translate, patterns))) + ")")


def _role(
    path: str, names: tuple[str, ...], lock: tuple[str, ...], configuration: tuple[str, ...]
) -> ManifestRole | None:
    for patterns, role in (
        (names, ManifestRole.MANIFEST),
        (lock, ManifestRole.LOCK),
        (configuration, ManifestRole.CONFIGURATION),
    ):
        for pattern in patterns:
            tail = "/".join(path.split("/")[-(pattern.count("/") + 1) :])
            if fnmatchcase(tail, pattern):
                return role
    return None


def _manifest(path: str, language: str, manager: str, role: ManifestRole, tree: ContextTree) -> Manifest:
    text = tree.read(path) if posixpath.basename(path) == "package.json" else None
    workspaces: tuple[str, ...] = ()
    engine = None
    if text is not None:
        workspaces, engine = _package(text)
    return Manifest(path, language, manager, role, workspaces, engine)


def _package(text: str) -> tuple[tuple[str, ...], str | None]:
    try:
        data = read_json(text)
        spaces = data.get("workspaces") or ()
        spaces = spaces.get("packages", ()) if isinstance(spaces, dict) else spaces
        engine = (data.get("engines") or {}).get("node")
    except (ValueError, AttributeError, RecursionError):
        return (), None
    return tuple(space for space in spaces if isinstance(space, str)), engine if isinstance(engine, str) else None


def extensions_of(tree: ContextTree) -> tuple[NativeExtension, ...]:
    """What the project compiles when it is installed: ``ext_modules`` of setup.py, node-gyp's and maturin's files."""
    found: list[NativeExtension] = []
    for path in tree.by_path:
        name = path.rpartition("/")[2]
        if name not in ("binding.gyp", "setup.py", "pyproject.toml") or _NOT_OURS.search(path):
            continue
        if name == "binding.gyp":
            found.append(NativeExtension("node-gyp", Evidence(path, 0)))
        elif name == "setup.py":
            found += _setup_extensions(tree.read(path) or "", path)
        elif name == "pyproject.toml":
            try:
                system = read_toml(tree.read(path) or "").get("build-system", {}).get("build-backend", "")
            except (ValueError, AttributeError, RecursionError):
                continue
            if str(system).startswith(("maturin", "scikit_build_core", "mesonpy")):
                found.append(NativeExtension(str(system), Evidence(path, 0)))
    return tuple(found)


def _setup_extensions(text: str, path: str) -> list[NativeExtension]:
    import ast

    try:
        tree = read_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
            "Extension",
            "cythonize",
            "CMakeExtension",
            "Pybind11Extension",
            "RustExtension",
        ):
            first = node.args[0] if node.args else None
            name = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else path
            found.append(NativeExtension(name, Evidence(path, node.lineno)))
    return found
