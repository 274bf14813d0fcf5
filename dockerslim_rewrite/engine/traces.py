"""Which files a container opens, writes and is refused: runs of buildah under strace, read.

Only what happens inside of the container counts, told by the folder that buildah makes its root: strace shows for each
path the folder that it starts from, as the host sees it (strace(1), ``-y``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..patterns import re
from ..record import record

_CALLS = "openat,open,execve,chroot,mkdir,mkdirat,rename,renameat,renameat2"
_LINE = re.compile(r"(\d+) +(.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>")
_OPEN = re.compile(r'openat\((?:AT_FDCWD|\d+)<([^>]*)>, "([^"]*)", ([A-Z_|]+).* = (-?\d+)(?:<[^>]*>)?(?: (E[A-Z]+))?')
_MAKE = re.compile(r'mkdir(?:at)?\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)", .* = (-?\d+)(?: (E[A-Z]+))?')
_EXEC = re.compile(r'execve\("([^"]*)", .* = (-?\d+)(?: (E[A-Z]+))?')
_ROOT = re.compile(r'chroot\("([^"]*/mnt/rootfs)"\) += 0')
_REFUSED = frozenset(("EACCES", "EPERM", "EROFS"))
#: What the engine or the kernel puts there, and the loader's index, which it does without.
_NOT_OF_THE_IMAGE = re.compile(
    r"/(?:proc|sys|dev|tmp|run)(?:/|\Z)|/etc/(?:hosts|hostname|resolv\.conf|ld\.so\.cache)\Z"
)


@record
class Traced:
    """Absolute paths of one run: those that were there and were opened or run, those that were sought in vain, those
    opened to write or made, and those that the kernel refused for want of rights.
    """

    found: frozenset[str] = frozenset()
    sought: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


def under_strace(command: list[str], trace: Path) -> list[str]:
    """*command*, of buildah, such that strace writes *trace*.

    strace is the child of what it traces, so that a server which a run leaves behind keeps nobody waiting.
    """
    options = ["-D", "-f", "-qq", "-y", "-s", "4096", "--seccomp-bpf", "-e", f"trace={_CALLS}", "-o", str(trace)]
    return ["strace", *options, *command]


def read_trace(text: str) -> Traced:
    """What the container did by the trace *text*."""
    root: str | None = None
    found: set[str] = set()
    sought: set[str] = set()
    made: set[str] = set()
    refused: set[str] = set()
    for call in _calls(text.splitlines()):
        if match := _ROOT.match(call):
            root = match[1]
            continue
        if root is None:
            continue
        if match := _OPEN.match(call):
            if not match[1].startswith(root):
                continue
            path = posixpath.normpath(posixpath.join(match[1].removeprefix(root) or "/", match[2]))
            writes = "O_CREAT" in match[3] or "O_WRONLY" in match[3] or "O_RDWR" in match[3]
            if int(match[4]) < 0:
                (refused if match[5] in _REFUSED else sought).add(path)
            else:
                (made if writes else found).add(path)
        elif match := _MAKE.match(call):
            if match[1] is not None and not match[1].startswith(root):
                continue
            if match[1] is None and not match[2].startswith("/"):
                continue
            path = posixpath.normpath(posixpath.join((match[1] or root).removeprefix(root) or "/", match[2]))
            if int(match[3]) == 0:
                made.add(path)
            elif match[4] in _REFUSED:
                refused.add(path)
        elif (match := _EXEC.match(call)) and match[1].startswith("/") and not match[1].startswith("/proc/"):
            path = posixpath.normpath(match[1])
            if int(match[2]) == 0:
                found.add(path)
            else:
                (refused if match[3] in _REFUSED else sought).add(path)
    return Traced(*(_of_the_image(paths) for paths in (found - made, sought - made, made, refused)))


def _of_the_image(paths: Iterable[str]) -> frozenset[str]:
    return frozenset(one for one in paths if not _NOT_OF_THE_IMAGE.match(one))


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
