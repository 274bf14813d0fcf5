"""What the names of a Python module stand for."""

from __future__ import annotations

import libcst as cst


def assigned_once(module: cst.Module) -> dict[str, cst.BaseExpression]:
    """The names that one plain assignment of *module* sets and nothing else does, with its expression."""
    found = _Assignments()
    module.visit(found)
    return {name: node for name, node in found.expressions.items() if found.counts[name] == 1}


class _Assignments(cst.CSTVisitor):
    """Names of a module by how often something assigns them, with the expression of plain assignments."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.expressions: dict[str, cst.BaseExpression] = {}

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._targets(node.target)

    def visit_Assign(self, node: cst.Assign) -> None:
        if len(node.targets) == 1 and isinstance(node.targets[0].target, cst.Name):
            self.expressions[node.targets[0].target.value] = node.value

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._targets(node.target)
        if isinstance(node.target, cst.Name) and node.value is not None:
            self.expressions[node.target.value] = node.value

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._targets(node.target)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._targets(node.target)

    def visit_For(self, node: cst.For) -> None:
        self._targets(node.target)

    def visit_CompFor(self, node: cst.CompFor) -> None:
        self._targets(node.target)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._targets(node.name)

    def visit_Param(self, node: cst.Param) -> None:
        self._count(node.name.value)

    def _targets(self, node: cst.BaseExpression) -> None:
        if isinstance(node, cst.Name):
            self._count(node.value)
        elif isinstance(node, cst.Tuple | cst.List):
            for element in node.elements:
                self._targets(element.value)
