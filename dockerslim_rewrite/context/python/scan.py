"""One Python module: what its calls and settings write, bind, run and need."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ...analysis.project import Doubt, Evidence, Listener, Need, Privilege, StartedProgram, WriteKind, WrittenPath
from ...knowledge.python_calls import python_calls
from ...knowledge.smaller import is_library, of_the_system
from ...knowledge.written import absolute_path, looks_written
from ..collected import certain
from ..system_files import is_distributed
from .found import ModuleScan, Ran
from .given import chosen_functions, given_places
from .mentions import argument, handed_over, spoken_of, told_to
from .module import Module
from .values import Evaluator, Started, Value

_WRITING_MODES = frozenset("wax+")
_WRITING_FLAGS = frozenset(("O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC", "O_EXCL", "O_TMPFILE"))
_SQLITE = "sqlite:///"
#: What declares an option of a command line.
_OPTIONS = frozenset(("add_argument", "option", "add_option"))
#: The first port that everybody may open. Source: ip(7), ip_unprivileged_port_start.
_FREE_PORT = 1024


def scan(module: Module, path: str, started: Started) -> ModuleScan:
    """Scan *module* at the context path *path*, which is *started* so."""
    scanner = _Scanner(module, path, started)
    for node in module.nodes:
        scanner.look(node)
    scanner.given()
    return ModuleScan(
        certain(scanner.writes),
        tuple(dict.fromkeys(scanner.listeners)),
        tuple(dict.fromkeys(scanner.privileges)),
        tuple(dict.fromkeys(scanner.runs)),
        tuple(dict.fromkeys(scanner.doubts)),
        tuple(dict.fromkeys(scanner.started)),
    )


class _Scanner:
    """Collects from one module."""

    def __init__(self, module: Module, path: str, started: Started) -> None:
        self.module = module
        self.path = path
        self.data = python_calls()
        self.evaluator = Evaluator(module, started)
        self.told = told_to(module)
        self.spoken = spoken_of(module.nodes)
        self.parts = {id(part) for node in module.nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        #: Functions where they are called, and where a name is given to them by which they are called.
        self.called = {id(node.func) for node in module.nodes if isinstance(node, ast.Call)}
        self.called |= {id(value) for value in module.assigned.values()}
        self.writes: list[WrittenPath] = []
        self.listeners: list[Listener] = []
        self.privileges: list[Privilege] = []
        self.runs: list[Ran] = []
        self.started: list[StartedProgram] = []
        self.doubts: list[Doubt] = []

    def evidence(self, node: ast.AST) -> Evidence:
        return Evidence(self.path, getattr(node, "lineno", 0))

    def look(self, node: ast.AST) -> None:
        """Collect from *node*, its children left out."""
        if isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif isinstance(node, ast.Name | ast.Attribute) and self._handed_on(node):
            self._note(Value(), "FILE", node)
        elif isinstance(node, ast.Subscript) and self._is_loader(node.value):
            self._loaded(node.slice, ast.unparse(node.value), node)
        elif isinstance(node, ast.Attribute) and self._is_loader(node.value):
            if id(node) not in self.called:
                self._loaded(None, ast.unparse(node), node)
        elif isinstance(node, ast.Attribute):
            if node.attr in ("SOCK_RAW", "AF_PACKET"):
                self.privileges.append(Privilege(Need.RAW_SOCKET, f"socket.{node.attr}", self.evidence(node)))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(target, node.value, node)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self._assign(node.target, node.value, node)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if key is not None:
                    self._element(key, value)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and id(node) not in self.parts:
                self._text(node, node.value)
        elif isinstance(node, ast.JoinedStr):
            self._joined(node)

    def _text(self, node: ast.Constant, text: str) -> None:
        """Note what the whole string *text* may name."""
        self._sqlite(Value(text), node)
        if is_distributed(text):
            self.started.append(StartedProgram(text.rstrip("/"), text, self.evidence(node)))
        if id(node) not in self.told and (looks_written(text) or self._absolute(node, text)):
            self._note(Value(text), "POSSIBLE", node)

    def _joined(self, node: ast.JoinedStr) -> None:
        """Note what the string that *node* puts together may name."""
        first = node.values[0] if node.values else None
        start = str(first.value) if isinstance(first, ast.Constant) else ""
        if start.count("/") > 1 and id(node) not in self.told and self._absolute(node, start.rpartition("/")[0]):
            self._note(Value(start.rpartition("/")[0]), "POSSIBLE", node)
        if start.startswith("sqlite:"):
            found = self.evaluator.value(node)
            if found.text is None:
                self._note(Value(None, None, found.variable), "DATABASE", node)
            else:
                self._sqlite(found, node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        names = [one.name for one in node.names]
        if isinstance(node, ast.ImportFrom):
            if node.level:
                return
            names = [node.module or "", *(f"{node.module}.{name}" for name in names)]
        for name in names:
            self._imported(name, node)

    def _imported(self, name: str | None, node: ast.AST) -> None:
        """Note what the module *name* needs, and those that it lies in."""
        parts = name.split(".") if name else []
        for end in range(1, len(parts) + 1):
            module = ".".join(parts[:end])
            if module in self.data["needing"]:
                self._needs(module, self.data["needing"][module], node)

    def _loads(self, node: ast.Call, name: str) -> None:
        """Note the library that a call of *name* loads."""
        given = argument(node, 0, "name")
        if not isinstance(given, ast.Constant) or given.value is not None:
            # None stands for the program itself.
            self._loaded(given, f"{name}()", node)

    def _is_loader(self, node: ast.expr) -> bool:
        """Whether *node* is an object whose items and attributes are libraries."""
        loaders = self.data["loads"]["items"]
        return isinstance(node, ast.Name | ast.Attribute) and any(one in loaders for one in self.module.qualified(node))

    def _loaded(self, given: ast.expr | None, name: str, node: ast.AST) -> None:
        """Note that *name* loads the library that is *given*, at *node*."""
        text = self.evaluator.value(given).text if given is not None else None
        known = text if text is not None and is_library(text) and not name.endswith("find_library()") else None
        if known is None or not of_the_system().has(known):
            said = f"{name} loads a library of the system"
            self.started.append(StartedProgram(known, said, self.evidence(node)))

    def _needs(self, name: str, program: str, node: ast.AST) -> None:
        """Note that *name* of the library needs *program*, or a library of the system."""
        said = f"{name} needs {program}" if program else f"{name} loads a library of the system"
        self.started.append(StartedProgram(program or None, said, self.evidence(node)))

    def given(self) -> None:
        """Collect what whoever starts the program gives it."""
        for node, name in given_places(self.module):
            known = self.evaluator.value(node)
            if self.evaluator.started.variable(name) is None:
                self._note(Value(None, None, name), "FILE", node)
            elif absolute_path(known.text or ""):
                self._note(known, "POSSIBLE", node)
        for node in chosen_functions(self.module):
            self._note(Value(), "FILE", node)

    def _handed_on(self, node: ast.Name | ast.Attribute) -> bool:
        """Whether *node* is a function that writes, and that is handed on: it may be called with any path."""
        if id(node) in self.called or not isinstance(node.ctx, ast.Load):
            return False
        return any(name in self.data["writes"] for name in self.module.qualified(node))

    def _absolute(self, node: ast.AST, text: str) -> bool:
        """Whether the string *node*, which begins with *text*, is a path by which something else may write."""
        return id(node) not in self.spoken and absolute_path(text)

    def _sqlite(self, found: Value, node: ast.AST) -> None:
        """Note the file in an address of SQLAlchemy's for SQLite."""
        text = found.text or ""
        if not text.startswith(_SQLITE):
            return
        place = text.removeprefix(_SQLITE).partition("?")[0]
        if place and not place.startswith(":memory:"):
            self._note(Value(place, None, found.variable), "DATABASE", node)

    def _call(self, node: ast.Call) -> None:
        names = self.module.qualified(node.func)
        data = self.data
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg in data["settings"]:
                self._set(keyword.arg, keyword.value, keyword.value)
        self._fetches(node, names)
        if any(name in data["home"]["names"] for name in names) and self._asks(node):
            self.writes.append(WrittenPath(None, "~", WriteKind.POSSIBLE, "files", self.evidence(node)))
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
            if name in data["needing_calls"]:
                self._needs(f"{name}()", data["needing_calls"][name], node)
            if name == "importlib.import_module" and node.args:
                self._imported(self.evaluator.value(node.args[0]).text, node)
            if name in data["loads"]["names"]:
                return self._loads(node, name)
            if name in data["opaque"]["names"]:
                return self._opaque(node, name, 0)
            if name in data["opaque"]["second"]:
                return self._opaque(node, name, 1)
        for given in handed_over(node, self.module):
            if id(given) not in self.told:
                self._note(self.evaluator.value(given), "POSSIBLE", node)
        if isinstance(node.func, ast.Attribute):
            self._method(node, node.func, names)
        return None

    def _asks(self, node: ast.Call) -> bool:
        """Whether the call *node*, whose name may ask for the home directory, does: it may be told of another."""
        given = argument(node, 0, None)
        told = self.evaluator.value(given).text if given is not None else None
        return told is None or not told.startswith("/")

    def _fetches(self, node: ast.Call, names: Sequence[str]) -> None:
        """Note the directory in which a call leaves the data that it fetches."""
        told = self.data["fetches"]
        flag = next((keyword.value for keyword in node.keywords if keyword.arg in told["flags"]), None)
        asked = flag is not None and not (isinstance(flag, ast.Constant) and not flag.value)
        if not asked and not any(name.startswith(tuple(told["always"])) for name in names):
            return
        given = next((keyword.value for keyword in node.keywords if keyword.arg in told["into"]), None)
        given = argument(node, 0, None) if given is None else given
        found = self.evaluator.value(given) if given is not None else Value()
        self._note(Value() if "://" in (found.text or "") else found, "FOLDER", node)

    def _method(self, node: ast.Call, function: ast.Attribute, names: tuple[str, ...]) -> None:
        method = function.attr
        if method in self.data["loads"]["methods"]:
            self._loads(node, ast.unparse(function))
        entry = self.data["methods"].get(method)
        given = len(node.args) + len(node.keywords)
        if method == "open" and self._mode(node, 0):
            self._note(self.evaluator.value(function.value), "FILE", node)
        elif (
            entry is not None
            and entry.get("arguments", 0) <= given <= entry.get("most", given)
            and ("of" not in entry or self._imports(entry["of"]))
        ):
            if entry.get("moved"):
                self._note(self.evaluator.value(function.value), "REMOVAL", node)
            if entry.get("self"):
                self._note(self.evaluator.value(function.value), self._kind(node, entry), node)
            else:
                self._writes(node, method, entry | {"optional": entry.get("arguments", 0) == 0})
        entry = self.data["listening_methods"].get(method)
        if entry is not None and not any(name.startswith("subprocess.") for name in names):
            keywords = {keyword.arg for keyword in node.keywords}
            if "only" not in entry or keywords.intersection(entry["only"]):
                self._listens(node, entry)

    def _imports(self, names: Sequence[str]) -> bool:
        """Whether the module imports one of the libraries *names*."""
        tops = {name.partition(".")[0] for found in self.module.imported.values() for name in found}
        return not tops.isdisjoint(names)

    def _assign(self, target: ast.expr, value: ast.expr, node: ast.AST) -> None:
        """Look at an assignment to ``NAME``, ``x.NAME`` or ``x["NAME"]``."""
        name: str | None = None
        if isinstance(target, ast.Name):
            name = target.id
        elif isinstance(target, ast.Attribute):
            name = target.attr
        elif isinstance(target, ast.Subscript):
            name = self.evaluator.value(target.slice).text
        if name is not None and name in self.data["settings"]:
            self._set(name, value, node)

    def _element(self, key_node: ast.expr, value: ast.expr) -> None:
        """Look at an element of a dictionary: settings, and the keys of logging's and Django's configurations."""
        key = self.evaluator.value(key_node).text
        if key is not None and key in self.data["settings"]:
            self._set(key, value, key_node)
        elif key == "filename":
            self._note(self.evaluator.value(value), "LOG", key_node)
        elif key == "NAME":
            found = self.evaluator.value(value)
            if (found.text or found.folder or "").endswith((".sqlite3", ".sqlite", ".db", ".sqlite3.db")):
                self._note(found, "DATABASE", key_node)
        elif key == "LOCATION" and (self.evaluator.value(value).text or "").startswith("/"):
            self._note(self.evaluator.value(value), "FOLDER", key_node)

    def _set(self, name: str, value: ast.expr, node: ast.AST) -> None:
        found = self.evaluator.value(value)
        if found.text != "" and not (isinstance(value, ast.Constant) and not isinstance(value.value, str)):
            kind = self.data["settings"][name]
            self._note(found, kind, node, folder=kind != "FILE")

    def _writes(self, node: ast.Call, name: str, entry: Mapping[str, Any]) -> None:
        if "where" in entry and all(keyword.arg not in (entry["where"], None) for keyword in node.keywords):
            return
        moved = argument(node, entry.get("source"), "src")
        if moved is not None:
            self._note(self.evaluator.value(moved), "REMOVAL", node)
        given = argument(node, entry.get("at"), entry.get("key"))
        if given is None or (isinstance(given, ast.Constant) and given.value is None):
            if not entry.get("optional"):
                self._doubt(node, f"{name}() writes where the code does not say")
            return
        found = self.evaluator.value(given)
        if found.text is not None and found.text.startswith((":memory:", "file::memory:")):
            return
        self._note(found, self._kind(node, entry), node)

    def _kind(self, node: ast.Call, entry: Mapping[str, Any]) -> str:
        """What *node* writes: a directory that must not be there before is made in the one above, as files are."""
        kind: str = entry["kind"]
        if "fresh" not in entry or any(keyword.arg in (entry["fresh"], None) for keyword in node.keywords):
            return kind
        return kind if self._guarded else "FILE"

    @cached_property
    def _guarded(self) -> bool:
        return any(self.module.names(name) for name in self.data["guards"]["names"])

    def _mode(self, node: ast.Call, at: int) -> bool:
        given = argument(node, at, "mode")
        if given is None:
            return False
        flags = {getattr(one, "attr", getattr(one, "id", "")) for one in ast.walk(given)}
        if any(flag.startswith("O_") for flag in flags):
            return not _WRITING_FLAGS.isdisjoint(flags)
        mode = self.evaluator.value(given).text
        return mode is None or bool(_WRITING_MODES.intersection(mode))

    def _opens(self, node: ast.Call, name: str, at: int, mode: int) -> None:
        if not self._mode(node, mode):
            return
        given = argument(node, at, "file")
        if name == "os.fdopen":
            return
        self._note(self.evaluator.value(given) if given is not None else Value(), "FILE", node)

    def _note(self, found: Value, kind: str, node: ast.AST, *, folder: bool = False) -> None:
        """Note that *found* is written; ``folder`` tells that it is a folder in which files are made."""
        place = self.evaluator.path(found)
        where = self.evidence(node)
        written = found.text or (f"a file in {found.folder}" if found.folder else "a path that the code computes")
        if found.text is None and found.folder is None and found.variable:
            written = f"wherever {found.variable} says"
        elif found.variable:
            written = f"{written} (or what {found.variable} says)"
            if self.evaluator.started.variable(found.variable) is None:
                # Nobody gives the user what is named when the container starts.
                self.writes.append(WrittenPath(None, None, WriteKind[kind], f"wherever {found.variable} says", where))
        parent = place.folder
        if re.match(r"~(?:/|\Z)", found.text or found.folder or ""):
            parent = "~"
        elif place.text is not None:
            parent = place.text if folder or kind == "FOLDER" else posixpath.dirname(place.text)
        self.writes.append(WrittenPath(place.text, parent, WriteKind[kind], written, where))

    def _listens(self, node: ast.Call, entry: Mapping[str, Any]) -> None:
        found = Value(entry.get("default"))
        socket = argument(node, None, entry.get("socket"))
        if socket is not None and not (isinstance(socket, ast.Constant) and socket.value is None):
            self._note(self.evaluator.value(socket), "FILE", node)
            return
        if "address" in entry:
            given = argument(node, entry["address"], None)
            pair = self.evaluator.value(given).value if given is not None else None
            if not isinstance(pair, tuple) or len(pair) < 2:
                if entry["server"] == "socket":
                    if given is not None and self.module.names("AF_UNIX"):
                        self._note(self.evaluator.value(given), "FILE", node)
                    return
                pair = (Value(), Value())
            found = pair[1]
        elif "text" in entry:
            given = argument(node, entry["text"], None)
            text = self.evaluator.value(given).text if given is not None else None
            found = Value((text or "").rpartition(":")[2])
        else:
            given = argument(node, entry.get("at"), entry.get("key"))
            if given is not None:
                found = self.evaluator.value(given)
                if found.number is None and isinstance(given, ast.Attribute):
                    found = self._by_default(given.attr)
        self.listeners.append(Listener(found.number, entry["server"], self.evidence(node), found.variable))

    def _by_default(self, name: str) -> Value:
        """The port that the command line's option *name* stands for where nobody gives it, and that only root may open:
        of any other it is not known whether somebody does.

        Source: Python library reference, argparse, "dest" and "default"; click, "Options".
        """
        for node in self.module.nodes:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            dest, default = (argument(node, None, key) for key in ("dest", "default"))
            named = {word.lstrip("-").replace("-", "_") for word in words}
            if isinstance(dest, ast.Constant):
                named = {str(dest.value)}
            if called in _OPTIONS and name in named and default is not None:
                found = self.evaluator.value(default)
                return found if found.number is not None and found.number < _FREE_PORT else Value()
        return Value()

    def _runs(self, node: ast.Call, *, spread: bool) -> None:
        where = self.evidence(node)
        positional = node.args
        if spread and len(positional) > 1:
            positional = positional[1:] if isinstance(positional[1], ast.List | ast.Tuple) else positional
        if not positional:
            self.runs.append(Ran((), None, where))
            return
        first = positional[0]
        words = self._words(first)
        if words is not None:
            self.runs.append(Ran(words, None, where))
        elif spread:
            self.runs.append(Ran(tuple(self.evaluator.value(item).text for item in positional), None, where))
        else:
            split = isinstance(first, ast.Call) and "shlex.split" in self.module.qualified(first.func) and first.args
            text = self.evaluator.value(first.args[0] if isinstance(first, ast.Call) and split else first).text
            self.runs.append(Ran((), text, where))

    def _words(self, node: ast.expr) -> tuple[str | None, ...] | None:
        """The words of a list that *node* stands for; those that are added to it are not known."""
        if isinstance(node, ast.Name):
            node = self.module.assigned.get(node.id, node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left = self._words(node.left) if isinstance(node.left, ast.List | ast.Tuple | ast.Name) else None
            return (*left, None) if left else None
        if not isinstance(node, ast.List | ast.Tuple):
            return None
        return tuple(self.evaluator.value(element).text for element in node.elts)

    def _opaque(self, node: ast.Call, name: str, at: int) -> None:
        given = argument(node, at, None)
        if given is None or self.evaluator.value(given).text is None:
            said = f"{name}() runs code that only the running program knows"
            self.doubts.append(Doubt(said, self.evidence(node), open=True))

    def _doubt(self, node: ast.AST, reason: str) -> None:
        self.doubts.append(Doubt(reason, self.evidence(node)))
