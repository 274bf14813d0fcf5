"""The modules of a project that a Python program reaches, and what they do together.

Imports and strings are read with ``ast``, which is fast; what calls mean is read with libcst, in the modules that hold
a word to look for. A string that names a module of the project counts as an import: frameworks name modules so.
"""

from __future__ import annotations

import ast
import posixpath
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from ...analysis.project import Behaviour, Doubt, Evidence, Need, Privilege, SharedLibrary
from ...knowledge.python_calls import is_interesting, python_calls
from ...record import record
from .found import ModuleScan, Ran
from .scanning import Job, scans

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
#: libcst reads deep nesting on the machine's stack, and its time grows with the square of the depth.
_DEPTH = 200


@record
class ReachLimits:
    """What following one program may cost: modules, their characters, lines read with libcst, and seconds.

    The seconds are for machines that are busy with other things: elsewhere the other limits come first.
    """

    modules: int = 2000
    characters: int = 20_000_000
    lines: int = 20_000
    seconds: float = 60.0


@record
class Outline:
    """What a module names: imported modules as (name, level, line), and strings that look like module names."""

    imports: tuple[tuple[str, int, int], ...]
    strings: tuple[str, ...]


@record
class Reached:
    """What the modules do that a program reaches, themselves ``followed`` in it, and the programs that they run."""

    behaviour: Behaviour
    runs: tuple[Ran, ...]


@lru_cache(maxsize=4096)
def outline(text: str) -> Outline:
    """The outline of the module *text*. Raises ``SyntaxError`` for what is no Python, or is nested too deeply."""
    try:
        tree = ast.parse(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "nested too deeply") from None
    imports: list[tuple[str, int, int]] = []
    strings: list[str] = []
    waiting: list[tuple[ast.AST, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > _DEPTH:
            raise SyntaxError("nested too deeply")
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
        waiting.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    imports.sort(key=lambda one: one[2])
    return Outline(tuple(imports), tuple(dict.fromkeys(strings)))


@record(eq=False, slots=False)
class Reader:
    """Follows programs through a project.

    ``read`` gives the text of a context path, ``files`` are all context paths, ``image`` leads from a context path to
    the image path where the file is copied, ``cwd`` is the working directory, ``roots`` are the context paths of the
    folders that modules are found in.
    """

    read: Callable[[str], str | None]
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
        jobs: list[Job] = []
        doubts: list[Doubt] = []
        modules: list[str] = []
        libraries: dict[str, SharedLibrary] = {}
        privileges: list[Privilege] = []
        lines = characters = 0
        end = time.monotonic() + self.limits.seconds
        while waiting:
            path = waiting.popleft()
            too_much = lines > self.limits.lines or characters > self.limits.characters
            if len(modules) >= self.limits.modules or time.monotonic() > end or too_much:
                doubts.append(_too_large(path))
                break
            modules.append(path)
            text = self.read(path)
            if text is None:
                doubts.append(Doubt(f"{path} could not be read as text", Evidence(path, 0)))
                continue
            characters += len(text)
            try:
                found = outline(text)
            except SyntaxError as error:
                doubts.append(Doubt(f"{path} cannot be parsed: {error.msg}", Evidence(path, error.lineno or 0)))
                continue
            for next_path in self._named(path, found):
                if next_path not in seen:
                    seen.add(next_path)
                    waiting.append(next_path)
            self._outside(path, found, libraries, privileges)
            if is_interesting(text, (name for name, _, _ in found.imports)):
                lines += text.count("\n")
                jobs.append(Job(text, path, self.image(path)))
        answers = scans(jobs, self.cwd, self.environment, end - time.monotonic())
        read = [one for one in answers if isinstance(one, ModuleScan)]
        for job, one in zip(jobs, answers, strict=True):
            if isinstance(one, str):
                doubts.append(Doubt(f"{job.path} {one}", Evidence(job.path, 0)))
        unread = next((job for job, one in zip(jobs, answers, strict=True) if one is None), None)
        if unread is not None:
            doubts.append(_too_large(unread.path))
        behaviour = Behaviour(
            listeners=tuple(item for one in read for item in one.listeners),
            writes=tuple(item for one in read for item in one.writes),
            privileges=(*privileges, *(item for one in read for item in one.privileges)),
            libraries=tuple(libraries.values()),
            doubts=(*doubts, *(item for one in read for item in one.doubts)),
            followed=tuple(modules),
        )
        return Reached(behaviour, tuple(item for one in read for item in one.runs))

    def _named(self, path: str, found: Outline) -> Iterable[str]:
        """The context paths of the modules of the project that *path* names."""
        for name, level, _ in found.imports:
            yield from self._imported(path, name, level)
        for name in found.strings:
            target = self.module(name)
            parent = self.module(name.rpartition(".")[0]) if "." in name else None
            if target is not None and target.endswith("/__init__.py"):
                # Frameworks look for further modules in packages that are named to them.
                folder = posixpath.dirname(target)
                yield from (file for file in sorted(self.files) if _of_package(file, folder))
            elif target is not None and "." in name:
                yield target
            elif parent is not None:
                yield parent

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
        self, path: str, found: Outline, libraries: dict[str, SharedLibrary], privileges: list[Privilege]
    ) -> None:
        """Note what imports from elsewhere need."""
        data = python_calls()
        for name, level, line in found.imports:
            top = name.partition(".")[0]
            if level or not top or self.module(top) is not None:
                continue
            where = Evidence(path, line)
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


def _too_large(path: str) -> Doubt:
    return Doubt("the project is too large to be followed completely", Evidence(path, 0))


def _of_package(file: str, folder: str) -> bool:
    if not (file.startswith(folder + "/") and file.endswith(".py")):
        return False
    rest = file[len(folder) + 1 :].split("/")
    return not any(part.startswith("test") for part in rest)
