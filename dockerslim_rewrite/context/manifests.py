"""Package managers' files in a context: what installing from them reads besides, and what keeps it from standing alone.

Sources: pip's requirements file format; npm, Yarn and pnpm documentation of package.json (``file:``, ``link:``,
``workspaces``, life cycle scripts); Go modules reference (``replace``); Bundler's Gemfile reference; Composer schema.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable
from fnmatch import fnmatchcase, translate
from functools import cache

from ..analysis.project import Evidence, Manifest, ManifestRole, NativeExtension
from ..knowledge.project_files import manifest_names
from .tree import ContextTree

_INSTALL_SCRIPTS = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")
_LOCAL = re.compile(r"(?:file|link|portal|workspace):")
_NOT_OURS = re.compile(r"(?:^|/)(?:node_modules|vendor|\.venv|venv|site-packages|\.git|testdata)/")

Found = tuple[tuple[str, ...], tuple[str, ...]]


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
    text = tree.read(path)
    reader = _READERS.get(posixpath.basename(path)) if role is ManifestRole.MANIFEST else None
    if manager == "pip" and path.endswith(".txt"):
        reader = _requirements
    needs: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()
    if text is None:
        obstacles = (f"{path} cannot be read",)
    elif reader is not None:
        try:
            needs, obstacles = reader(text, path, tree)
        except (ValueError, AttributeError, TypeError, RecursionError):
            obstacles = (f"{path} is not written as its manager reads it",)
    workspaces: tuple[str, ...] = ()
    engine = None
    if text is not None and posixpath.basename(path) == "package.json":
        workspaces, engine = _package(text)
    return Manifest(path, language, manager, role, needs, obstacles, workspaces, engine)


def _requirements(text: str, path: str, tree: ContextTree, above: frozenset[str] = frozenset()) -> Found:
    needs: list[str] = []
    obstacles: list[str] = []
    folder = posixpath.dirname(path)
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), start=1):
        bare = re.sub(r"(?:^|\s)#.*$", "", line).strip()
        match = re.match(r"(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)", bare)
        if match is not None:
            target = posixpath.normpath(posixpath.join(folder, match[1]))
            if "://" in match[1] or target == path or target in above:
                continue
            if target not in tree.by_path:
                obstacles.append(f"{path}:{number} names {match[1]}, which is not in the context")
            elif target not in needs:
                needs.append(target)
        elif re.match(r"-e\b|--editable\b", bare):
            if not re.search(r"(?:git|hg|svn|bzr)\+", bare):
                obstacles.append(f"{path}:{number} installs from the project itself: {bare}")
        elif bare.startswith((".", "/", "file:")) or re.search(r"@\s*file:", bare):
            obstacles.append(f"{path}:{number} installs a local file: {bare}")
        elif re.match(r"(?:-f|--find-links)[\s=]*(?!https?:)", bare):
            obstacles.append(f"{path}:{number} looks for packages in a local folder")
    for need in list(needs):
        inner = tree.read(need)
        if inner is None:
            obstacles.append(f"{need} cannot be read")
        elif len(needs) < 20:
            more, against = _requirements(inner, need, tree, above | {path})
            needs += [one for one in more if one not in needs and one != path]
            obstacles += against
    return tuple(needs), tuple(obstacles)


def _package_json(text: str, path: str, tree: ContextTree) -> Found:
    data = json.loads(text)
    obstacles = []
    for key in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "resolutions"):
        for name, version in (data.get(key) or {}).items():
            if isinstance(version, str) and (_LOCAL.match(version) or version.startswith((".", "/", "~/"))):
                obstacles.append(f"{path} takes {name} from the project itself: {version}")
    scripts = data.get("scripts") or {}
    obstacles += [f"{path} runs its script {name} while installing" for name in _INSTALL_SCRIPTS if name in scripts]
    if data.get("workspaces"):
        obstacles.append(f"{path} has workspaces, whose own package.json files are needed as well")
    folder = posixpath.dirname(path)
    if posixpath.join(folder, "binding.gyp") in tree.by_path:
        obstacles.append(f"{posixpath.join(folder, 'binding.gyp')} is compiled while installing")
    if any(posixpath.join(folder, name) in tree.by_path for name in ("pnpm-workspace.yaml", "lerna.json")):
        obstacles.append("workspaces need their own package.json files as well")
    if any(file.startswith(posixpath.join(folder, "patches/")) for file in tree.by_path):
        obstacles.append("patches are applied while installing")
    return (), tuple(obstacles)


def _package(text: str) -> tuple[tuple[str, ...], str | None]:
    try:
        data = json.loads(text)
        spaces = data.get("workspaces") or ()
        spaces = spaces.get("packages", ()) if isinstance(spaces, dict) else spaces
        engine = (data.get("engines") or {}).get("node")
    except (ValueError, AttributeError, RecursionError):
        return (), None
    return tuple(space for space in spaces if isinstance(space, str)), engine if isinstance(engine, str) else None


def _go_mod(text: str, path: str, tree: ContextTree) -> Found:
    obstacles = [
        f"{path} replaces a module with the folder {match[1]}"
        for match in re.finditer(r"=>\s*(\.{1,2}/\S*|/\S+)", text)
    ]
    return (), tuple(obstacles)


def _gemfile(text: str, path: str, tree: ContextTree) -> Found:
    obstacles = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.split("#")[0]
        if re.search(r"\bpath:|:path\s*=>|\bgemspec\b|\beval_gemfile\b|\bFile\.|\brequire_relative\b|^\s*path\s", bare):
            obstacles.append(f"{path}:{number} reads the project itself")
        elif re.search(r"\bruby\s+file:", bare):
            obstacles.append(f"{path}:{number} reads the version from another file")
    return (), tuple(obstacles)


def _composer(text: str, path: str, tree: ContextTree) -> Found:
    data = json.loads(text)
    obstacles = []
    repositories = data.get("repositories") or []
    for one in repositories.values() if isinstance(repositories, dict) else repositories:
        if isinstance(one, dict) and one.get("type") in ("path", "artifact"):
            obstacles.append(f"{path} takes packages from the project itself")
    if any(name.startswith(("pre-", "post-")) for name in data.get("scripts") or {}):
        obstacles.append(f"{path} runs scripts while installing")
    autoload = data.get("autoload") or {}
    if autoload.get("classmap") or autoload.get("files"):
        obstacles.append(f"{path} autoloads files of the project, which installing looks for")
    return (), tuple(obstacles)


def _setup(text: str, path: str, tree: ContextTree) -> Found:
    return (), (f"{path} installs the project itself",)


_READERS: dict[str, Callable[[str, str, ContextTree], Found]] = {
    "package.json": _package_json,
    "go.mod": _go_mod,
    "Gemfile": _gemfile,
    "composer.json": _composer,
    "setup.py": _setup,
    "setup.cfg": _setup,
    "pyproject.toml": _setup,
}


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
                system = tomllib.loads(tree.read(path) or "").get("build-system", {}).get("build-backend", "")
            except (tomllib.TOMLDecodeError, AttributeError, RecursionError):
                continue
            if str(system).startswith(("maturin", "scikit_build_core", "mesonpy")):
                found.append(NativeExtension(str(system), Evidence(path, 0)))
    return tuple(found)


def _setup_extensions(text: str, path: str) -> list[NativeExtension]:
    import ast

    try:
        tree = ast.parse(text)
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
