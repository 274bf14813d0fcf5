"""Builds in Tiltfiles: plain calls of ``docker_build``. Source: Tilt API reference, ``docker_build``.

A Tiltfile is Starlark, whose syntax is Python's for what is read here: literals, and names bound to them.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator, Mapping

from ...text.structured import read_python
from ..repository import Repository
from .found import FoundBuild, Place, Text, Unknown
from .places import folder

_CALLS = frozenset(("docker_build", "docker_build_with_restart"))
_POSITIONS = ("ref", "context", "build_args", "dockerfile", "dockerfile_contents")


def tiltfile(repository: Repository, path: str) -> Iterator[FoundBuild]:
    """The builds of the Tiltfile *path*; its paths are relative to it."""
    text = repository.read(path)
    if text is None or "docker_build" not in text:
        return
    try:
        tree = read_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        repository.complain(path, f"cannot be read: {getattr(error, 'msg', None) or 'nested too deeply'}; not read")
        return
    names: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            names |= {target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _CALLS:
            yield _build(repository, path, call, names)


def _build(repository: Repository, path: str, call: ast.Call, names: Mapping[str, str]) -> FoundBuild:
    given: dict[str, ast.expr] = dict(zip(_POSITIONS, call.args, strict=False))
    given |= {one.arg: one.value for one in call.keywords if one.arg}
    home = posixpath.dirname(path)

    def text(name: str) -> Text | None:
        value = given.get(name)
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
        if isinstance(value, ast.Name) and value.id in names:
            return names[value.id]
        return Unknown(ast.unparse(value))

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
                known = isinstance(value, ast.Constant) and isinstance(value.value, str)
                args.append((str(key.value), value.value if known else Unknown(ast.unparse(value))))  # type: ignore[attr-defined]
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
