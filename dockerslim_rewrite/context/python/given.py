"""What whoever starts a Python program gives it: places in variables of the environment, and functions by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...knowledge.place_variables import names_place
from ...knowledge.python_calls import python_calls
from ...patterns import re
from .mentions import argument
from .module import Module
from .switches import compared

_READS = frozenset(("os.environ.get", "os.getenv", "os.environ.setdefault"))
_ENVIRONMENT = "os.environ"
#: Functions that look at what they are given, or make a number of it.
_LOOKS = (
    "os.chdir",
    "os.path.exists",
    "os.path.isfile",
    "os.path.isdir",
    "builtins.int",
    "builtins.float",
    "builtins.bool",
    "distutils.util.strtobool",
    "setuptools._distutils.util.strtobool",
)
#: Types of settings that may be paths.
_TEXT = re.compile(r"'(?:str|Any|\w*Path)'")
#: Modules among whose functions are some that write.
_WRITERS = frozenset(("os", "shutil", "builtins", "io", "pathlib", "tempfile"))


def given_places(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """The variables that *module* reads, each where it does, and that may say where the program writes."""
    harmless = {id(node) for node in _harmless(module)}
    code: str | None = None
    for node, name in _variables(module):
        code = _words(module) if code is None else code
        if id(node) not in harmless and names_place(name, code):
            yield node, name


def _variables(module: Module) -> Iterator[tuple[ast.AST, str]]:
    for node in module.nodes:
        if isinstance(node, ast.Call) and node.args and not _READS.isdisjoint(module.qualified(node.func)):
            name = node.args[0]
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            name = node.slice if _ENVIRONMENT in module.qualified(node.value) else node
        elif isinstance(node, ast.ClassDef) and any(_text_of(base).endswith("BaseSettings") for base in node.bases):
            fields = (
                one for one in node.body if isinstance(one, ast.AnnAssign) and _TEXT.search(ast.dump(one.annotation))
            )
            yield from ((one, one.target.id) for one in fields if isinstance(one.target, ast.Name))
            continue
        else:
            continue
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield node, name.value


def _harmless(module: Module) -> Iterator[ast.AST]:
    """What *module* compares, asks for truth, reads, or makes numbers of."""
    yield from compared(module)
    opens = python_calls()["opens"]
    for node in module.nodes:
        if isinstance(node, ast.Call):
            names = module.qualified(node.func)
            if any(name in _LOOKS for name in names):
                yield from node.args
            elif any(name in opens and argument(node, opens[name][1], "mode") is None for name in names):
                yield from node.args[:1]


def chosen_functions(module: Module) -> Iterator[ast.AST]:
    """Calls of functions that are chosen by name while the program runs: ``getattr(os, name)(…)``."""
    for node in module.nodes:
        if not isinstance(node, ast.Call) or not node.args or "builtins.getattr" not in module.qualified(node.func):
            continue
        owner = module.qualified(node.args[0])
        name = node.args[1] if len(node.args) > 1 else None
        told = name.value if isinstance(name, ast.Constant) else None
        if any(one in _WRITERS for one in owner) and not (isinstance(told, str) and told.startswith(("get", "path"))):
            yield node


def _text_of(node: ast.AST) -> str:
    return str(getattr(node, "attr", None) or getattr(node, "id", ""))


def _words(module: Module) -> str:
    """What *module* speaks of: its imports, its names and its strings."""
    found = [name for names in module.imported.values() for name in names]
    for node in module.nodes:
        if isinstance(node, ast.Constant):
            found += [node.value] if isinstance(node.value, str) else []
        elif isinstance(node, ast.Name | ast.Attribute):
            found.append(_text_of(node))
    return " ".join(found)
