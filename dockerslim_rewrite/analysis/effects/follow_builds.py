"""Package managers and make among the commands: the scripts and recipes of the project that they run."""

from __future__ import annotations

import posixpath

from ...patterns import re
from ..shell.operations import Kind, Operation
from .follow_python import python_text
from .following import Following, is_known, joined
from .makefiles import read_makefile, recipes
from .wrappers import Words, last_of

_PYTHON_MANAGERS = frozenset(("pip", "uv"))
#: A path as pip tells it from the name of a package. Source: pip documentation, "pip install".
_LOCAL = re.compile(r"\.{1,2}(?:/|\Z)|/")
_NODE_MANAGERS = frozenset(("npm", "yarn", "pnpm", "bun"))
_NODE_INSTALLS = frozenset((Kind.INSTALL,))
_HOOKS = ("preinstall", "install", "postinstall", "prepare")
_BUILDING = frozenset(("cargo", "go", "maven", "gradle", "dotnet", "hex"))
_MAKE_VALUES = frozenset(("-f", "--file", "--makefile", "-C", "--directory", "-I", "-l", "-o", "-W", "-j"))


def managed(reading: Following, done: Operation, argv: Words, folder: str | None, place: str, depth: int) -> None:
    """Follow what the package manager of *done*, which *argv* calls, runs of the project."""
    name = done.manager.name
    if name in _NODE_MANAGERS:
        _node(reading, done, argv, folder, place, depth)
    elif name in _PYTHON_MANAGERS and done.kind is Kind.INSTALL:
        _local_python(reading, done, argv, folder, place, depth)
    elif name in _BUILDING and done.kind in (Kind.BUILD, Kind.OTHER):
        if done.subcommand not in ("", "version", "env", "clean", "mod", "list", "vet", "fmt"):
            reading.unread("build", last_of(argv[done.command :]), place)
    elif done.subcommand in ("run", "run-script", "exec", "shell") or (name == "composer" and done.kind is Kind.OTHER):
        reading.unread("build", last_of(argv[done.command :]), place)


def _local_python(reading: Following, done: Operation, argv: Words, folder: str | None, place: str, depth: int) -> None:
    """Installing a project of the context runs its setup.py; without one a build backend reads pyproject.toml."""
    words = [argv[at] for at in done.operands]
    words += [word for flag in ("-e", "--editable") if (word := done.flag_value(flag)) is not None]
    for word in words:
        path = (word or "").partition("[")[0]
        if not _LOCAL.match(path):
            continue
        text = reading.read(posixpath.join(path, "setup.py"), folder)
        where = joined(folder, path)
        if text is not None:
            if reading.first(("setup.py", where)):
                name = posixpath.normpath(posixpath.join(path, "setup.py"))
                python_text(reading, text, joined(where, "setup.py"), where, f"{name}, {place}", depth + 1)
        elif not reading.files.known:
            reading.unread("script", "setup.py", place)


def _node(reading: Following, done: Operation, argv: Words, folder: str | None, place: str, depth: int) -> None:
    subcommand = done.subcommand
    if done.kind in _NODE_INSTALLS or (done.manager.name == "yarn" and not subcommand):
        scripts: tuple[str, ...] = (
            () if done.operands or done.has_flag("-g", "--global", "--ignore-scripts") else _HOOKS
        )
    elif subcommand in ("run", "run-script"):
        first = argv[done.operands[0]] if done.operands else None
        if first is None:
            if done.operands:
                reading.unread("dynamic", last_of(argv), place)
            return
        scripts = (f"pre{first}", first, f"post{first}")
    elif subcommand in ("test", "start", "build", "stop", "restart"):
        scripts = (f"pre{subcommand}", subcommand, f"post{subcommand}")
    elif subcommand in ("exec", "dlx", "x"):
        rest = argv[done.operands[0] :] if done.operands else ()
        if rest and rest[0] and is_known(rest[0]):
            reading.command(tuple(rest), folder, place, surely=False, depth=depth + 1)
        else:
            reading.unread("program", last_of(argv), place)
        return
    else:
        return
    from ...text.structured import read_json

    prefix = done.flag_value("--prefix", "-C", "--cwd", "--dir")
    where = joined(folder, prefix) if prefix else folder
    text = reading.read("package.json", where)
    try:
        package = read_json(text) if text is not None else None
    except ValueError:
        package = None
    if not isinstance(package, dict):
        if (scripts and scripts is not _HOOKS) or (scripts and reading.files.known):
            reading.unread("build", last_of(argv[done.command :]), place)
        return
    table = package.get("scripts")
    for script in scripts:
        line = table.get(script) if isinstance(table, dict) else None
        if isinstance(line, str) and reading.first(("package.json", where, script)):
            reading.text(line, where, f"the script {script} of package.json, {place}", depth=depth + 1)


def make(reading: Following, argv: Words, folder: str | None, place: str, depth: int) -> None:
    """Follow the recipes of what make is told to make by *argv*."""
    targets: list[str] = []
    given: dict[str, str] = {}
    path: str | None = None
    index = 1
    while index < len(argv):
        word = argv[index]
        if word is None:
            reading.unread("build", last_of(argv), place)
            return
        if word in ("-f", "--file", "--makefile"):
            path = argv[index + 1] if index + 1 < len(argv) else None
        elif word in ("-C", "--directory"):
            folder = joined(folder, argv[index + 1] if index + 1 < len(argv) else None)
        elif word.startswith("-C"):
            folder = joined(folder, word[2:])
        if word in _MAKE_VALUES and not (word == "-j" and not (argv[index + 1 : index + 2] or ("",))[0]):
            index += 1 if word == "-j" and not str((argv[index + 1 : index + 2] or ("",))[0]).isdigit() else 2
            continue
        if "=" in word and not word.startswith("-"):
            name, _, value = word.partition("=")
            given[name] = value
        elif not word.startswith("-"):
            targets.append(word)
        index += 1
    names = (path,) if path else ("GNUmakefile", "makefile", "Makefile")
    text = next((one for name in names if (one := reading.read(name, folder)) is not None), None)
    file = read_makefile(text) if text is not None else None
    lines = recipes(file, targets, given) if file is not None else None
    if lines is None:
        reading.unread("build", last_of(argv), place)
        return
    if reading.first(("make", folder, *targets)):
        for line in lines:
            reading.text(line, folder, f"Makefile, {place}", depth=depth + 1)
