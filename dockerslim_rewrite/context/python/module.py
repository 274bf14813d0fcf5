"""One Python module as a flat list of nodes, and what its names stand for."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from ...record import record
from ...text.structured import children, read_python

#: Nesting beyond this is not written by people, and what reads trees recursively must not meet it.
_DEPTH = 200
#: So often a name may be given to what a name was given to.
_RENAMED = 5
_BUILTINS = frozenset(dir(builtins))


@record(eq=False)
class Module:
    """A module: all its ``nodes``; ``imported`` leads from names to what an import binds them to, ``assigned`` to the
    expression of the one plain assignment that sets them; ``bound`` are all names that it binds otherwise than by
    import; ``stars`` are modules of which all names are imported; ``size`` are its characters.
    """

    nodes: tuple[ast.AST, ...]
    imported: dict[str, tuple[str, ...]]
    assigned: dict[str, ast.expr]
    bound: frozenset[str]
    stars: tuple[str, ...]
    size: int

    def names(self, name: str) -> bool:
        """Whether the module speaks of *name*, whoever it belongs to."""
        return any(name in (getattr(node, "attr", None), getattr(node, "id", None)) for node in self.nodes)

    def qualified(self, node: ast.AST, depth: int = 0) -> tuple[str, ...]:
        """The dotted names that *node* can stand for by the module's imports, or as a builtin; none for others."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ()
        tail = "".join(f".{part}" for part in reversed(parts))
        if node.id in self.imported:
            return tuple(f"{name}{tail}" for name in self.imported[node.id])
        if node.id in self.assigned:
            # What a name was given to is called by it as well.
            given = self.assigned[node.id]
            plain = isinstance(given, ast.Name | ast.Attribute) and depth < _RENAMED
            return tuple(f"{name}{tail}" for name in self.qualified(given, depth + 1)) if plain else ()
        if node.id in self.bound:
            return ()
        found = tuple(f"{name}.{node.id}{tail}" for name in self.stars)
        return (*found, f"builtins.{node.id}{tail}") if node.id in _BUILTINS else found


def read_module(text: str) -> Module:
    """The module *text*. Raises ``SyntaxError`` for what is not Python, or is nested too deeply."""
    try:
        tree = read_python(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "nested too deeply") from None
    nodes = tuple(_nodes(tree))
    imported: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    plain: dict[str, ast.expr] = {}
    for node in nodes:
        for name, target in _imports(node):
            imported.setdefault(name, []).append(target)
        for name in _bound(node):
            counts[name] = counts.get(name, 0) + 1
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            plain[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            plain[node.target.id] = node.value
    assigned = {name: value for name, value in plain.items() if counts[name] == 1 and name not in imported}
    stars = tuple(_stars(nodes))
    targets = {name: tuple(found) for name, found in imported.items()}
    return Module(nodes, targets, assigned, frozenset(counts), stars, len(text))


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of *tree*, in the order of the text."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > _DEPTH:
            raise SyntaxError("nested too deeply")
        yield node
        waiting += [(child, depth + 1) for child in reversed(children(node))]


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that an import binds, with what they stand for."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        for alias in node.names:
            if alias.name != "*":
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _stars(nodes: tuple[ast.AST, ...]) -> Iterator[str]:
    """The modules of which *nodes* import all names."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level and node.module and node.names[0].name == "*":
            yield node.module


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that *node* itself binds."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name is not None:
        yield node.name
