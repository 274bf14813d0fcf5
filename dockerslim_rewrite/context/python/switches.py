"""Values that a Python module only compares, or asks whether they are true: they name no place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .module import Module

#: Methods of a text that give it back in another form.
_FORMS = frozenset(("lower", "upper", "strip", "lstrip", "rstrip", "casefold", "title", "capitalize"))
_ENDS = frozenset(("exit", "_exit", "quit"))


def compared(module: Module) -> Iterator[ast.AST]:
    """The values that *module* compares or asks for truth, where it reads them or under the name that it gives them."""
    tested: list[ast.AST] = []
    guards: set[int] = set()
    for node in module.nodes:
        values = list(_tested(node))
        tested += values
        if isinstance(node, ast.If) and all(_gives_up(one) for one in node.body):
            # It only says that the value has to be there: another module may ask for it.
            guards.update(id(value) for value in values)
    yield from tested
    known = {id(node) for node in tested}
    uses: dict[str, list[ast.Name]] = {}
    for node in module.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in module.assigned:
            uses.setdefault(node.id, []).append(node)
    for name, found in uses.items():
        if all(id(one) in known for one in found) and any(id(one) not in guards for one in found):
            yield _bare(module.assigned[name])


def _tested(node: ast.AST) -> Iterator[ast.AST]:
    """The values of which *node* only wants to know whether they are true, or equal to others."""
    if isinstance(node, ast.Compare):
        yield from map(_bare, (node.left, *node.comparators))
    elif isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
        yield from _truths(node.test)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _truths(node.operand)
    elif isinstance(node, ast.comprehension):
        for one in node.ifs:
            yield from _truths(one)
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        # What is handed on of those before the last is false.
        for one in node.values[:-1]:
            yield from _truths(one)


def _truths(node: ast.expr) -> Iterator[ast.AST]:
    if isinstance(node, ast.BoolOp):
        for one in node.values:
            yield from _truths(one)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _truths(node.operand)
    else:
        yield _bare(node)


def _bare(node: ast.expr) -> ast.expr:
    """*node* without methods that give the same text in another form."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FORMS:
        node = node.func.value
    return node


def _gives_up(node: ast.stmt) -> bool:
    """Whether *node* ends the program."""
    if isinstance(node, ast.Raise):
        return True
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    return getattr(called, "attr", getattr(called, "id", "")) in _ENDS
