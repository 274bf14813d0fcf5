"""Which files a container opens: runs of buildah under strace, read.

Only what happens inside of the container counts, told by the folder that buildah makes its root: strace shows for each
path the folder that it starts from, as the host sees it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dockerslim_rewrite.engine.rootfs import Kind, RootFilesystem

_CALLS = "openat,execve,chroot"
_WRAPPER = """\
#!/bin/sh
[ "$1" = run ] || exec buildah "$@"
exec strace -D -f -qq -y -s 4096 --seccomp-bpf -e trace={calls} -o "{folder}/$(date +%s%N).trace" buildah "$@"
"""
_LINE = re.compile(r"(\d+) +(.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>")
_OPEN = re.compile(r'openat\((?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)", ([A-Z_|]+).* = (-?\d+)')
_EXEC = re.compile(r'execve\("([^"]*)", .* = 0')
_ROOT = re.compile(r'chroot\("([^"]*/mnt/rootfs)"\) += 0')
_COMPILED = re.compile(r"(/.*/)__pycache__/([^/]+)\.cpython-\d+\.pyc\Z")
#: What the engine or the kernel puts there, and the loader's index, which it does without.
_NOT_OF_THE_IMAGE = re.compile(
    r"/(?:proc|sys|dev|tmp|run)(?:/|\Z)|/etc/(?:hosts|hostname|resolv\.conf|ld\.so\.cache)\Z"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """Absolute paths of one run: those that were there and were opened or run, and those that were sought in vain."""

    found: frozenset[str]
    sought: frozenset[str]


def tracing(folder: Path) -> str:
    """The path of a program that does what buildah does, and writes a trace into *folder* for each run.

    strace is the child of what it traces, so that a server which a run leaves behind keeps nobody waiting.
    """
    program = folder / "buildah"
    program.write_text(_WRAPPER.format(calls=_CALLS, folder=folder))
    program.chmod(0o755)
    return str(program)


def traces(folder: Path) -> list[Path]:
    """The traces in *folder*, the oldest first."""
    return sorted(folder.glob("*.trace"))


def read_trace(trace: Path) -> Opened:
    """What the container of *trace* opened."""
    root: str | None = None
    found: set[str] = set()
    sought: set[str] = set()
    made: set[str] = set()
    for call in _calls(trace.read_text("utf-8", "replace").splitlines()):
        if match := _ROOT.match(call):
            root = match[1]
        elif root and (match := _OPEN.match(call)) and match[1].startswith(root):
            path = posixpath.normpath(posixpath.join(match[1].removeprefix(root) or "/", match[2]))
            if int(match[4]) < 0:
                sought.add(path)
            elif "O_CREAT" in match[3]:
                made.add(path)
            else:
                found.add(path)
        elif root and (match := _EXEC.match(call)) and match[1].startswith("/") and not match[1].startswith("/proc/"):
            found.add(posixpath.normpath(match[1]))
    return Opened(
        *(frozenset(one for one in paths if not _NOT_OF_THE_IMAGE.match(one)) for paths in (found - made, sought))
    )


def _calls(lines: Iterable[str]) -> Iterator[str]:
    """Whole calls: what strace shows in two parts, as others came between, is joined."""
    begun: dict[str, str] = {}
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        process, text = match[1], match[2]
        if text.endswith("<unfinished ...>"):
            begun[process] = text.removesuffix("<unfinished ...>").rstrip()
        elif resumed := _RESUMED.match(text):
            yield begun.pop(process, "") + text[resumed.end() :]
        else:
            yield text


def absent(before: Opened, files: RootFilesystem) -> list[str]:
    """What the container opened *before* and is not among *files*, but for modules of Python that it compiles anew."""
    return sorted(path for path in before.found if not there(path, files) and not there(_source(path), files))


def missing(before: Opened, after: Opened, files: RootFilesystem) -> list[str]:
    """What is absent and the container asks for *after* as well: a statically linked program asks for less."""
    return [path for path in absent(before, files) if path in after.sought]


def _source(path: str) -> str:
    """The source of a compiled module of Python; any other path as it is."""
    return _COMPILED.sub(r"\1\2.py", path)


def there(path: str, files: RootFilesystem) -> bool:
    """Whether *path* leads to something, through symbolic links."""
    for _ in range(40):
        at = "/"
        for part in path.strip("/").split("/"):
            at = posixpath.join(at, part)
            entry = files.get(at)
            if entry is None:
                return path == "/"
            if entry.kind is Kind.LINK:
                path = posixpath.normpath(posixpath.join(posixpath.dirname(at), entry.content) + path[len(at) :])
                break
        else:
            return True
    return False
