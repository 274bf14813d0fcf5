"""Builds in Tiltfiles: calls of ``docker_build``, and of what runs commands.

Source: Tilt API reference, ``docker_build``, ``custom_build``, ``local_resource``, ``local``. A Tiltfile is Starlark,
whose syntax is Python's for what is read here: texts, and names bound to them.
"""

from __future__ import annotations

import ast
import posixpath
import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from ...knowledge.build_commands import names_a_builder
from ...text.structured import read_python
from ..repository import Repository
from .found import FoundBuild, Place, Text, Unknown
from .places import folder
from .shell_scripts import ScriptReader
from .tilt_values import Calls, Names, for_shell, known_text, text_of

_CALLS = frozenset(("docker_build", "docker_build_with_restart"))
#: The parameters of what runs commands, then those that hold a command, each with the one that says where it is run.
_COMMANDS: Final[Mapping[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]]] = {
    "custom_build": (("ref", "command", "deps"), (("command", "dir"),)),
    "local_resource": (("name", "cmd", "deps"), (("cmd", "dir"), ("serve_cmd", "serve_dir"))),
    "local": (("command",), (("command", "dir"),)),
}
_POSITIONS = ("ref", "context", "build_args", "dockerfile", "dockerfile_contents")


def tiltfile(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the Tiltfile *path*; its paths are relative to it."""
    text = repository.read(path)
    if text is None or not (names_a_builder(text) or "docker_build" in text):
        return
    try:
        tree = read_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        repository.complain(path, f"cannot be read: {getattr(error, 'msg', None) or 'nested too deeply'}; not read")
        return
    try:
        calls = Calls(tree)
        for call, names in calls:
            called = call.func.id if isinstance(call.func, ast.Name) else ""
            if called in _CALLS:
                yield _build(repository, path, call, names)
            elif called in _COMMANDS:
                yield from _commands(repository, path, call, names, calls)
        if calls.spent:
            repository.complain(path, "its loops go through more than is followed; the rest of them is left out")
    except RecursionError:
        repository.complain(path, "cannot be read: nested too deeply; the rest is not read")


def _commands(repository: Repository, path: str, call: ast.Call, names: Names, calls: Calls) -> Iterator[FoundBuild]:
    """The builds of the commands that *call*, one of *calls*, runs in its ``dir`` or beside the Tiltfile."""
    assert isinstance(call.func, ast.Name)
    first, commands = _COMMANDS[call.func.id]
    given: dict[str, ast.expr] = dict(zip(first, call.args, strict=False))
    given |= {one.arg: one.value for one in call.keywords if one.arg}
    home = posixpath.dirname(path)
    for key, where in commands:
        command = given.get(key)
        if command is None:
            continue
        unknown: dict[str, Text] = {}
        if isinstance(command, ast.List):
            # What is no text stands for a word of its own.
            words = [
                shlex.quote(word) if (word := known_text(one, names)) is not None else None for one in command.elts
            ]
            shell = " ".join(
                for_shell(one, names, unknown) if word is None else word
                for one, word in zip(command.elts, words, strict=True)
            )
        else:
            shell = for_shell(command, names, unknown)
        if not calls.may_read(shell):
            return
        wanted = given.get(where)
        folder_ = folder(repository, home, "." if wanted is None else text_of(wanted, names), told=False)
        if call.func.id == "custom_build" and "ref" in given:
            # Tilt hands over the name that the image is to have.
            unknown |= dict.fromkeys(("EXPECTED_REF", "EXPECTED_IMAGE"), text_of(given["ref"], names))
        yield from ScriptReader(repository, "tilt", path, command.lineno, [folder_], unknown).read(shell)


def _build(repository: Repository, path: str, call: ast.Call, names: Names) -> FoundBuild:
    given: dict[str, ast.expr] = dict(zip(_POSITIONS, call.args, strict=False))
    given |= {one.arg: one.value for one in call.keywords if one.arg}
    home = posixpath.dirname(path)

    def text(name: str) -> Text | None:
        value = given.get(name)
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return None
        return text_of(value, names)

    context = folder(repository, home, text("context") or ".")
    named = text("dockerfile")
    inline = text("dockerfile_contents")
    dockerfile: Text | None
    if inline is not None:
        dockerfile = None if isinstance(inline, str) else inline
    elif named is not None:
        dockerfile = folder(repository, home, named)
    else:
        dockerfile = posixpath.join(context, "Dockerfile") if isinstance(context, str) else Unknown("Dockerfile")
    arguments = given.get("build_args")
    args: list[tuple[str, Text | None]] = []
    if isinstance(arguments, ast.Dict):
        for key, value in zip(arguments.keys, arguments.values, strict=True):
            if isinstance(key, ast.Constant):
                args.append((str(key.value), text_of(value, names)))
    elif arguments is not None:
        args.append(("…", Unknown(ast.unparse(arguments))))
    ref = text("ref") or Unknown("")
    return FoundBuild(
        kind="tilt",
        place=Place(path, call.lineno),
        name=str(ref),
        context=context,
        dockerfile=dockerfile,
        inline=inline if isinstance(inline, str) else None,
        target=text("target"),
        args=tuple(args),
        tags=(ref,),
    )
