"""What a setup.py says that its package needs, and whether it may build something, read and never run.

Source: setuptools documentation, "Dependencies Management" (install_requires, extras_require).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

#: Words with which authors call it to publish or to test.
_OF_AUTHORS = frozenset(("publish", "tag", "upload", "release", "test", "lint", "docs"))
#: A text that is longer is no name.
_LONGEST_NAME = 40
#: Arguments with which something else than the call decides.
_ELSEWHERE = frozenset(("pbr", "requires"))


#: Names of a setup.py that may start a compiler or look for libraries.
_BUILDS = re.compile(
    r"\b(?:ext_modules|Extension|cythonize|cffi_modules|rust_extensions|RustExtension|build_ext|build_clib|libraries"
    r"|pkg.config|subprocess|[Pp]open|system|ctypes|CMake\w*|ccompiler)\b"
)


def may_build(text: str) -> bool:
    """Whether the setup.py *text* may start a compiler where a package is installed.

    What it does for its author only, when it is called with a command of its own (``python setup.py publish``), counts
    for nothing, nor do words of texts, but for the names of arguments.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _BUILDS.search(text) is not None
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and _asks_for_words(node.test):
            waiting += node.orelse
            continue
        if any(_BUILDS.search(name) for name in _names(node)):
            return True
        waiting += ast.iter_child_nodes(node)
    return False


def _asks_for_words(test: ast.expr) -> bool:
    """Whether *test* is one of the words that the script was called with, for one that no installer says."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.In)):
        return False
    sides = (test.left, *test.comparators)
    words = [one.value for one in sides if isinstance(one, ast.Constant)]
    called = any(isinstance(one, ast.Attribute) and one.attr == "argv" for side in sides for one in ast.walk(side))
    return called and len(words) == 1 and words[0] in _OF_AUTHORS


def _names(node: ast.AST) -> tuple[str, ...]:
    """What *node* itself names."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        # Which system it is, modules like ``platform`` tell; ``os`` starts commands by that name.
        asks = node.attr == "system" and not (isinstance(node.value, ast.Name) and node.value.id == "os")
        return () if asks else (node.attr,)
    if isinstance(node, ast.keyword):
        return (node.arg or "",)
    if isinstance(node, ast.alias):
        return (node.name,)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "",)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < _LONGEST_NAME:
        return (node.value,) if " " not in node.value else ()
    return ()


def declared(text: str) -> tuple[str, ...] | None:
    """The requirements in the text of a setup.py; None where only running it would tell."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _named(node.func) == "setup"]
    if len(calls) != 1:
        return None
    given = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    if None in given or calls[0].args or not _ELSEWHERE.isdisjoint(one for one in given if one):
        return None
    constants = _constants(tree)
    found = _texts(given.get("install_requires"), constants)
    extras = _extras(given.get("extras_require"), constants)
    return None if found is None or extras is None else (*found, *extras)


def _named(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _constants(tree: ast.Module) -> Mapping[str, ast.expr]:
    """What names stand for that are bound once, at the top of the module, and never changed."""
    bound: dict[str, int] = {}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names = [node.id]
        elif isinstance(node, ast.alias):
            names = [node.asname or node.name]
        elif isinstance(node, ast.arg):
            names = [node.arg]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name):
            # A method may change it, as an assignment to a part does.
            names = [node.value.id]
        for name in names:
            bound[name] = bound.get(name, 0) + 1
    return {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        if bound[node.targets[0].id] == 1
    }


def _value(node: ast.expr | None, constants: Mapping[str, ast.expr]) -> object:
    """The value of *node*: an empty tuple for none, None for what is not written out."""
    if node is None:
        return ()
    if isinstance(node, ast.Name):
        node = constants.get(node.id)
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _texts(node: ast.expr | None, constants: Mapping[str, ast.expr]) -> tuple[str, ...] | None:
    found = _value(node, constants)
    if isinstance(found, str):
        found = [line.strip() for line in found.splitlines() if line.strip()]
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        return None
    return tuple(found)


def _extras(node: ast.expr | None, constants: Mapping[str, ast.expr]) -> tuple[str, ...] | None:
    """The requirements of extras, each with the marker for it."""
    found = _value(node, constants) if node is not None else {}
    if not isinstance(found, dict):
        return None
    lines: list[str] = []
    for name, needed in found.items():
        needed = [needed] if isinstance(needed, str) else needed
        if not isinstance(name, str) or not isinstance(needed, list | tuple) or ":" in name:
            return None
        if not all(isinstance(one, str) and ";" not in one for one in needed):
            return None
        lines += [f'{one}; extra == "{name}"' for one in needed]
    return tuple(lines)
