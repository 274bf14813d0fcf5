"""What files name that the old image has and the new one lacks: libraries, programs, paths.

A program that loads a library by its name, or runs a command, may do so long after it has started; but the name stands
in a file as a rule. Names that are put together when the program runs are not seen.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from ...patterns import re
from ...record import record
from ...shell.names import SYSTEM_PATH
from ..rootfs import Kind, RootFilesystem
from .follow import follow

_PATH = re.compile(r"(?<![\w./$}-])/(?:usr|etc|var|opt|lib|lib64|srv|bin|sbin)/[A-Za-z0-9_.@+/-]*[A-Za-z0-9_@+-]")
_LIBRARY = re.compile(r"\blib[A-Za-z0-9_+-]+(?:\.[0-9]+)*\.so(?:\.[0-9]+)*")
#: How languages look for a library by its bare name.
_FOUND = re.compile(
    r"""(?:find_library|CDLL|cdll\.LoadLibrary|LoadLibrary|dlopen|ffi_lib|ffi\.load)\s*\(\s*["']([\w.+-]+)["']"""
)
#: How they run a command.
_RUN = re.compile(
    r"""(?:\brun|\bcall|\bPopen|\bsystem|\bcheck_output|\bcheck_call|\bpopen\d?|\bexec\w*|\bspawn\w*|\bwhich|\bexecFile\w*|"""
    r"""\bshell_exec|\bpassthru|\bproc_open|\bcreate_subprocess_\w+|%x)\s*[({]\s*\[?\s*[fbr]?["'`]([\w./+-]+)"""
)
#: Options of programs and settings that name a command in a list of words.
_WORDS = re.compile(r"[\w./+-]+")
_SCRIPTS = (".sh", ".bash")
_CODE = re.compile(
    r"\.(?:py|pyi|js|mjs|cjs|ts|rb|php|pl|sh|bash|conf|cfg|ini|toml|ya?ml|json|env|service|R|r|lua|tcl)\Z"
)
#: Folders with packages of languages: what they name, they name for many cases; there only libraries count.
FOREIGN = re.compile(r"/(?:site-packages|dist-packages|node_modules|gems|vendor)/")
#: Where commands are looked for (PATH of the usual base images).
#: What nobody misses: folders of documentation, of package managers, of caches; and what is made when a program runs.
_IDLE = re.compile(
    r"/(?:usr/share/(?:doc|man|info|locale|lintian|bug)|var/(?:lib/(?:apt|dpkg)|cache|log)|etc/apt)(?:/|\Z)"
)
LARGEST = 2_000_000
#: What runtimes and libraries read though no code names it: kinds of files, services, certificates, time zones.
_UNNAMED = (
    "/etc/mime.types", "/etc/services", "/etc/protocols", "/etc/ssl/certs/ca-certificates.crt", "/usr/share/zoneinfo",
)  # fmt: skip


@record
class Missed:
    """A ``path`` of the old image that the new one lacks, and the file that names it (``by``)."""

    path: str
    by: str


def is_text(path: str, head: bytes) -> bool:
    """Whether the file at *path*, which begins with *head*, is one whose names count."""
    return bool(_CODE.search(path)) or head[:2] == b"#!"


def missed(
    texts: Mapping[str, str],
    before: RootFilesystem,
    after: RootFilesystem,
    places: Iterable[str],
    programs: Iterable[tuple[str, str]] = (),
    *,
    unnamed: bool = True,
) -> tuple[Missed, ...]:
    """What *texts*, the files that ship by path, name of *before* and *after* lacks, sorted.

    *places* are the paths that only one of the two has for reasons of its own. *programs* are commands that code is
    known to start, with where it does. *unnamed*: what runs may read what runtimes and libraries read without a name.
    """
    own = tuple(places)
    libraries, bare = _libraries(before, after)
    commands = {name: path for name, path in _commands(before).items() if name not in _commands(after)}
    found = {path: "some library" for path in _UNNAMED if unnamed and _gone(path, before, after)}
    for name, by in programs:
        path = commands.get(posixpath.basename(name)) or (name if _gone(name, before, after) else None)
        if path is not None:
            found.setdefault(path, by)
    for by, text in sorted(texts.items()):
        foreign = FOREIGN.search(by) is not None
        named = [libraries.get(name) for name in _LIBRARY.findall(text)]
        named += [bare.get(name, libraries.get(name)) for name in _FOUND.findall(text)]
        if not foreign:
            named += [path for path in _PATH.findall(text) if _gone(path, before, after)]
            named += [commands.get(posixpath.basename(word)) for word in ran(by, text)]
        for path in named:
            if path is not None and not any(path.startswith(f"{one}/") for one in own) and not _IDLE.match(path):
                found.setdefault(path, by)
    return tuple(Missed(path, by) for path, by in sorted(found.items()))


def _gone(path: str, before: RootFilesystem, after: RootFilesystem) -> bool:
    return path.startswith("/") and follow(path, before) is not None and follow(path, after) is None


def ran(by: str, text: str) -> list[str]:
    """The commands that *text*, the file at the path *by*, runs by name; of shell scripts any word may be one."""
    script = by.endswith(_SCRIPTS) or text.startswith(
        ("#!/bin/sh", "#!/bin/bash", "#!/usr/bin/env sh", "#!/usr/bin/env bash")
    )
    if not script:
        return _RUN.findall(text)
    lines = (line.partition("#")[0] for line in text.splitlines())
    # In a script of the shell any word may be a command; the words behind quotes and equals signs are not.
    return [
        word for line in lines for word in _WORDS.findall(re.sub(r"""["'][^"']*["']|=\S*|--?\w[\w-]*""", " ", line))
    ]


def _libraries(before: RootFilesystem, after: RootFilesystem) -> tuple[dict[str, str], dict[str, str]]:
    """The libraries that only *before* has: by the names of their files, and by their bare names.

    The bare name leads to the file with a version: that is what loaders are asked for once it is found.
    """
    found: dict[str, str] = {}
    bare: dict[str, str] = {}
    have = {posixpath.basename(path) for path in after.paths()}
    for path in sorted(before.paths()):
        name = posixpath.basename(path)
        stem, dot, version = name.partition(".so")
        if not name.startswith("lib") or not dot or name in have or (version and version[0] != "."):
            continue
        found[name] = path
        if version or stem[3:] not in bare:
            bare[stem[3:]] = path
    # The new image has these libraries; only the names that compilers look for are gone.
    known = {name.partition(".so")[0][3:] for name in have if name.startswith("lib") and ".so" in name}
    return found, {name: path for name, path in bare.items() if name not in known}


def _commands(files: RootFilesystem) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in files.paths():
        folder, _, name = path.rpartition("/")
        if folder in SYSTEM_PATH:
            entry = files.get(path)
            if entry is not None and (entry.kind is Kind.LINK or (entry.kind is Kind.FILE and entry.mode & 0o111)):
                found[name] = path
    return found
