"""The files of the project that a program of Node.js loads, as far as its imports name them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from ..knowledge.habits import loads_files
from ..knowledge.vocabulary import vocabularies
from ..patterns import re
from ..text.structured import read_json
from .tree import ContextTree

_IMPORTS = re.compile(
    r"""\b(?:from\s{0,9}|import\s{0,9}|(?:require|import)\s{0,9}\(\s{0,9})(?P<quote>["'`])(?P<name>[^"'`$\n]{1,200})(?P=quote)"""
)
#: What loads files, or starts programs of the project, whose names no import tells.
_OTHERWISE = re.compile(
    r"""\b(?:require|import)\s{0,9}\(\s{0,9}(?!["'`][^"'`$\n]{1,200}["'`]\s{0,9}[,)])|\bcreateRequire\b|\brequire\s{0,9}[,;)=\[]"""
    r"""|\b(?:module|require\.main)\.require\b|\bimport\.meta\.glob\b|\beval\(|\bnew\s{1,9}Function\(|["'](?:node:)?vm["']"""
    r"""|\bnew\s{1,9}\w{0,40}Worker\(|\bfork\(|["'`](?:node|nodejs|npm|yarn|pnpm|tsx|ts-node|bun|deno)["'`\s]|\bexecPath\b"""
)
#: Names of files, wherever they stand.
_FILES = re.compile(r"""["'`](?P<name>[^"'`$\s]{1,200}\.[cm]?[jt]s)["'`]""")
#: Names that something else than the package manager may lead to a file.
_MAPPED = re.compile(r"[#~/]|@/|src/|file:|\.{1,2}\Z")
_ENDINGS = (
    "",
    ".js",
    ".cjs",
    ".mjs",
    ".ts",
    ".cts",
    ".mts",
    ".tsx",
    ".jsx",
    "/index.js",
    "/index.cjs",
    "/index.mjs",
    "/index.ts",
)
_WRITTEN_AS = {".js": (".ts", ".tsx"), ".mjs": (".mts",), ".cjs": (".cts",)}
_DATA = (".json", ".node", ".wasm")
_OPTION = re.compile(
    r"--(?:(?:enable|max|trace|unhandled|experimental|no|inspect|stack|use|harmony)\b.*|env-file=.*)\Z"
)
_SETTINGS = re.compile(r"[tj]sconfig.*\.json\Z")
_MOST = 2000


def loaded(
    argv: Sequence[str | None], cwd: str | None, placed: Mapping[str, str], tree: ContextTree
) -> list[str] | None:
    """The context paths of what the interpreter loads that *argv* starts in *cwd*; None where imports do not tell.

    *placed* leads from image paths to context paths.
    """
    words = list(argv[1:])
    while words and words[0] is not None and _OPTION.match(words[0]):
        del words[0]
    script = words[0] if words else None
    if script is None or script.startswith("-") or (cwd is None and not script.startswith("/")):
        return None
    first = _file(posixpath.join(cwd or "/", script), placed)
    if first is None:
        return None
    own = tree.recall(("names of packages",), lambda: _names(tree))
    # Others read the settings of TypeScript, which may lead a name to any file.
    plain = posixpath.basename(argv[0] or "") in ("node", "nodejs")
    if own is None or not (plain or tree.recall(("names of files",), lambda: _is_unmapped(tree))):
        return None
    waiting, found = [first], {first}
    while waiting:
        image = waiting.pop()
        text = tree.read(placed[image])
        led = None if text is None or len(found) > _MOST else _named(text, image, cwd or "/", placed, own)
        if led is None:
            return None
        waiting += led - found
        found |= led
    return sorted(placed[image] for image in found)


def _named(text: str, image: str, cwd: str, placed: Mapping[str, str], own: frozenset[str]) -> set[str] | None:
    """The image paths of the files that the source *text* at *image* names; None where it may load others."""
    if _OTHERWISE.search(text):
        return None
    here = posixpath.dirname(image)
    found = set()
    for match in _IMPORTS.finditer(text):
        name = match["name"]
        if name.startswith(("./", "../")):
            target = _file(posixpath.join(here, name), placed)
            if target is None and not name.endswith(_DATA):
                return None
            found.add(target)
        elif _is_open(name, own):
            return None
    for match in _FILES.finditer(text):
        # Some libraries are given the names of files that they load.
        found |= {_file(posixpath.join(folder, match["name"]), placed) for folder in (here, cwd)}
    return {target for target in found if target is not None and not target.endswith(_DATA)}


def _is_open(name: str, own: frozenset[str]) -> bool:
    """Whether the import of *name* may load files of the project, among them its *own* packages."""
    if _MAPPED.match(name) or any(name == one or name.startswith(f"{one}/") for one in own):
        return True
    core = vocabularies()["node"].core
    return not (core is not None and core.fullmatch(name)) and loads_files("node", name)


def _file(path: str, placed: Mapping[str, str]) -> str | None:
    """The image path of the file that is loaded as *path*."""
    path = posixpath.normpath(path)
    stem, ending = posixpath.splitext(path)
    candidates = [*(path + one for one in _ENDINGS), *(stem + one for one in _WRITTEN_AS.get(ending, ()))]
    return next((one for one in candidates if one in placed), None)


def _names(tree: ContextTree) -> frozenset[str] | None:
    """The names of the project's own packages; None where one of them cannot be read."""
    names: set[str] = set()
    for path in tree.by_path:
        base = posixpath.basename(path)
        if "node_modules/" in path or base != "package.json":
            continue
        try:
            name = read_json(tree.read(path) or "{}").get("name")
        except (ValueError, AttributeError, RecursionError):
            return None
        names.update([name] if isinstance(name, str) and name else [])
    return frozenset(names)


def _is_unmapped(tree: ContextTree) -> bool:
    """Whether no settings of TypeScript give names to files."""
    settings = (path for path in tree.by_path if _SETTINGS.match(posixpath.basename(path)))
    texts = (tree.read(path) or "" for path in settings)
    return not any(f'"{key}"' in text for text in texts for key in ("paths", "baseUrl"))
