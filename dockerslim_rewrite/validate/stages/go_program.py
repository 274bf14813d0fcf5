"""A program that Go compiles, and that is all that ships of what a builder built.

Sources: `go help build` (-o), `go help install` (GOBIN, GOPATH); docker-library golang (GOPATH, PATH).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from ...ir.build import Stage
from ...ir.steps import Copy, Env, Run
from ...patterns import re
from ..bases.inherited import filled
from ..core.program import commands_of
from ..core.verdict import Unsound

_INSTALLED = "/go/bin"
#: PATH of the image, in its order.
_PATH = (
    _INSTALLED, "/usr/local/go/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
)  # fmt: skip
#: By these Go installs elsewhere.
_ELSEWHERE = re.compile(r"\bGO(?:BIN|PATH)=|\bgo\s+env\b")
_MEANT = re.compile(r"\$(?:\{PATH\}|PATH\b)")


def check_go(stage: Stage, runtime: Stage, words: Sequence[str], place: str | None, env: Mapping[str, str]) -> None:
    """Refuse a container that does not start, with *words* in the directory *place*, a program that Go compiles in
    *stage* and that *runtime* copies from there. Raises ``Unsound``.
    """
    lines = (stage.head.line, runtime.head.line)
    unknown = Unsound("what the container starts is not known to be compiled", *lines)
    if not words or "\0" in words[0]:
        raise unknown
    name = posixpath.basename(words[0])
    if "/" in words[0]:
        there = [posixpath.normpath(posixpath.join(place or "/", words[0]))]
    else:
        # The first one in PATH counts: another of that name must not be shipped.
        there = [path for folder in _folders(stage, env) if _ships(runtime, env, path := f"{folder}/{name}")]
    made = _made(stage, place, env)
    if len(there) != 1 or not (there[0] in made or posixpath.dirname(there[0]) in made):
        raise unknown


def _folders(stage: Stage, env: Mapping[str, str]) -> tuple[str, ...]:
    """The directories in which programs are looked for; none where the file names others than the image has."""
    values = [
        pair.value or "" for step in stage.steps if isinstance(step, Env) for pair in step.pairs if pair.key == "PATH"
    ]
    parts = [part.strip("\"'") for value in values for part in filled(_MEANT.sub("", value), env).split(":")]
    return _PATH if {*filter(None, parts)} <= {*_PATH} else ()


def _ships(runtime: Stage, env: Mapping[str, str], path: str) -> bool:
    """Whether *runtime* copies what lies at *path*, by itself or with its directory."""
    return any(
        f"{path}/".startswith(f"{posixpath.normpath(filled(source, env))}/")
        for step in runtime.steps
        if isinstance(step, Copy) and step.origin.flag("from")
        for source in step.sources
    )


def _made(stage: Stage, place: str | None, env: Mapping[str, str]) -> set[str]:
    """The programs that Go compiles, and directories that it puts some into."""
    found: set[str] = set()
    text = "\n".join(step.origin.args for step in stage.steps if isinstance(step, Run | Env))
    elsewhere = _ELSEWHERE.search(text) is not None or env.get("GOBIN") or env.get("GOPATH", "/go") != "/go"
    for step in stage.steps:
        for command in commands_of(step):
            words = command.words
            if words[:2] == ("go", "build") and "-o" in words[:-1]:
                target = filled(words[words.index("-o") + 1].lstrip("\0"), env)
                found.add(posixpath.normpath(posixpath.join(place or "/", target)))
            elif words[:2] == ("go", "install") and not elsewhere and not _fills(stage, env):
                found.add(_INSTALLED)
    return found


def _fills(stage: Stage, env: Mapping[str, str]) -> bool:
    """Whether something else than Go puts files among the programs that it installs."""
    for step in stage.steps:
        if isinstance(step, Copy) and f"{filled(step.destination, env)}/".startswith(f"{_INSTALLED}/"):
            return True
        for command in commands_of(step):
            named = [filled(word.lstrip("\0"), env) for word in command.words[1:]]
            if command.words[:1] != ("go",) and any(_INSTALLED in word for word in named):
                return True
    return False
