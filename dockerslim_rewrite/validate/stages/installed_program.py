"""A compiled program that was installed below a prefix, which is all that ships of what a builder built.

Sources: GNU Coding Standards, "Directory Variables"; the CMake manual, install; Meson's reference, executable.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from ...ir.build import Stage
from ...ir.steps import Arg, Copy, Env, Run
from ...patterns import re
from ..core.program import commands_of
from ..core.verdict import Unsound
from ..moves.contents import Read

_TOOLS = frozenset(("make", "gmake", "ninja", "cmake", "meson"))
_INSTALLS = frozenset(("install", "install-strip", "--install"))
#: Commands that put nothing into the image that leads to the sources.
_KNOWN = _TOOLS | frozenset(
    (
        "autoreconf", "autoconf", "automake", "aclocal", "libtoolize", "autoheader", "configure", "autogen.sh",
        "bootstrap", "bootstrap.sh", "apt-get", "apt", "apk", "cd", "rm", "mkdir", "echo", "set", "export", "true",
        "nproc", "strip", "ldconfig", "ls", "chmod", "test", "[", "getconf",
    )
)  # fmt: skip
_PREFIX = re.compile(
    r"--(?:exec-)?prefix[= ](/[\w./-]+)|(?:\b|(?<=-D))(?:PREFIX|prefix|CMAKE_INSTALL_PREFIX(?::\w+)?)=(/[\w./-]+)"
)
_USUAL = "/usr/local"
_BUILD_FILES = tuple(
    folder + name
    for folder in ("", "src/")
    for name in ("Makefile.am", "CMakeLists.txt", "meson.build", "Makefile", "makefile", "GNUmakefile")
)
_TOLD_BACK = re.compile(r"rpath|\$\{?PWD\b|\$\(pwd\)|`pwd`|\bDESTDIR=|\bLD_(?:LIBRARY_PATH|PRELOAD|RUN_PATH)\b")
_BACK = re.compile(r"rpath|RPATH|\bln\s+-\w*s|create_symlink|install_symlink")


def check_installed(
    stage: Stage, runtime: Stage, words: Sequence[str], place: str | None, folders: frozenset[str], read: Read | None
) -> None:
    """Refuse a program that build tools did not install outside of *folders*, to where *runtime* has it.

    *words* start the container, in the directory *place*; *read* gives the text of a file of the build context, where
    that is at hand. Raises ``Unsound``.
    """
    lines = (stage.head.line, runtime.head.line)
    name = posixpath.basename(words[0]) if words else ""
    if not re.fullmatch(r"[\w.+-]+", name) or re.search(r"\.(?:sh|py|pl|rb|js|jar|php)\Z", name):
        raise Unsound("what the container starts is not known to be compiled", *lines)
    installs = False
    for step in stage.steps:
        for command in commands_of(step):
            raw = [word.lstrip("\0") for word in command.words if word != "sudo"]
            tool = raw[0].rpartition("/")[2] if raw else ""
            if raw and tool not in _KNOWN:
                raise Unsound(f"what {tool} puts into the image may lead to the sources", step.line)
            installs = installs or (tool in _TOOLS and not _INSTALLS.isdisjoint(raw))
    if not installs:
        raise Unsound("nothing installs what the container starts", *lines)
    copied = [
        posixpath.normpath(source)
        for step in runtime.steps
        if isinstance(step, Copy) and step.origin.flag("from")
        for source in step.sources
    ]
    text = "\n".join(step.origin.args for step in stage.steps if isinstance(step, Run | Env | Arg))
    told = {match[1] or match[2] for match in _PREFIX.finditer(text)} or {_USUAL}
    inside = any(re.search(rf"(?<![\w./-]){re.escape(one)}/\w", text) for one in folders)
    if inside or _TOLD_BACK.search(text):
        raise Unsound("what is built may be told to read its sources", *lines)
    if "/" in words[0]:
        path = posixpath.normpath(posixpath.join(place or "/", words[0]))
        there = [path] if any(f"{path}/".startswith(f"{one}/") for one in told) else []
    else:
        there = [f"{one.rstrip('/')}/{each}/{name}" for one in told for each in ("bin", "sbin")]
    if not any(f"{path}/".startswith(f"{one}/") for path in there for one in copied):
        raise Unsound(f"{words[0]} is not known to be in the runtime stage", *lines)
    if any(f"{path}/".startswith(f"{one}/") for path in there for one in folders):
        raise Unsound(f"{words[0]} is left behind", *lines)
    if read is not None:
        _check_build(name, list(_texts(read)), lines)


def _texts(read: Read) -> Iterator[str]:
    yield from (text for name in _BUILD_FILES if (text := read(name)) is not None)


def _check_build(name: str, texts: Sequence[str], lines: tuple[int, int]) -> None:
    word = re.escape(name)
    made = re.compile(
        rf"_PROGRAMS\s*\+?=(?:\\\n|[^\n])*(?<![\w.-]){word}(?![\w.-])|(?i:\badd_executable)\s*\(\s*{word}\s"
        rf"|\bexecutable\s*\(\s*'{word}'|(?m:^){word}\s*:"
    )
    if not any(made.search(text) for text in texts):
        raise Unsound(f"nothing tells that {name} is compiled", *lines)
    if any(_BACK.search(text) for text in texts):
        raise Unsound("what is installed may lead to the sources", *lines)
