"""Values of Python expressions, as far as the text alone decides them: paths, ports, defaults of the environment."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Mapping, Sequence
from functools import cached_property

from ...patterns import re
from ...record import record
from .module import Module

_JOINS = frozenset(("os.path.join", "posixpath.join"))
_SAME = frozenset(
    (
        "os.path.abspath",
        "os.path.realpath",
        "os.path.normpath",
        "os.path.expanduser",
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
#: Functions of the library whose result holds what they are given, so that it may be written elsewhere.
PASSES_ON = re.compile(
    r"(?:os\.environ|os\.getenv|os\.path\.(?:join|abspath|realpath|normpath|expanduser)|posixpath|pathlib|os\.fspath|"
    r"builtins\.(?:str|dict|list|tuple|set)|functools\.partial|collections|types\.SimpleNamespace|logging\.config|"
    r"dataclasses|argparse|configparser)\b"
)
_DEPTH = 40
#: Characters of a path, or of what else matters here: what is longer is not known.
_LONGEST = 4096
_NUMBER = re.compile(r"[0-9]{1,9}\Z")


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
        return int(self.value) if isinstance(self.value, str) and _NUMBER.match(self.value) else None


UNKNOWN = Value()


class Started:
    """What a module is started in: its own image path, the working directory, and what ENV sets.

    It remembers what was ``asked``: what was found out of a module holds wherever the answers are the same.
    """

    def __init__(self, file: str | None, cwd: str | None, environment: Mapping[str, str | None]) -> None:
        self._file, self._cwd, self._environment = file, cwd, environment
        self.asked: dict[tuple[str, str], str | None] = {}

    def variable(self, name: str) -> str | None:
        """What ENV sets *name* to."""
        return self._ask("variable", name)

    @property
    def file(self) -> str | None:
        """The image path of the module."""
        return self._ask("file", "")

    @property
    def cwd(self) -> str | None:
        """The image path of the working directory."""
        return self._ask("cwd", "")

    def answers(self, asked: Mapping[tuple[str, str], str | None]) -> bool:
        """Whether all that was *asked* elsewhere has the same answers here."""
        return all(self._answer(*question) == answer for question, answer in asked.items())

    def _ask(self, kind: str, name: str) -> str | None:
        return self.asked.setdefault((kind, name), self._answer(kind, name))

    def _answer(self, kind: str, name: str) -> str | None:
        if kind == "variable":
            return self._environment.get(name)
        return self._file if kind == "file" else self._cwd


@record(eq=False, slots=False)
class Evaluator:
    """Evaluates expressions of one module, which is ``started`` so."""

    module: Module
    started: Started

    def value(self, node: ast.AST, depth: int = 0) -> Value:
        """What *node* stands for."""
        if depth > _DEPTH:
            return UNKNOWN
        # What several names stand for may stand for several more each.
        key = (id(node), depth)
        if key not in self._known:
            found = self._value(node, depth + 1)
            self._known[key] = UNKNOWN if len(found.text or found.folder or "") > _LONGEST else found
        return self._known[key]

    @cached_property
    def _known(self) -> dict[tuple[int, int], Value]:
        return {}

    def _value(self, node: ast.AST, deeper: int) -> Value:
        if isinstance(node, ast.Constant):
            literal = isinstance(node.value, str | int) and not isinstance(node.value, bool)
            return Value(node.value) if literal else UNKNOWN
        if isinstance(node, ast.JoinedStr):
            return self._formatted(node, deeper)
        if isinstance(node, ast.Name):
            if node.id == "__file__":
                return Value(self.started.file)
            expression = self.module.assigned.get(node.id)
            return self.value(expression, deeper) if expression is not None else UNKNOWN
        if isinstance(node, ast.Tuple):
            return Value(tuple(self.value(element, deeper) for element in node.elts))
        if isinstance(node, ast.BinOp):
            return self._joined(node, deeper)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return self._either([self.value(one, deeper) for one in node.values])
        if isinstance(node, ast.Subscript):
            return self._subscript(node, deeper)
        if isinstance(node, ast.Attribute) and node.attr == "parent":
            found = self.value(node.value, deeper)
            return Value(posixpath.dirname(found.text) if found.text else None, None, found.variable)
        if isinstance(node, ast.Attribute) and node.attr == "instance_path":
            return Value(self._instance())
        if isinstance(node, ast.Call):
            return self._call(node, deeper)
        return UNKNOWN

    def _instance(self) -> str | None:
        """The directory of Flask for files of an instance: beside the module, or the package, of the application.

        Source: Flask, "Instance Folders".
        """
        file = self.started.file
        if file is None or not any("flask" in name for names in self.module.imported.values() for name in names):
            return None
        place = posixpath.dirname(file)
        return posixpath.join(posixpath.dirname(place) if file.endswith("/__init__.py") else place, "instance")

    def _either(self, values: Sequence[Value]) -> Value:
        """The first of *values* that is known: what ``a or b`` gives."""
        variable = self._variable_of(values)
        known = next((value for value in values if value.value is not None), values[-1])
        return Value(known.value, known.folder, variable)

    def _variable_of(self, values: Sequence[Value]) -> str | None:
        """The variable that may change what is made of *values*: one that nothing sets, if there is one."""
        found = [value.variable for value in values if value.variable]
        return next((name for name in found if self.started.variable(name) is None), found[0] if found else None)

    def path(self, found: Value) -> Value:
        """*found* as an absolute image path."""
        return Value(self._absolute(found.text), self._absolute(found.folder), found.variable)

    def _absolute(self, text: str | None) -> str | None:
        if text is None or text.startswith("~"):
            return None
        if text.startswith("/"):
            return posixpath.normpath(text)
        cwd = self.started.cwd
        return posixpath.normpath(posixpath.join(cwd, text)) if cwd else None

    def _formatted(self, node: ast.JoinedStr, depth: int) -> Value:
        text, variable = "", None
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += str(part.value)
                continue
            assert isinstance(part, ast.FormattedValue)
            inner = self.value(part.value, depth)
            if inner.value is None or isinstance(inner.value, tuple) or part.format_spec is not None:
                folder = text.rpartition("/")[0] if "/" in text else inner.folder if not text else None
                return Value(None, folder or None, self._variable_of([Value(None, None, variable), inner]))
            text += str(inner.value)
            variable = self._variable_of([Value(None, None, variable), inner])
        return Value(text, None, variable)

    def _joined(self, node: ast.BinOp, depth: int) -> Value:
        left, right = self.value(node.left, depth), self.value(node.right, depth)
        variable = self._variable_of([left, right])
        if isinstance(node.op, ast.Div):
            return _join([left, right], variable)
        if isinstance(node.op, ast.Add) and left.text is not None:
            if right.text is not None:
                return Value(left.text + right.text, None, variable)
            return Value(None, left.text.rpartition("/")[0] or None, variable)
        if isinstance(node.op, ast.Mod) and left.text is not None:
            return _before(left.text, "%", variable)
        return UNKNOWN

    def _subscript(self, node: ast.Subscript, depth: int) -> Value:
        if "os.environ" not in self.module.qualified(node.value):
            return UNKNOWN
        return self._variable(self.value(node.slice, depth).text, UNKNOWN)

    def _variable(self, name: str | None, default: Value) -> Value:
        set_here = self.started.variable(name) if name else None
        return Value(set_here, None, name) if set_here is not None else Value(default.value, default.folder, name)

    def _call(self, node: ast.Call, depth: int) -> Value:
        names = frozenset(self.module.qualified(node.func))
        values = [self.value(one, depth) for one in node.args if not isinstance(one, ast.Starred)]
        first = values[0] if values else UNKNOWN
        if names & _ENVIRONMENT:
            return self._variable(first.text, values[1] if len(values) > 1 else UNKNOWN)
        if names & _JOINS or (names & _PATHS and len(values) > 1):
            return _join(values, self._variable_of(values))
        if names & _SAME or names & _PATHS:
            return first if values else Value("." if names & _PATHS else None)
        if "os.path.dirname" in names:
            return Value(posixpath.dirname(first.text) if first.text else None, None, first.variable)
        if "pathlib.Path.home" in names:
            return Value("~")
        if names & _HERE:
            return Value(self.started.cwd)
        if any(name.startswith(_TEMPORARY) for name in names):
            return Value(None, "/tmp")
        if isinstance(node.func, ast.Attribute):
            on = self.value(node.func.value, depth)
            if node.func.attr in ("resolve", "absolute", "expanduser", "as_posix"):
                return on
            if node.func.attr == "joinpath":
                return _join([on, *values], self._variable_of([on, *values]))
            if node.func.attr == "format" and on.text is not None:
                return _before(on.text, "{", on.variable)
        return UNKNOWN


def _before(text: str, mark: str, variable: str | None) -> Value:
    """A template whose fields begin with *mark*: its folder, where that is before the first of them."""
    known = text.partition(mark)[0]
    return Value(text, None, variable) if mark not in text else Value(None, known.rpartition("/")[0] or None, variable)


def _join(values: Sequence[Value], variable: str | None) -> Value:
    known: list[str] = []
    for value in values:
        if value.text is None:
            if value.folder is not None:
                return Value(None, posixpath.join(*known, value.folder) if known else value.folder, variable)
            return Value(None, posixpath.join(*known) if known else None, variable)
        known.append(value.text)
    return Value(posixpath.join(*known) if known else None, None, variable)
