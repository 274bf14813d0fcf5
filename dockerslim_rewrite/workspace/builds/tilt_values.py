"""What names and expressions of a Tiltfile stand for where it calls something, as far as the file tells.

Sources: Starlark specification, "Expressions", "Statements"; Tilt API reference, ``os.path.join``.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from .found import Text, Unknown
from .growth import Steps
from .shell_values import stand_in

#: Names with their texts, None for those that a run may tell only.
Names = Mapping[str, "str | None"]
_MAX_ITEMS: Final = 50
#: No text of a call is longer; one that doubles with each line is given up.
_LONGEST: Final = 4_096
#: Loops within loops read a body many times.
_MAX_CALLS: Final = 1_000
#: So many parts of bodies are read again for further items, and texts of the shell count as parts as well.
_MAX_STEPS: Final = 100_000
_STEP: Final = 20


class Calls:
    """The calls in a Tiltfile in the order in which it makes them, each with the names that are known there.

    Of its loops no more is read than there are steps for, but the first item of each always is.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._left = _MAX_CALLS
        self._steps = Steps(_MAX_STEPS)
        self._sizes: dict[int, int] = {}

    @property
    def spent(self) -> bool:
        """Whether the loops have more to read than is read."""
        return self._steps.spent

    def __iter__(self) -> Iterator[tuple[ast.Call, Names]]:
        yield from self._body(self._tree.body, {})

    def may_read(self, text: str) -> bool:
        """Whether *text* for the shell may still be read; then it counts."""
        return self._steps.may(len(text) // _STEP)

    def _size(self, node: ast.For) -> int:
        """How many parts the body of *node* has; those of loops in it once."""
        if id(node) not in self._sizes:
            self._sizes[id(node)] = sum(1 for _ in ast.walk(node))
        return self._sizes[id(node)]

    def _body(self, body: Sequence[ast.stmt], names: dict[str, str | None]) -> Iterator[tuple[ast.Call, Names]]:
        for node in body:
            if isinstance(node, ast.For):
                yield from self._loop(node, names)
            elif isinstance(node, ast.FunctionDef):
                given = [one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)]
                yield from self._body(node.body, {**names, **dict.fromkeys(given)})
            elif isinstance(node, ast.If):
                yield from self._expression(node.test, names)
                for branch in (node.body, node.orelse):
                    yield from self._body(branch, dict(names))
                names.update(dict.fromkeys(_assigned(node)))
            elif isinstance(node, ast.Assign):
                yield from self._expression(node.value, names)
                value = known_text(node.value, names)
                names.update(dict.fromkeys(_assigned(node)))
                names.update({one.id: value for one in node.targets if isinstance(one, ast.Name)})
            else:
                yield from self._expression(node, names)
                names.update(dict.fromkeys(_assigned(node)))

    def _loop(self, node: ast.For, names: dict[str, str | None]) -> Iterator[tuple[ast.Call, Names]]:
        yield from self._expression(node.iter, names)
        listed = node.iter.elts if isinstance(node.iter, ast.List | ast.Tuple) else []
        items = [known_text(one, names) for one in listed]
        target = node.target.id if isinstance(node.target, ast.Name) else None
        inside = {**names, **dict.fromkeys(_assigned(node))}
        if target is None or not items or len(items) > _MAX_ITEMS:
            yield from self._body(node.body, inside)
        for at, item in enumerate(items if target is not None and len(items) <= _MAX_ITEMS else ()):
            if at and not self._steps.may(self._size(node) + len(inside) // _STEP):
                break
            yield from self._body(node.body, {**inside, str(target): item})
        names.update(dict.fromkeys(_assigned(node)))

    def _expression(self, node: ast.AST, names: dict[str, str | None]) -> Iterator[tuple[ast.Call, Names]]:
        bound = {
            one.id: None
            for part in ast.walk(node)
            if isinstance(part, ast.comprehension)
            for one in ast.walk(part.target)
            if isinstance(one, ast.Name)
        }
        for one in ast.walk(node):
            if isinstance(one, ast.Call) and self._left > 0:
                self._left -= 1
                yield one, {**names, **bound}


def _assigned(node: ast.AST) -> Iterator[str]:
    """The names that something in *node* sets."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            yield one.id


def text_of(node: ast.expr, names: Names) -> Text:
    """What the expression *node* stands for."""
    found = known_text(node, names)
    return Unknown(ast.unparse(node)) if found is None else found


def known_text(node: ast.expr, names: Names) -> str | None:
    """The same; None where it is not known."""
    found = _known_text(node, names)
    return None if found is None or len(found) > _LONGEST else found


def _known_text(node: ast.expr, names: Names) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = known_text(node.left, names), known_text(node.right, names)
        return None if left is None or right is None else left + right
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _filled(node.left, node.right, names)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.keywords:
        return _called(node.func, node.args, names)
    return None


def _filled(template: ast.expr, values: ast.expr, names: Names) -> str | None:
    """``'%s/x' % y``"""
    text = known_text(template, names)
    given = [known_text(one, names) for one in (values.elts if isinstance(values, ast.Tuple) else [values])]
    known = [one for one in given if one is not None]
    if text is None or len(known) < len(given) or text.count("%") != text.count("%s") or text.count("%s") != len(given):
        return None
    return text % tuple(known) if sum(map(len, known)) <= _LONGEST else None


def _called(function: ast.Attribute, arguments: Sequence[ast.expr], names: Names) -> str | None:
    """``'{}/x'.format(y)`` and ``os.path.join(x, y)``."""
    given = [known_text(one, names) for one in arguments]
    known = [one for one in given if one is not None]
    if len(known) < len(given) or not known or sum(map(len, known)) > _LONGEST:
        return None
    if ast.unparse(function) == "os.path.join":
        return posixpath.join(*known)
    text = known_text(function.value, names) if function.attr == "format" else None
    if text is None or text.count("{") != text.count("{}") or text.count("{}") != len(known):
        return None
    return text.format(*known)


def for_shell(node: ast.expr, names: Names, unknown: dict[str, Text]) -> str:
    """The command *node*, in which what is not known becomes a variable of the shell that is added to *unknown*."""
    found = known_text(node, names)
    if found is not None:
        return found
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return for_shell(node.left, names, unknown) + for_shell(node.right, names, unknown)
    return stand_in(ast.unparse(node), unknown)
