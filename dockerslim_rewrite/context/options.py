"""Settings in the words of a command: ``--name value``, ``--name=value``, ``-Dname=value``, ``-Xlog:…:file=…``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_SET = re.compile(r"-{1,2}(?:D|XX:)?(?P<name>[A-Za-z][\w.-]*)=(?P<value>.+)", re.S)
_LONG = re.compile(r"--(?P<name>[A-Za-z][\w.-]*)\Z")
_JVM = re.compile(r"-Xlog(?:gc)?:(?:\S*?file=)?(?P<value>[^:,]+)")
#: Options of the JVM whose names do not say that a file is written. Source: java(1), "Advanced options".
_FILES = {
    "HeapDumpPath": "dump-file",
    "ErrorFile": "error-file",
    "LogFile": "log-file",
    "FlightRecorderOptions": "data",
}


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
