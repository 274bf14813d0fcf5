"""Values of Python expressions, as far as the text alone decides them: paths, ports, defaults of the environment."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence

import libcst as cst

from ...record import record

_JOINS = frozenset(("os.path.join", "posixpath.join"))
_SAME = frozenset(
    (
        "os.path.abspath",
        "os.path.realpath",
        "os.path.normpath",
        "os.fspath",
        "str",
        "builtins.str",
        "int",
        "builtins.int",
    )
)
_PATHS = frozenset(("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "Path"))
_ENVIRONMENT = frozenset(("os.environ.get", "os.getenv"))
_HERE = frozenset(("os.getcwd", "pathlib.Path.cwd"))
_TEMPORARY = ("tempfile.",)
_DEPTH = 40


@record
class Value:
    """``value`` is a text, a number, or a tuple of ``Value``; None when it is not known.

    ``folder`` is a folder in which an unknown path surely lies. ``variable`` is the environment's variable that may
    say otherwise.
    """

    value: object = None
    folder: str | None = None
    variable: str | None = None

    @property
    def text(self) -> str | None:
        """The value if it is a text."""
        return self.value if isinstance(self.value, str) else None

    @property
    def number(self) -> int | None:
        """The value if it is a number, or a text of digits."""
        if isinstance(self.value, int):
            return self.value
        return int(self.value) if isinstance(self.value, str) and self.value.isdigit() else None


UNKNOWN = Value()
Qualified = Callable[[cst.CSTNode], Sequence[str]]


@record(eq=False, slots=False)
class Evaluator:
    """Evaluates expressions of one module.

    ``names`` holds the expression of each name that is assigned once, ``qualified`` the qualified names of a node,
    ``file`` the image path of the module, ``cwd`` that of the working directory, ``environment`` what ENV sets.
    """

    names: Mapping[str, cst.BaseExpression]
    qualified: Qualified
    file: str | None
    cwd: str | None
    environment: Mapping[str, str | None]

    def value(self, node: cst.BaseExpression, depth: int = 0) -> Value:
        """What *node* stands for."""
        if depth > _DEPTH:
            return UNKNOWN
        deeper = depth + 1
        if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
            literal = node.evaluated_value
            return Value(literal) if isinstance(literal, str) else UNKNOWN
        if isinstance(node, cst.Integer):
            return Value(node.evaluated_value)
        if isinstance(node, cst.FormattedString):
            return self._formatted(node, deeper)
        if isinstance(node, cst.Name):
            if node.value == "__file__":
                return Value(self.file)
            expression = self.names.get(node.value)
            return self.value(expression, deeper) if expression is not None else UNKNOWN
        if isinstance(node, cst.Tuple):
            return Value(tuple(self.value(element.value, deeper) for element in node.elements))
        if isinstance(node, cst.BinaryOperation):
            return self._joined(node, deeper)
        if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.Or):
            left = self.value(node.left, deeper)
            if left.value is not None:
                return left
            right = self.value(node.right, deeper)
            return Value(right.value, right.folder, left.variable or right.variable)
        if isinstance(node, cst.Subscript):
            return self._subscript(node, deeper)
        if isinstance(node, cst.Attribute) and node.attr.value == "parent":
            found = self.value(node.value, deeper)
            return Value(posixpath.dirname(found.text) if found.text else None, None, found.variable)
        if isinstance(node, cst.Call):
            return self._call(node, deeper)
        return UNKNOWN

    def path(self, found: Value) -> Value:
        """*found* as an absolute image path."""
        return Value(self._absolute(found.text), self._absolute(found.folder), found.variable)

    def _absolute(self, text: str | None) -> str | None:
        if text is None or text.startswith("~"):
            return None
        if text.startswith("/"):
            return posixpath.normpath(text)
        return posixpath.normpath(posixpath.join(self.cwd, text)) if self.cwd else None

    def _formatted(self, node: cst.FormattedString, depth: int) -> Value:
        text, variable = "", None
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                text += part.value
                continue
            assert isinstance(part, cst.FormattedStringExpression)
            inner = self.value(part.expression, depth)
            if inner.value is None or isinstance(inner.value, tuple) or part.format_spec is not None:
                folder = text.rpartition("/")[0] if "/" in text else inner.folder if not text else None
                return Value(None, folder or None)
            text += str(inner.value)
            variable = variable or inner.variable
        return Value(text, None, variable)

    def _joined(self, node: cst.BinaryOperation, depth: int) -> Value:
        left, right = self.value(node.left, depth), self.value(node.right, depth)
        variable = left.variable or right.variable
        if isinstance(node.operator, cst.Divide):
            return _join([left, right])
        if isinstance(node.operator, cst.Add) and left.text is not None:
            if right.text is not None:
                return Value(left.text + right.text, None, variable)
            return Value(None, left.text.rpartition("/")[0] or None, variable)
        return UNKNOWN

    def _subscript(self, node: cst.Subscript, depth: int) -> Value:
        if "os.environ" not in self.qualified(node.value) or len(node.slice) != 1:
            return UNKNOWN
        index = node.slice[0].slice
        name = self.value(index.value, depth).text if isinstance(index, cst.Index) else None
        return self._variable(name, UNKNOWN)

    def _variable(self, name: str | None, default: Value) -> Value:
        set_here = self.environment.get(name) if name else None
        return Value(set_here, None, name) if set_here is not None else Value(default.value, default.folder, name)

    def _call(self, node: cst.Call, depth: int) -> Value:
        names = frozenset(self.qualified(node.func))
        arguments = [argument for argument in node.args if argument.keyword is None and not argument.star]
        values = [self.value(argument.value, depth) for argument in arguments]
        first = values[0] if values else UNKNOWN
        if names & _ENVIRONMENT:
            return self._variable(first.text, values[1] if len(values) > 1 else UNKNOWN)
        if names & _JOINS or (names & _PATHS and len(values) > 1):
            return _join(values)
        if names & _SAME or names & _PATHS:
            return first if values else Value("." if names & _PATHS else None)
        if "os.path.dirname" in names:
            return Value(posixpath.dirname(first.text) if first.text else None, None, first.variable)
        if names & _HERE:
            return Value(self.cwd)
        if any(name.startswith(_TEMPORARY) for name in names):
            return Value(None, "/tmp")
        if isinstance(node.func, cst.Attribute):
            on = self.value(node.func.value, depth)
            if node.func.attr.value in ("resolve", "absolute", "expanduser", "as_posix"):
                return on
            if node.func.attr.value == "joinpath":
                return _join([on, *values])
        return UNKNOWN


def _join(values: Sequence[Value]) -> Value:
    known: list[str] = []
    variable = next((value.variable for value in values if value.variable), None)
    for value in values:
        if value.text is None:
            if value.folder is not None:
                return Value(None, posixpath.join(*known, value.folder) if known else value.folder, variable)
            return Value(None, posixpath.join(*known) if known else None, variable)
        known.append(value.text)
    return Value(posixpath.join(*known) if known else None, None, variable)
