"""Python among the commands: modules, scripts and lines of code, and what they start in their turn."""

from __future__ import annotations

import posixpath

from .following import Following, joined
from .python_calls import read_python
from .reached import MOST_DEEP, Ran
from .wrappers import Words

#: Modules of Python's own that start nothing.
_IDLE = frozenset(("venv", "virtualenv", "compileall", "ensurepip", "json.tool", "http.server", "zipfile", "tarfile"))


def python_program(reading: Following, argv: Words, folder: str | None, place: str, depth: int) -> None:
    """Follow the call *argv* of Python."""
    index = 1
    while index < len(argv):
        word = argv[index]
        if word == "-c":
            text = argv[index + 1] if index + 1 < len(argv) else None
            if text is None:
                reading.unread("dynamic", "what Python is given", place)
            else:
                python_text(reading, text, None, folder, place, depth)
            return
        if word == "-m":
            module = argv[index + 1] if index + 1 < len(argv) else None
            if module is None or not _python_module(reading, module, folder, place, depth):
                reading.unread("program", f"python -m {module or '…'}", place)
            return
        if word is None or not word.startswith("-"):
            break
        index += 2 if word in ("-W", "-X") else 1
    if index >= len(argv):
        if len(argv) == 1:
            reading.unread("dynamic", "what Python reads", place)
        return
    word = argv[index]
    text = reading.read(word, folder) if word else None
    if word is None or text is None:
        # setup.py is how a package is built; a script of that name elsewhere is none of this build's.
        kind = "build" if word and posixpath.basename(word) in ("setup.py", "manage.py", "waf") else "script"
        reading.unread(kind, word or "a program that Python starts", place)
    elif reading.first(("python", joined(folder, word), folder)):
        python_text(reading, text, joined(folder, word), folder, f"{posixpath.basename(word)}, {place}", depth)


def _python_module(reading: Following, module: str, folder: str | None, place: str, depth: int) -> bool:
    if module in _IDLE:
        return True
    base = module.replace(".", "/")
    for path in (f"{base}.py", f"{base}/__main__.py"):
        text = reading.read(path, folder)
        if text is not None:
            python_text(reading, text, joined(folder, path), folder, f"{path}, {place}", depth)
            return True
    return False


def python_text(reading: Following, text: str, path: str | None, folder: str | None, place: str, depth: int) -> None:
    """Follow the Python code *text*, which stands at the image path *path* if that is known."""
    if depth > MOST_DEEP:
        reading.unread("script", "modules that import each other too deep", place)
        return
    file = read_python(text)
    if file is None:
        reading.unread("script", "Python that cannot be read", place)
        return
    if {"apt", "apt_pkg", "aptsources"} & {name.partition(".")[0] for name in file.imports}:
        reading.found.append(Ran(("python-apt",), folder, place, False))
    for one in file.started:
        if one.text is not None:
            reading.text(one.text, folder, place, surely=False, depth=depth + 1)
        elif one.argv is not None:
            reading.command(one.argv, folder, place, surely=False, depth=depth + 1)
        else:
            reading.unread("dynamic", "a program that Python starts", place)
    here = posixpath.dirname(path) if path else folder
    for name in file.imports:
        up = len(name) - len(name.lstrip("."))
        base = here
        for _ in range(up - 1):
            base = posixpath.dirname(base) if base else None
        bare = name.lstrip(".").replace(".", "/")
        for candidate in (f"{bare}.py", f"{bare}/__init__.py") if bare else ():
            inner = reading.read(candidate, base)
            if inner is not None and reading.first(("module", joined(base, candidate))):
                python_text(reading, inner, joined(base, candidate), folder, f"{candidate}, {place}", depth + 1)
