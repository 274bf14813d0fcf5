"""Which strings of a Python module may be paths that something unknown writes, and which are addresses or words."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence

from ...knowledge.habits import quiet
from ...knowledge.written import addresses
from ...patterns import re
from .module import Module
from .values import PASSES_ON

_FILE_NAME = re.compile(r"(?!https?:)[\w.@+-]+(?:/[\w.@+-]+)*/?\Z")
_VERSIONS = re.compile(r"[\d.]+\Z")


def spoken_of(nodes: Sequence[ast.AST]) -> set[int]:
    """The strings among *nodes*, by identity, that are no paths of files: routes, addresses, keys, what is compared."""
    return {id(part) for node in nodes for part in _spoken(node)}


def _spoken(node: ast.AST) -> Iterator[ast.AST]:
    names = addresses()
    if isinstance(node, ast.Compare):
        yield from (one for operand in (node.left, *node.comparators) for one in _strings(operand))
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield from () if key is None else _strings(key)
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and names.keys.search(key.value):
                yield from _strings(value)
    elif isinstance(node, ast.Subscript):
        yield from _strings(node.slice)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        yield from _strings(node.right)
    elif isinstance(node, ast.keyword):
        if node.arg is not None and names.keys.search(node.arg):
            yield from _strings(node.value)
    elif isinstance(node, ast.Assign):
        targets = [part for target in node.targets for part in (target, getattr(target, "attr", None))]
        called = [one.id if isinstance(one, ast.Name) else one for one in targets]
        if any(isinstance(name, str) and names.keys.search(name) for name in called):
            yield from _strings(node.value)
    elif isinstance(node, ast.Call):
        called_name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called_name in names.anywhere:
            yield from (one for argument in node.args for one in _strings(argument))
        elif {called_name, called_name.lower()} & names.first and node.args:
            yield from _strings(node.args[0])


def _strings(node: ast.AST) -> Iterator[ast.AST]:
    return (part for part in ast.walk(node) if isinstance(part, ast.Constant | ast.JoinedStr))


def told_to(module: Module) -> set[int]:
    """The parts of *module*, by identity, whose strings are for a known callee, or for people: no unknown write."""
    return {id(part) for node in module.nodes for part in _told(node, module)}


def _told(node: ast.AST, module: Module) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for decorator in node.decorator_list:
            yield from ast.walk(decorator)
    elif isinstance(node, ast.Call):
        for name in module.qualified(node.func):
            top = name.partition(".")[0]
            known = top in sys.stdlib_module_names or quiet("python", top)
            if known and not PASSES_ON.match(name):
                yield from ast.walk(node)


def handed_over(node: ast.Call, module: Module) -> Iterator[ast.Constant]:
    """The relative paths that *node*, a call by whose name something is written, is given as strings."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if not addresses().verbs.search(name):
        return
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    for argument in given:
        value = module.assigned.get(argument.id) if isinstance(argument, ast.Name) else argument
        if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
            continue
        text = value.value
        if _FILE_NAME.match(text) and ("/" in text or "." in text) and not _VERSIONS.match(text):
            yield value


def argument(node: ast.Call, at: int | None, key: str | None) -> ast.expr | None:
    """What the call *node* is given as *key*, or in the position *at*: -1 for the last one of a call without keys."""
    for keyword in node.keywords:
        if keyword.arg is not None and keyword.arg == key:
            return keyword.value
    if at == -1 and not node.keywords:
        at = len(node.args) - 1
    if at is None or not 0 <= at < len(node.args):
        return None
    return None if any(isinstance(one, ast.Starred) for one in node.args[: at + 1]) else node.args[at]
