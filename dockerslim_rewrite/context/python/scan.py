"""One Python module: what its calls and settings write, bind, run and need."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any, cast

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider, ScopeProvider

from ...analysis.project import Doubt, Evidence, Listener, Need, Privilege, WriteKind, WrittenPath
from ...knowledge.python_calls import python_calls
from .assignments import assigned_once
from .found import ModuleScan, Ran
from .values import Evaluator, Value

_WRITING_MODES = frozenset("wax+")
_ALL_ADDRESSES = ("sqlite:///",)


def scan(text: str, path: str, file: str | None, cwd: str | None, environment: Mapping[str, str | None]) -> ModuleScan:
    """Scan the module *text* at the context path *path*, which is *file* in the image.

    Raises ``libcst.ParserSyntaxError`` and ``RecursionError`` for what cannot be read.
    """
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    visitor = _Visitor(wrapper, path, file, cwd, environment, assigned_once(wrapper.module))
    wrapper.visit(visitor)
    return ModuleScan(
        tuple(dict.fromkeys(visitor.writes)),
        tuple(dict.fromkeys(visitor.listeners)),
        tuple(dict.fromkeys(visitor.privileges)),
        tuple(dict.fromkeys(visitor.runs)),
        tuple(dict.fromkeys(visitor.doubts)),
    )


class _Visitor(cst.CSTVisitor):
    """Collects from one module. Qualified names and positions cost more than reading, so they are asked for."""

    METADATA_DEPENDENCIES = (ScopeProvider,)

    def __init__(
        self,
        wrapper: MetadataWrapper,
        path: str,
        file: str | None,
        cwd: str | None,
        environment: Mapping[str, str | None],
        names: Mapping[str, cst.BaseExpression],
    ) -> None:
        super().__init__()
        self.wrapper = wrapper
        self.path = path
        self.data = python_calls()
        self.evaluator = Evaluator(names, self.qualified, file, cwd, environment)
        self.writes: list[WrittenPath] = []
        self.listeners: list[Listener] = []
        self.privileges: list[Privilege] = []
        self.runs: list[Ran] = []
        self.doubts: list[Doubt] = []

    def qualified(self, node: cst.CSTNode) -> Sequence[str]:
        scope = self.get_metadata(ScopeProvider, node, None)
        return [name.name for name in scope.get_qualified_names_for(node)] if scope is not None else []

    def evidence(self, node: cst.CSTNode) -> Evidence:
        return Evidence(self.path, cast(Any, self.wrapper.resolve(PositionProvider)[node]).start.line)

    def visit_Attribute(self, node: cst.Attribute) -> None:
        if node.attr.value in ("SOCK_RAW", "AF_PACKET"):
            self.privileges.append(Privilege(Need.RAW_SOCKET, f"socket.{node.attr.value}", self.evidence(node)))

    def visit_Call(self, node: cst.Call) -> None:
        names = self.qualified(node.func)
        data = self.data
        for name in names:
            if name in data["writes"]:
                return self._writes(node, name, data["writes"][name])
            if name in data["opens"]:
                return self._opens(node, name, *data["opens"][name])
            if name in data["listens"]:
                return self._listens(node, data["listens"][name])
            if name in data["privileges"]:
                need = Need[data["privileges"][name]]
                self.privileges.append(Privilege(need, f"{name}()", self.evidence(node)))
                return None
            if name in data["runs"]["names"] or name in data["runs"]["spread"]:
                return self._runs(node, spread=name in data["runs"]["spread"])
            if name in data["opaque"]["names"]:
                return self._opaque(node, name)
        if isinstance(node.func, cst.Attribute):
            self._method(node, node.func, names)
        return None

    def _method(self, node: cst.Call, function: cst.Attribute, names: Sequence[str]) -> None:
        method = function.attr.value
        entry = self.data["methods"].get(method)
        if method == "open" and self._mode(node, 0):
            self._note(self.evaluator.value(function.value), "FILE", node)
        elif entry is not None and len(node.args) >= entry.get("arguments", 0):
            if entry.get("self"):
                self._note(self.evaluator.value(function.value), entry["kind"], node)
            else:
                self._writes(node, method, entry | {"optional": entry.get("arguments", 0) == 0})
        entry = self.data["listening_methods"].get(method)
        if entry is not None and not any(name.startswith("subprocess.") for name in names):
            keywords = {argument.keyword.value for argument in node.args if argument.keyword is not None}
            if "only" not in entry or keywords.intersection(entry["only"]):
                self._listens(node, entry)

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            name = self._setting(target.target)
            if name is not None:
                self._set(name, node.value, node)

    def visit_DictElement(self, node: cst.DictElement) -> None:
        key = self.evaluator.value(node.key).text
        if key is not None and key in self.data["settings"]:
            self._set(key, node.value, node)
        elif key == "filename":
            self._note(self.evaluator.value(node.value), "LOG", node)
        elif key == "NAME":
            found = self.evaluator.value(node.value)
            if (found.text or found.folder or "").endswith((".sqlite3", ".sqlite", ".db", ".sqlite3.db")):
                self._note(found, "DATABASE", node)
        elif key == "LOCATION" and (self.evaluator.value(node.value).text or "").startswith("/"):
            self._note(self.evaluator.value(node.value), "FOLDER", node)

    def visit_Arg(self, node: cst.Arg) -> None:
        if node.keyword is not None and node.keyword.value in self.data["settings"]:
            self._set(node.keyword.value, node.value, node)

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        text = node.evaluated_value
        if isinstance(text, str) and text.startswith(_ALL_ADDRESSES):
            place = text.removeprefix("sqlite:///").partition("?")[0]
            if place and not place.startswith(":memory:"):
                self._note(Value(place), "DATABASE", node)

    def visit_FormattedString(self, node: cst.FormattedString) -> None:
        first = node.parts[0] if node.parts else None
        if isinstance(first, cst.FormattedStringText) and first.value.startswith("sqlite:"):
            found = self.evaluator.value(node)
            place = found.text.removeprefix("sqlite:///") if found.text else None
            self._note(Value(place, None, found.variable), "DATABASE", node)

    def _setting(self, target: cst.BaseAssignTargetExpression) -> str | None:
        """The name of a setting that *target* assigns: ``NAME``, ``x.NAME`` or ``x["NAME"]``."""
        name: str | None = None
        if isinstance(target, cst.Name):
            name = target.value
        elif isinstance(target, cst.Attribute):
            name = target.attr.value
        elif isinstance(target, cst.Subscript) and len(target.slice) == 1:
            index = target.slice[0].slice
            name = self.evaluator.value(index.value).text if isinstance(index, cst.Index) else None
        return name if name in self.data["settings"] else None

    def _set(self, name: str, value: cst.BaseExpression, node: cst.CSTNode) -> None:
        found = self.evaluator.value(value)
        if found.text != "":
            self._note(found, self.data["settings"][name], node, folder=True)

    def _argument(self, node: cst.Call, at: int | None, key: str | None) -> cst.BaseExpression | None:
        positional = [argument for argument in node.args if argument.keyword is None]
        for argument in node.args:
            if argument.keyword is not None and argument.keyword.value == key:
                return argument.value
        if at is not None and at < len(positional) and not any(one.star for one in positional[: at + 1]):
            return positional[at].value
        return None

    def _writes(self, node: cst.Call, name: str, entry: Mapping[str, Any]) -> None:
        argument = self._argument(node, entry.get("at"), entry.get("key"))
        if argument is None:
            if not entry.get("optional"):
                self._doubt(node, f"{name}() writes where the code does not say")
            return
        found = self.evaluator.value(argument)
        if found.text is not None and found.text.startswith((":memory:", "file::memory:")):
            return
        self._note(found, entry["kind"], node)

    def _mode(self, node: cst.Call, at: int) -> bool:
        argument = self._argument(node, at, "mode")
        if argument is None:
            return False
        mode = self.evaluator.value(argument).text
        return mode is None or bool(_WRITING_MODES.intersection(mode))

    def _opens(self, node: cst.Call, name: str, at: int, mode: int) -> None:
        if not self._mode(node, mode):
            return
        argument = self._argument(node, at, "file")
        if name == "os.fdopen":
            return
        self._note(self.evaluator.value(argument) if argument is not None else Value(), "FILE", node)

    def _note(self, found: Value, kind: str, node: cst.CSTNode, *, folder: bool = False) -> None:
        """Note that *found* is written; ``folder`` tells that it is a folder in which files are made."""
        place = self.evaluator.path(found)
        where = self.evidence(node)
        written = found.text or (f"a file in {found.folder}" if found.folder else "a path that the code computes")
        if found.variable:
            written = f"{written} (or what {found.variable} says)"
        parent = place.folder
        if place.text is not None:
            parent = place.text if folder or kind == "FOLDER" else posixpath.dirname(place.text)
        self.writes.append(WrittenPath(place.text, parent, WriteKind[kind], written, where))

    def _listens(self, node: cst.Call, entry: Mapping[str, Any]) -> None:
        found = Value(entry.get("default"))
        if "address" in entry:
            argument = self._argument(node, entry["address"], None)
            pair = self.evaluator.value(argument).value if argument is not None else None
            if not isinstance(pair, tuple) or len(pair) < 2:
                if entry["server"] == "socket":
                    return
                pair = (Value(), Value())
            found = pair[1]
        elif "text" in entry:
            argument = self._argument(node, entry["text"], None)
            text = self.evaluator.value(argument).text if argument is not None else None
            found = Value((text or "").rpartition(":")[2])
        else:
            argument = self._argument(node, entry.get("at"), entry.get("key"))
            if argument is not None:
                found = self.evaluator.value(argument)
        self.listeners.append(Listener(found.number, entry["server"], self.evidence(node), found.variable))

    def _runs(self, node: cst.Call, *, spread: bool) -> None:
        where = self.evidence(node)
        positional = [argument.value for argument in node.args if argument.keyword is None]
        if spread and len(positional) > 1:
            positional = positional[1:] if isinstance(positional[1], cst.List | cst.Tuple) else positional
        if not positional:
            self.runs.append(Ran((), None, where))
            return
        first = positional[0]
        if isinstance(first, cst.List | cst.Tuple):
            words = tuple(self.evaluator.value(element.value).text for element in first.elements)
            self.runs.append(Ran(words, None, where))
        elif spread:
            self.runs.append(Ran(tuple(self.evaluator.value(item).text for item in positional), None, where))
        else:
            self.runs.append(Ran((), self.evaluator.value(first).text, where))

    def _opaque(self, node: cst.Call, name: str) -> None:
        argument = self._argument(node, 0, None)
        if argument is None or self.evaluator.value(argument).text is None:
            self._doubt(node, f"{name}() runs code that only the running program knows")

    def _doubt(self, node: cst.CSTNode, reason: str) -> None:
        self.doubts.append(Doubt(reason, self.evidence(node)))
