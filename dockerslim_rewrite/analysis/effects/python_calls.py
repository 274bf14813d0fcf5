"""The programs that a Python file starts, and the modules that it imports, read with ``ast``. Nothing is run.

Source: Python library reference, ``subprocess``, ``os`` (process management), ``pty``, ``asyncio.subprocess``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ...record import record
from ...text import structured

#: Functions by which a program is started, by the last part of their name.
_STARTS = frozenset(
    (
        "system", "popen", "popen2", "popen3", "popen4", "Popen", "run", "call", "check_call", "check_output",
        "getoutput", "getstatusoutput", "create_subprocess_shell", "create_subprocess_exec", "execl", "execle",
        "execlp", "execv", "execve", "execvp", "execvpe", "spawnl", "spawnlp", "spawnv", "spawnvp", "posix_spawn",
        "posix_spawnp", "run_command", "spawn",
    )
)  # fmt: skip
_MODULES = frozenset(
    ("subprocess", "os", "commands", "popen2", "asyncio", "pexpect", "sh", "pty", "plumbum", "invoke", "fabric")
)
#: Modules that start programs, or run code, of which this reader knows nothing.
_OPAQUE = frozenset(("sh", "plumbum", "invoke", "fabric", "fabric2", "importlib", "runpy", "pexpect", "ctypes"))
_RUNS_CODE = frozenset(("exec", "eval", "__import__", "compile", "execfile"))


@record
class Started:
    """A program that a file starts: ``argv`` with None for a word that is not known, or ``text`` for a shell's script.

    With neither it is not known what is started. ``line`` counts from 1.
    """

    line: int
    argv: tuple[str | None, ...] | None = None
    text: str | None = None


@record
class PythonFile:
    """What a file starts, and the names of the modules that it imports (with leading dots where they are relative)."""

    started: tuple[Started, ...]
    imports: tuple[str, ...]


@lru_cache(maxsize=256)
def read_python(text: str) -> PythonFile | None:
    """Read the source *text*; None where it is no Python of today."""
    try:
        tree = structured.read_python(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    nodes = tuple(structured.nodes(tree))
    imports = tuple(dict.fromkeys(_imports(nodes)))
    started = sorted(_started(nodes, _bound(nodes)), key=lambda one: one.line)
    return PythonFile(tuple(started), imports)


def _imports(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            joint = "" if not base or base.endswith(".") else "."
            yield from (f"{base}{joint}{alias.name}" for alias in node.names)


def _bound(nodes: Sequence[ast.AST]) -> dict[str, str]:
    """The names in the file that stand for modules that start programs, or for their functions."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in _MODULES | _OPAQUE:
                    found[alias.asname or alias.name.partition(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in _MODULES | _OPAQUE:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _started(nodes: Sequence[ast.AST], bound: dict[str, str]) -> Iterator[Started]:
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func)
        if name is None:
            continue
        first, _, rest = name.partition(".")
        if name in _RUNS_CODE:
            yield Started(node.lineno)
            continue
        target = bound.get(first)
        if target is None:
            continue
        whole = f"{target}.{rest}" if rest else target
        if whole.partition(".")[0] in _OPAQUE:
            yield Started(node.lineno)
        elif whole.rpartition(".")[2] in _STARTS:
            yield _program(node, whole.rpartition(".")[2])


def _dotted(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _program(call: ast.Call, function: str) -> Started:
    line = call.lineno
    arguments = list(call.args)
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    first = arguments[0] if arguments else named.get("args", named.get("cmd", named.get("command")))
    if function.startswith(("exec", "spawn", "posix_spawn")) and function != "spawn":
        words = arguments[1:] if function.startswith("spawn") else arguments
        if function.rstrip("pe").endswith("v"):
            words = words[1:]
            return _sequence(words[0] if words else None, line)
        return Started(line, argv=tuple(map(_word, words[1:] if len(words) > 1 else words)))
    if function == "create_subprocess_exec":
        return Started(line, argv=tuple(map(_word, arguments)))
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        shell = function in ("system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell")
        given = named.get("shell")
        if shell or (isinstance(given, ast.Constant) and given.value):
            return Started(line, text=first.value)
        return Started(line, argv=(first.value,) if "shell" not in named else None)
    return _sequence(first, line)


def _sequence(node: ast.expr | None, line: int) -> Started:
    if isinstance(node, ast.List | ast.Tuple) and node.elts:
        return Started(line, argv=tuple(map(_word, node.elts)))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "split"
        and not node.args
        and isinstance(node.func.value, ast.Constant)
        and isinstance(node.func.value.value, str)
    ):
        return Started(line, argv=tuple(node.func.value.value.split()))
    return Started(line)


def _word(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Attribute) and node.attr == "executable":
        return "python"
    return None
