"""A program that Cargo compiles, which is all that ships of what a builder built.

Source: the Cargo book, "Build cache", "cargo install", "Profiles".
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from ...ir.build import Stage
from ...ir.steps import Copy, Value
from ...patterns import re
from ..bases.inherited import filled
from ..core.program import commands_of
from ..core.verdict import Unsound
from ..metadata.metadata import folder

#: Where Cargo puts programs, below the directory that it builds in.
_BUILT = re.compile(r"(?:target/)?target/(?:[\w.-]+/)?(?:release|debug|[\w-]+)/([\w-]+)")
_INSTALLED = "/usr/local/cargo/bin"
#: Variables and options by which Cargo puts them elsewhere.
_ELSEWHERE = re.compile(r"--(?:target-dir|artifact-dir|out-dir|root)(?:=.*)?")
_TOLD = ("CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_INSTALL_ROOT", "CARGO_HOME")


def check_cargo(stage: Stage, runtime: Stage, words: Sequence[str], place: str | None, env: Mapping[str, str]) -> None:
    """Refuse a container that does not start, with *words* in the directory *place*, a program that Cargo compiles in
    *stage* and that *runtime* copies from there. Raises ``Unsound``.
    """
    lines = (stage.head.line, runtime.head.line)
    if not words or "\0" in words[0]:
        raise Unsound("what the container starts is not known to be compiled", *lines)
    copied = {
        filled(source, env)
        for step in runtime.steps
        if isinstance(step, Copy) and step.origin.flag("from")
        for source in step.sources
    }
    made = _made(stage, env)
    if "/" in words[0]:
        started = {posixpath.normpath(posixpath.join(place or "/", words[0]))}
    else:
        started = {f"{one}/{words[0]}" for one in (_INSTALLED, "/usr/local/bin", "/usr/bin", "/bin")}
    for path in started & copied:
        if path in made or any(re.fullmatch(f"{re.escape(one)}/{_BUILT.pattern}", path) for one in made):
            return
        if path == f"{_INSTALLED}/{posixpath.basename(path)}" and _INSTALLED in made:
            return
    raise Unsound("what the container starts is not known to be compiled", *lines)


def _made(stage: Stage, env: Mapping[str, str]) -> set[str]:
    """The directories that Cargo builds in, the one it installs into, and where programs were copied from there."""
    found: set[str] = set()
    if any(env.get(name) not in (None, "/usr/local/cargo") for name in _TOLD):
        return found
    at: str | None = "/"
    for step in stage.steps:
        if isinstance(step, Value) and step.keyword == "WORKDIR":
            at = folder(filled(step.value, env), at, "\\")
        here = at
        for command in commands_of(step):
            words = [filled(word.lstrip("\0"), env) for word in command.words]
            name = posixpath.basename(words[0]) if words else ""
            if name == "cd":
                here = posixpath.normpath(posixpath.join(here or "/", words[1])) if len(words) == 2 else None
            if any(map(_ELSEWHERE.fullmatch, words)):
                continue
            if name == "cargo" and here is not None and not {"build", "b"}.isdisjoint(words):
                found.add(here)
            elif name == "cargo" and "install" in words:
                found.add(_INSTALLED)
            elif name in ("cp", "mv", "install") and here is not None:
                found |= _copies([word for word in words[1:] if not word.startswith("-")], here, found)
    return found


def _copies(operands: Sequence[str], here: str, made: set[str]) -> set[str]:
    """Where a copy of the programs among *operands*, made in the directory *here*, lies."""
    end = posixpath.normpath(posixpath.join(here, operands[-1])) if len(operands) > 1 else ""
    found: set[str] = set()
    for operand in operands[:-1]:
        path = posixpath.normpath(posixpath.join(here, operand))
        if any(re.fullmatch(f"{re.escape(one)}/{_BUILT.pattern}", path) for one in made):
            found |= {end, posixpath.join(end, posixpath.basename(path))}
    return found
