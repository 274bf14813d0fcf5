"""Sources of languages that are not read in full: lines that hold a word of what programs do."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from itertools import chain

from ..analysis.project import Behaviour, Doubt, Evidence, Listener, Need, Privilege, WriteKind, WrittenPath
from ..knowledge.vocabulary import Vocabulary

#: Folders whose files do not run in the container, or are not the project's own.
_ELSEWHERE = re.compile(
    r"(?:^|/)(?:node_modules|vendor|third_party|tests?|spec|__tests__|e2e|cypress|docs?|examples?|bench(?:marks)?|"
    r"fixtures|testdata|\.git|dist-test|coverage)/|[._-](?:test|spec)\.[a-z]+$|_test\.go$|(?:^|/)test_[^/]*$|"
    r"(?:^|/)(?:gulpfile|gruntfile|webpack\.config|rollup\.config|vite\.config|jest\.config|build|karma\.conf)\.[cm]?[jt]s$",
    re.IGNORECASE,
)
_LONGEST_LINE = 2000


def sources_of(words: Vocabulary, files: Iterable[str]) -> list[str]:
    """The files among *files* in which the vocabulary counts."""
    return [path for path in files if path.endswith((*words.suffixes, *words.files)) and not _ELSEWHERE.search(path)]


def look(words: Vocabulary, sources: Iterable[str], read: Callable[[str], str | None], cwd: str | None) -> Behaviour:
    """What the files *sources* show; a file that cannot be read, or a line that is too long, is a doubt."""
    listeners: list[Listener] = []
    writes: list[WrittenPath] = []
    privileges: list[Privilege] = []
    doubts: list[Doubt] = []
    followed: list[str] = []
    for path in sources:
        text = read(path)
        if text is None:
            doubts.append(Doubt(f"{path} could not be read as text", Evidence(path, 0)))
            continue
        followed.append(path)
        for number, line in enumerate(text.split("\n"), start=1):
            bare = line.strip()
            if not bare or bare.startswith(words.comments):
                continue
            where = Evidence(path, number)
            if len(bare) > _LONGEST_LINE:
                doubts.append(Doubt(f"{path} has lines that no person wrote", where))
                continue
            for need_words, need in words.privileges:
                if (match := need_words.search(bare)) is not None:
                    privileges.append(Privilege(Need[need], match[0].strip(), where))
            if any(expression.search(bare) for expression in words.runs):
                doubts.append(Doubt("it starts other programs", where))
            match = _first(words.writes, bare)
            if match is not None:
                writes.append(_write(match, cwd, where))
            match = _first(words.listens, bare)
            if match is not None:
                listeners.append(_listener(match, words, bare, text, where))
    return Behaviour(tuple(listeners), tuple(writes), tuple(privileges), (), tuple(doubts), tuple(followed))


def _first(expressions: Iterable[re.Pattern[str]], line: str) -> re.Match[str] | None:
    return next((match for one in expressions if (match := one.search(line)) is not None), None)


def _group(match: re.Match[str], name: str) -> str | None:
    return match.groupdict().get(name)


def _write(match: re.Match[str], cwd: str | None, where: Evidence) -> WrittenPath:
    written = _group(match, "path")
    path = posixpath.normpath(posixpath.join(cwd or "", written)) if written else None
    if path is not None and not path.startswith("/"):
        path = None
    folder = posixpath.dirname(path) if path else None
    return WrittenPath(path, folder, WriteKind.FILE, written or "a path that the code computes", where)


def _listener(match: re.Match[str], words: Vocabulary, line: str, text: str, where: Evidence) -> Listener:
    port = _group(match, "port")
    if port is not None:
        return Listener(int(port), words.name, where)
    # The default stands where the variable is set, on this line or elsewhere in the file.
    found = {int(one["port"]) for one in chain(words.default_port.finditer(line), words.default_port.finditer(text))}
    return Listener(found.pop() if len(found) == 1 else None, words.name, where, "PORT")
