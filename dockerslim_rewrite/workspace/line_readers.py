"""Scripts that pick lines out of a Dockerfile with grep, sed or awk: they rest on how a line is written."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ..analysis.evidence import Evidence
from ..analysis.line_reader import LineReader, line_reader
from ..patterns import re
from ..record import record
from ..text.lines import line_at
from .builds.graph import BuildGraph
from .repository import Repository

#: So much of each file is looked into, and so many readers are taken in.
_LONGEST = 200_000
_MOST = 200
#: A line of commands, with the lines that it goes on with.
_LINE = re.compile(r"(?m)^(?:[^\n\\]|\\[^\n]|\\\n)++")
_FILE = re.compile(r"(?i)(?<![^\s'\"`|;&<>()=])[^\s'\"`|;&<>()=]*dockerfile[\w.-]*+")
_TOOL = re.compile(r"(?<![\w./-])(?:/usr)?(?:/bin/)?([efg]?grep|sed|[gm]?awk)(?=[ \t])")
#: An option with its number, and what may come after options.
_OPTIONS = re.compile(r"(?:[ \t]++-(?!e[ \t])[\w=.-]*+(?:[ \t]++[0-9]++)?+)*+(?:[ \t]++-e)?[ \t]++")
_QUOTED = re.compile(r"'([^']*+)'|\"((?:[^\"\\]|\\.)*+)\"|([^\s'\"|;&<>()`]++)")
_FIELD = re.compile(r"\bcut\b[^|;)]{0,80}?-f[ \t]?([0-9]{1,3})(?![0-9,-])|\bprint[ \t(]{0,9}\$\$?([1-9][0-9]?)\b")
_DELIMITER = re.compile(r"\bcut\b[^|;)]{0,80}?-d[ \t]?(?:'([^'])'|\"([^\"])\"|\\(.)|([^\s'\"\\]))")


@record
class _Found:
    """A reader of the file that ``word`` names, as a script in ``folder`` says it."""

    word: str
    folder: str
    reader: LineReader


def line_readers(repository: Repository, graph: BuildGraph, dockerfile: str) -> tuple[LineReader, ...]:
    """The commands of the repository that pick lines out of *dockerfile*, a path of it.

    A name without a directory is taken for the file in the script's directory, above or below.
    """
    found = repository.recall("line readers", lambda: tuple(_readers(repository, graph)))
    return tuple(one.reader for one in found if _means(one, dockerfile))


def _means(one: _Found, dockerfile: str) -> bool:
    known = re.split(r"[$}]\w*+[})]*+", one.word)[-1].removeprefix("./").lstrip("/")
    folder, name = posixpath.split(known)
    place, called = posixpath.split(dockerfile)
    if name != called or "://" in one.word:
        return False
    if folder:
        return f"/{place}".endswith(posixpath.normpath(f"/{folder}").rstrip("/")) or folder.startswith("..")
    return (
        f"{place}/".startswith(f"{one.folder}/")
        or f"{one.folder}/".startswith(f"{place}/")
        or not (place and one.folder)
    )


def _readers(repository: Repository, graph: BuildGraph) -> Iterator[_Found]:
    count = 0
    for path in graph.scripts:
        text = (repository.read(path) or "")[:_LONGEST]
        if "ockerfile" not in text or _TOOL.search(text) is None:
            continue
        for line in _LINE.finditer(text):
            file, tool = _FILE.search(line[0]), _TOOL.search(line[0])
            if file is None or tool is None or line[0].lstrip().startswith("#"):
                continue
            where = Evidence(path, line_at(text, line.start()))
            for reader in _read_by(line[0], tool, where):
                count += 1
                if count > _MOST:
                    return
                yield _Found(file[0], posixpath.dirname(path), reader)


def _read_by(line: str, tool: re.Match[str], where: Evidence) -> Iterator[LineReader]:
    """What *tool*, the first of the command *line*, looks for."""
    options = _OPTIONS.match(line, tool.end())
    given = _QUOTED.match(line, options.end()) if options is not None else None
    if options is None or given is None:
        return
    flags = "".join(re.findall(r"[ \t]-([a-zA-Z]+)", options[0]))
    wanted = next(filter(None, given.groups()), "")
    grep = tool[1].endswith("grep")
    if grep and "v" in flags:
        return
    any_case, fixed = grep and "i" in flags, grep and (tool[1] == "fgrep" or "F" in flags)
    field, delimiter = _taken(line, tool.end())
    for pattern in (wanted,) if grep else _addresses(wanted, tool[1] == "sed"):
        reader = line_reader(where, pattern, any_case, fixed, field, delimiter)
        if reader is not None:
            yield reader


def _taken(line: str, start: int) -> tuple[int | None, str | None]:
    """Which field the command *line* takes behind *start*, None for all, and what parts fields, None for blanks."""
    field = _FIELD.search(line, start)
    if field is None:
        return None, None
    if field[2]:
        return int(field[2]), None
    mark = _DELIMITER.search(line, start)
    return int(field[1]), "\t" if mark is None else next(filter(None, mark.groups()), None)


def _addresses(script: str, sed: bool) -> Iterator[str]:
    """The patterns of *script*: between slashes, and in sed what it puts something in the place of."""
    at = 0
    while at < len(script):
        char = script[at]
        if char == "/":
            start, mark = at + 1, "/"
        elif sed and char == "s" and at + 1 < len(script) and script[at + 1] in "/|#,@!%:":
            start, mark = at + 2, script[at + 1]
        else:
            at += 1
            continue
        end = _end(script, start, mark)
        yield script[start:end]
        # What takes its place is no pattern.
        at = _end(script, end + 1, mark) + 1 if char == "s" else end + 1


def _end(script: str, at: int, mark: str) -> int:
    while at < len(script) and script[at] != mark:
        at += 2 if script[at] == "\\" else 1
    return min(at, len(script))
