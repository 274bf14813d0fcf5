"""Which packages a JavaScript program loads, followed from the file that is started through the project's own files.

Source: Node.js documentation, "Modules: CommonJS modules" (how a path is resolved), "Modules: ECMAScript modules".
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from ...patterns import re
from ...record import record

#: What asks for a module: the word, and the literal that follows, if one does.
_LOADS = re.compile(
    r"""(?<![\w.$])(?:require(?:\.resolve)?\s*\(|import\s*\()\s*(?:(?P<call>'[^'\n]*'|"[^"\n]*"|`[^`$\n]*`)\s*\))?"""
    r"""|(?<![\w.$])(?:from|import)\s*(?P<from>'[^'\n]*'|"[^"\n]*")"""
)
#: What may load or run anything by a name that is made up when it runs.
_UNSEEN = re.compile(
    r"(?<![\w.$])(?:eval\s*\(|new\s+Function\b|require\.main\b|require\s*(?:[^\s(.\w]|$))"
    r"|\bcreateRequire\b|\bmodule\.require\b|\bprocess\.(?:binding|dlopen)\b|\b_load\b",
    re.M,
)
#: What a path in a program may go without.
ENDINGS = ("", ".js", ".cjs", ".mjs", ".json", ".node", "/index.js", "/index.json")
_SCRIPT = (".js", ".cjs", ".mjs")


@record
class Loaded:
    """The ``modules`` that are named by a package's name, each with the file that does; the ``texts`` read, by path."""

    modules: dict[str, str]
    texts: dict[str, str]


def loaded(entry: str, read: Callable[[str], str | None]) -> Loaded | str:
    """What the program that starts with the file *entry* loads, or why that is not known.

    *read* gives the text of a file of the project by its path, None where there is none.
    """
    modules: dict[str, str] = {}
    texts: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        asked = waiting.pop()
        path = next((asked + ending for ending in ENDINGS if read(asked + ending) is not None), None)
        if path is None:
            return f"{asked} is not in the build context"
        if path in texts:
            continue
        text = texts[path] = read(path) or ""
        if path.endswith(".json"):
            continue
        if not path.endswith(_SCRIPT):
            return f"{path} is not JavaScript"
        if asks_unseen(text):
            return f"{path} may load anything"
        for name in modules_named(text):
            if name is None:
                return f"{path} loads what a variable names"
            if name.startswith("."):
                waiting.append(posixpath.normpath(posixpath.join(posixpath.dirname(path), name)))
            elif name.startswith(("/", "#")) or "://" in name:
                return f"{path} loads {name}"
            else:
                modules.setdefault(_package(name), path)
    return Loaded(modules, texts)


def asks_unseen(text: str) -> bool:
    """Whether *text* may load or run what no name in it tells."""
    return _UNSEEN.search(text) is not None


def modules_named(text: str) -> Iterator[str | None]:
    """The names of the modules that *text* asks for; None for one that is not written out."""
    for match in _LOADS.finditer(text):
        literal = match["call"] or match["from"]
        yield literal[1:-1] if literal else None


def _package(name: str) -> str:
    parts = name.removeprefix("node:").split("/")
    return "/".join(parts[:2]) if name.startswith("@") else parts[0]
