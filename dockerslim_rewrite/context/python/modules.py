"""The modules of a project that a Python program reaches, and what they do together.

A string that names a module of the project, or its file, counts as an import: frameworks name modules so.
"""

from __future__ import annotations

import ast
import posixpath
import sys
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property

from ...analysis.project import Behaviour, Doubt, Evidence, Need, Privilege, SharedLibrary, UsedPackage
from ...knowledge.python_calls import python_calls
from ...patterns import re
from ...record import record
from ...text.structured import words_in
from ..recent import Recent
from .found import ModuleScan, Ran
from .module import Module, read_module
from .scan import scan
from .values import Evaluator, Started

#: Modules whose names are ordinary words as well, and that no program loads by name.
_NOT_RUN = re.compile(r"setup\Z|conftest\Z|test|noxfile\Z|tasks\Z|fabfile\Z")
_FILE = re.compile(r"\A[\w./-]+\.py\Z")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
#: What is read of any kind, in characters; beyond, code has at most a word or sign for so many, and these besides.
_FREE = 300_000
_USUAL = 4
_ROOM = 100_000


@record
class ReachLimits:
    """What following one program may cost: modules, and their characters."""

    modules: int = 2000
    characters: int = 5_000_000


@record
class Outline:
    """What a module names: imported modules as (name, level, line), and strings that look like the names of modules, or
    of their files.
    """

    imports: tuple[tuple[str, int, int], ...]
    strings: tuple[str, ...]
    files: tuple[str, ...] = ()


@record
class Reached:
    """What the modules do that a program reaches, themselves ``followed`` in it, and the programs that they run."""

    behaviour: Behaviour
    runs: tuple[Ran, ...]


