"""Settings in the words of a command: ``--name value``, ``--name=value``, ``-Dname=value``, ``-Xlog:…:file=…``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..patterns import re

_SET = re.compile(r"-{1,2}(?:D|XX:)?(?P<name>[A-Za-z][\w.-]*)=(?P<value>.+)", re.S)
_LONG = re.compile(r"--(?P<name>[A-Za-z][\w.-]*)\Z")
_JVM = re.compile(r"-Xlog(?:gc)?:(?:\S*?file=)?(?P<value>[^:,]+)")
#: Options that bind an address, or a Unix socket.
_SHORT = frozenset(("-b", "-B", "-l", "-L", "-S"))
_BINDS = frozenset(("--bind", "--binding", "--listen", "--socket", "--uds", "--unix-socket", "--http-socket", *_SHORT))
#: Options of the JVM whose names do not say that a file is written. Source: java(1), "Advanced options".
_FILES = {
    "HeapDumpPath": "dump-file",
    "ErrorFile": "error-file",
    "LogFile": "log-file",
    "FlightRecorderOptions": "data",
}


def bound_sockets(words: Sequence[str]) -> Iterator[str]:
    """The paths of the Unix sockets that the options among *words* bind."""
    bare = [word.strip("\"'") for word in words]
    for word, following in zip(bare, [*bare[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        if name not in _BINDS:
            name, value, equals = word[:2], word[2:], word[2:]
        if name not in _BINDS:
            continue
        address = (value if equals else following).removeprefix("http://").removeprefix("https://")
        path = address.removeprefix("unix:").removeprefix("//").partition("?")[0]
        if path.startswith("/") and (address.startswith("unix:") or path.endswith(".sock")):
            yield path


def options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The settings among *words*, by name and value."""
    for at, word in enumerate(words):
        bare = word.strip("\"'")
        jvm, given, named = _JVM.match(bare), _SET.match(bare), _LONG.match(bare)
        if jvm is not None:
            yield "log-file", jvm["value"]
        elif given is not None:
            yield _FILES.get(given["name"], given["name"]), given["value"]
        elif named is not None and at + 1 < len(words) and not words[at + 1].startswith("-"):
            yield named["name"], words[at + 1].strip("\"'")