def outline(module: Module) -> Outline:
    """The outline of *module*."""
    imports: list[tuple[str, int, int]] = []
    strings: list[str] = []
    files: list[str] = []
    for node in module.nodes:
        if isinstance(node, ast.Import):
            imports.extend((name.name, 0, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            imports.append((node.module or "", node.level, node.lineno))
            parent = f"{node.module}." if node.module else ""
            imports.extend((parent + name.name, node.level, node.lineno) for name in node.names if name.name != "*")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = node.value.partition(":")[0]
            if len(named) < 200 and _DOTTED.match(named):
                strings.append(named)
            if len(node.value) < 200 and _FILE.search(node.value):
                files.append(posixpath.normpath(node.value).lstrip("/"))
    imports.sort(key=lambda one: one[2])
    return Outline(tuple(imports), tuple(dict.fromkeys(strings)), tuple(dict.fromkeys(files)))


class Modules:
    """The modules of one context, each read once. ``read`` gives the text of a context path."""

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read
        self._known: dict[str, Module | Doubt] = {}
        self._characters = 0
        self._words = _ROOM
        self._outlines: dict[str, Outline] = {}
        self._reached = Recent()
        self._scans: dict[str, list[tuple[Mapping[tuple[str, str], str | None], ModuleScan]]] = {}

    def module(self, path: str) -> Module | Doubt:
        """The module at *path*, or why it cannot be read."""
        if path not in self._known:
            self._known[path] = self._parsed(path)
        return self._known[path]

    def outline(self, path: str, module: Module) -> Outline:
        """The outline of *module*, which is at *path*."""
        if path not in self._outlines:
            self._outlines[path] = outline(module)
        return self._outlines[path]

    def scan(self, path: str, module: Module, started: Started) -> ModuleScan:
        """The scan of *module*, which is at *path* and *started* so; see ``scan``."""
        known = self._scans.setdefault(path, [])
        for asked, found in known:
            if started.answers(asked):
                return found
        found = scan(module, path, started)
        known.append((started.asked, found))
        return found

    def recall(self, about: Hashable, entries: Hashable, find: Callable[[], Reached]) -> Reached:
        """What *find* finds that *entries* reach under what it is *about*, once while others ask about the same."""
        return self._reached.recall(about, entries, find)

    def inline(self, text: str) -> str:
        """The name under which the module *text* of a command line is known from now on."""
        name = f"python -c {text!r}"
        if len(name) > 60:
            name = f"{name[:60]}…{len(text)}"
        if name not in self._known:
            try:
                self._known[name] = read_module(text)
            except SyntaxError as error:
                self._known[name] = Doubt(f"{name} cannot be parsed: {error.msg}", Evidence(name, 0))
        return name

    def _parsed(self, path: str) -> Module | Doubt:
        text = self._read(path)
        if text is None:
            return Doubt(f"{path} could not be read as text", Evidence(path, 0))
        if not self._affords(text):
            return Doubt(
                f"{path} is not read: with the modules before it, it is more data than code", Evidence(path, 0)
            )
        try:
            return read_module(text)
        except SyntaxError as error:
            return Doubt(f"{path} cannot be parsed: {error.msg}", Evidence(path, error.lineno or 0))

    def _affords(self, text: str) -> bool:
        """Whether the module *text* may be read besides those that were: what people write may, however long it is."""
        self._characters += len(text)
        if self._characters <= _FREE:
            return True
        rest = self._words + len(text) // _USUAL - words_in(text)
        if rest < 0:
            return False
        self._words = min(rest, _ROOM)
        return True


@record(eq=False, slots=False)
class Reader:
    """Follows programs through a project.

    ``files`` are all context paths, ``image`` leads from a context path to
    the image path where the file is copied, ``cwd`` is the working directory, ``roots`` are the context paths of the
    folders that modules are found in.
    """

    modules: Modules
    files: frozenset[str]
    image: Callable[[str], str | None]
    cwd: str | None
    roots: tuple[str, ...]
    environment: Mapping[str, str | None]
    limits: ReachLimits = ReachLimits()

    def module(self, name: str) -> str | None:
        """The context path of the module *name*: a file, or a package's ``__init__``; None for one from elsewhere."""
        stem = name.replace(".", "/")
        for root in self.roots:
            base = f"{root}/{stem}" if root else stem
            for path in (f"{base}.py", f"{base}/__init__.py"):
                if path in self.files:
                    return path
        return None

    def reach(self, entries: Iterable[str]) -> Reached:
        """All that the programs at the context paths *entries* do."""
        waiting = deque(dict.fromkeys(entries))
        seen = set(waiting)
        reached: list[tuple[str, Module]] = []
        doubts: list[Doubt] = []
        followed: list[str] = []
        libraries: dict[str, SharedLibrary] = {}
        privileges: list[Privilege] = []
        packages: dict[str, UsedPackage] = {}
        characters = 0
        while waiting:
            path = waiting.popleft()
            if len(followed) >= self.limits.modules or characters > self.limits.characters:
                doubts.append(Doubt("the project is too large to be followed completely", Evidence(path, 0)))
                break
            followed.append(path)
            module = self.modules.module(path)
            if isinstance(module, Doubt):
                doubts.append(module)
                continue
            characters += module.size
            found = self.modules.outline(path, module)
            for next_path in self._named(path, found):
                if next_path not in seen:
                    seen.add(next_path)
                    waiting.append(next_path)
            self._outside(path, found, libraries, privileges, packages)
            reached.append((path, module))
        cwd = self.cwd if all(self._stays(path, module) for path, module in reached) else None
        scans = [
            self.modules.scan(path, module, Started(self.image(path), cwd, self.environment))
            for path, module in reached
        ]
        behaviour = Behaviour(
            listeners=tuple(item for one in scans for item in one.listeners),
            writes=tuple(item for one in scans for item in one.writes),
            privileges=(*privileges, *(item for one in scans for item in one.privileges)),
            libraries=tuple(libraries.values()),
            doubts=(*doubts, *(item for one in scans for item in one.doubts)),
            followed=tuple(followed),
            packages=tuple(packages.values()),
            programs=tuple(item for one in scans for item in one.programs),
        )
        return Reached(behaviour, tuple(item for one in scans for item in one.runs))

    def _stays(self, path: str, module: Module) -> bool:
        """Whether the module at *path* makes no other directory the current one: relative names may lie in either."""
        moves = frozenset(python_calls()["moves"]["names"])
        calls = (node for node in module.nodes if isinstance(node, ast.Call))
        moving = [node for node in calls if not moves.isdisjoint(module.qualified(node.func))]
        evaluator = Evaluator(module, Started(self.image(path), self.cwd, self.environment))
        places = [evaluator.path(evaluator.value(node.args[0])).text if node.args else None for node in moving]
        return all(place is not None and place == self.cwd for place in places)

    def _named(self, path: str, found: Outline) -> Iterable[str]:
        """The context paths of the modules of the project that *path* names."""
        for name, level, _ in found.imports:
            yield from self._imported(path, name, level)
        for name in found.files:
            yield from self._by_ending.get(name, ())
        for name in found.strings:
            target = self.module(name)
            parent = self.module(name.rpartition(".")[0]) if "." in name else None
            if target is not None and target.endswith("/__init__.py"):
                # Frameworks look for further modules in packages that are named to them.
                folder = posixpath.dirname(target)
                yield from (file for file in sorted(self.files) if _of_package(file, folder))
            elif target is not None and ("." in name or not _NOT_RUN.match(name)):
                yield target
            elif parent is not None:
                yield parent

    @cached_property
    def _by_ending(self) -> Mapping[str, Sequence[str]]:
        """The modules by all that their paths end in, in the context and in the image: code may begin anywhere."""
        found: dict[str, dict[str, None]] = {}
        for path in sorted(self.files):
            if path.endswith(".py") and not _NOT_RUN.match(posixpath.basename(path).removesuffix(".py")):
                for place in (path, (self.image(path) or path).lstrip("/")):
                    parts = place.split("/")
                    for at in range(len(parts)):
                        found.setdefault("/".join(parts[at:]), {})[path] = None
        return {ending: tuple(paths) for ending, paths in found.items()}

    def _imported(self, path: str, name: str, level: int) -> Iterable[str]:
        if level:
            folder = path
            for _ in range(level):
                folder = posixpath.dirname(folder)
            stem = posixpath.join(folder, name.replace(".", "/")) if name else folder
            for candidate in (f"{stem}.py", f"{stem}/__init__.py"):
                if candidate in self.files:
                    yield candidate
            return
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            target = self.module(".".join(parts[:count]))
            if target is not None:
                yield target

    def _outside(
        self,
        path: str,
        found: Outline,
        libraries: dict[str, SharedLibrary],
        privileges: list[Privilege],
        packages: dict[str, UsedPackage],
    ) -> None:
        """Note what imports from elsewhere need."""
        data = python_calls()
        # A directory without __init__.py is a package as well, of which only the modules are found.
        own = {
            name.partition(".")[0]
            for name, level, _ in found.imports
            if not level and any(self._imported(path, name, 0))
        }
        for name, level, line in found.imports:
            top = name.partition(".")[0]
            if level or not top or top in own:
                continue
            where = Evidence(path, line)
            if top not in sys.stdlib_module_names and top not in packages:
                packages[top] = UsedPackage("python", top, where, self.cwd)
            if top in data["privileged_modules"]:
                need = Need[data["privileged_modules"][top]]
                privilege = Privilege(need, f"import {top}", where)
                if privilege not in privileges:
                    privileges.append(privilege)
            if top in data["libraries"] and top not in libraries:
                entry = data["libraries"][top]
                libraries[top] = SharedLibrary(
                    top, entry["package"], tuple(entry["apt"]), tuple(entry["apk"]), entry["bundled"], where
                )


def _of_package(file: str, folder: str) -> bool:
    if not (file.startswith(folder + "/") and file.endswith(".py")):
        return False
    rest = file[len(folder) + 1 :].split("/")
    return not any(part.startswith("test") for part in rest)
