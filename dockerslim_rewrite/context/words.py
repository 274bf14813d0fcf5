"""Sources of languages that are not read in full: lines that hold a word of what programs do."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain

from ..analysis.project import (
    Behaviour,
    Evidence,
    Listener,
    Need,
    StartedProgram,
    UsedPackage,
    WriteKind,
    WrittenPath,
)
from ..knowledge.place_variables import variable_reads
from ..knowledge.starts import named_port
from ..knowledge.vocabulary import Vocabulary
from ..knowledge.writing_calls import writing_calls
from ..knowledge.written import absolute_path, addresses, looks_written
from ..patterns import re
from ..record import evolve
from ..text.lines import line_at
from ..text.numbers import small_number
from .calls import FoundCall, calls, shown
from .collected import Collected, at_path
from .given_places import given_places
from .php_code import shell_commands
from .started import in_command, in_line
from .system_files import of_the_distribution

#: Folders whose files do not run in the container, or are not the project's own.
_ELSEWHERE = re.compile(
    r"(?:^|/)(?:node_modules|vendor|third_party|tests?|spec|__tests__|e2e|cypress|"
    r"fixtures|testdata|\.git|dist-test|coverage)/|[._-](?:test|spec)\.[a-z]+$|_test\.go$|(?:^|/)test_[^/]*$|"
    r"(?:^|/)(?:gulpfile|gruntfile|(?:eslint|prettier|babel|commitlint|tailwind|postcss|vitest|playwright)\.config|webpack\.config|rollup\.config|vite\.config|jest\.config|build|karma\.conf)\.[cm]?[jt]s$|(?:^|/)mix\.exs$",
    re.IGNORECASE,
)
#: Folders that show how to use a project, unless they are all that there is of it.
_ABOUT = re.compile(r"(?:^|/)(?:docs?|examples?|bench(?:marks)?)/", re.IGNORECASE)
#: Below it names of folders are parts of packages' names: com.example.
_MAIN = re.compile(r"(?:^|/)src/main/")
_LONGEST_LINE = 2000
#: What was found in sources, with their text: all but packages, and these as they are in no working directory. So many
#: are remembered. What writes nothing is the same in every working directory, and stands under ``_ANYWHERE``.
_LOOKED_AT: dict[tuple[str, str, str, str | None], tuple[str, Collected, tuple[UsedPackage, ...]]] = {}
_MOST_LOOKED_AT = 4096
_ANYWHERE = "*"
#: So many characters before a string tell what it is given to.
_NEAR = 80
_QUOTED = re.compile(r"""(["'`])([^"'`\s]{3,200})\1""")
#: What stands before a path that is only read.
_READS = re.compile(
    r"(?i)\b(?:read\w*|exists?\w*|sendfile|static|require(?:_once)?|import|from|include(?:_once)?|href|src)[\s(=:]{0,4}"
    r"(?:[\w()$]{1,40}\s*\.\s*)?\Z"
)
_JOINED = re.compile(r"[\w)\]]\s*\.\s*\Z")
#: Words of a query to a database, which calls of the same names are given as commands of the shell.
_QUERY = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|BEGIN|COMMIT|WITH|VACUUM)\b")


def sources_of(words: Vocabulary, files: Iterable[str]) -> list[str]:
    """The files among *files* in which the vocabulary counts."""
    return [path for path in _own(words, files) if path.endswith((*words.suffixes, *words.files))]


def _own(words: Vocabulary, files: Iterable[str]) -> list[str]:
    """Those of *files* that may run; what only shows how to use the project counts where there is nothing else."""
    found = [path for path in files if not _runs_elsewhere(path)]
    own = [path for path in found if not _ABOUT.search(_outer(path))]
    return own if any(path.endswith(words.suffixes) for path in own) else found


@lru_cache(maxsize=16_384)
def _runs_elsewhere(path: str) -> bool:
    return _ELSEWHERE.search(_outer(path)) is not None


def _outer(path: str) -> str:
    """*path* with the folders only that say what its file is for."""
    main = _MAIN.search(path)
    return path if main is None else path[: main.end()] + posixpath.basename(path)


def look(
    words: Vocabulary, files: Iterable[str], read: Callable[[str], str | None], cwd: str | None, every: bool = False
) -> Behaviour:
    """What those of *files* show that are sources, or *every* one; what cannot be read, or a line that is too long, is
    a doubt.
    """
    found = Collected()
    listed = list(files)
    sources = listed if every else sources_of(words, listed)
    if _moves(words, sources, read):
        # Relative names lie where nobody knows: one process has one current directory for all of its files.
        cwd = None
    for path in sources:
        text = read(path)
        if text is None:
            found.doubt(f"{path} could not be read as text", Evidence(path, 0))
            continue
        shown_by, packages = _source(words, path, text, cwd)
        found.add(shown_by)
        found.packages += (UsedPackage(one.language, one.name, one.evidence, cwd) for one in packages)
    for path in dict.fromkeys((*_own(words, listed), *(path for path in listed if path in words.manifests))):
        if words.manifests and path.endswith(words.manifests):
            found.packages += _packages(words, path, read(path) or "", cwd)
    if words.own is not None and found.packages:
        named = (words.own.finditer(read(path) or "") for path in listed if path.endswith(words.own_files))
        own = {match["name"] for matches in named for match in matches}
        found.packages = [one for one in found.packages if not _is_own(one.name, own)]
    if words.language == "c":
        # A header of the project may be named as those of the system are.
        headers = {end for path in listed if path.endswith(words.suffixes) for end in _ends(path)}
        found.packages = [one for one in found.packages if one.name not in headers]
    return found.behaviour()


def _ends(path: str) -> Iterator[str]:
    """*path* as it is named from each of the folders that it lies in."""
    parts = path.split("/")
    return ("/".join(parts[at:]) for at in range(len(parts)))


def _moves(words: Vocabulary, sources: Iterable[str], read: Callable[[str], str | None]) -> bool:
    """Whether one of *sources* makes another directory the current one."""
    told = writing_calls(words.language)
    if told is None:
        return False
    return any(_moves_in(told.moves, words.comments, read(path) or "") for path in sources)


@lru_cache(maxsize=_MOST_LOOKED_AT)
def _moves_in(moves: re.Pattern[str], comments: tuple[str, ...], text: str) -> bool:
    if not moves.search(text):
        return False
    lines = (line.strip() for line in text.split("\n"))
    return any(not line.startswith(comments) for line in lines if len(line) <= _LONGEST_LINE and moves.search(line))


def _is_own(name: str, own: set[str]) -> bool:
    """Whether the import *name* is of a package among *own*; below a Java package others may have theirs."""
    if "/" in name:
        return any(name == one or name.startswith(f"{one}/") for one in own)
    outer = re.split(r"\.(?=[A-Z])", name, maxsplit=1)[0]
    return not own.isdisjoint((name, outer, name.rpartition(".")[0]))


def _source(words: Vocabulary, path: str, text: str, cwd: str | None) -> tuple[Collected, tuple[UsedPackage, ...]]:
    """What the source *text* shows: the same file is looked at for every way in which containers start.

    Packages stand beside it, without the working directory.
    """
    for place in (_ANYWHERE, cwd):
        known = _LOOKED_AT.get((words.language, words.name, path, place))
        if known is not None and known[0] == text:
            return known[1:]
    found = Collected()
    found.followed.append(path)
    _file(words, path, text, cwd, found)
    named = not words.manifests and path.endswith(words.suffixes)
    packages = tuple(_packages(words, path, text, None)) if named else ()
    if len(_LOOKED_AT) >= _MOST_LOOKED_AT:
        _LOOKED_AT.clear()
    _LOOKED_AT[words.language, words.name, path, cwd if found.writes else _ANYWHERE] = (text, found, packages)
    return found, packages


def _file(words: Vocabulary, path: str, text: str, cwd: str | None, found: Collected) -> None:
    starts = words.starts is None or words.starts.search(text) is not None
    known = len(found.programs)
    told = writing_calls(words.language) if path.endswith(words.suffixes) else None
    writing = _by_line(text, calls(text, told)) if told is not None else {}
    variables = variable_reads(words.language) if path.endswith(words.suffixes) else None
    if variables is not None and not variables.concern(text):
        variables = None
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.strip()
        if not bare or bare.startswith(words.comments):
            continue
        where = Evidence(path, number)
        if len(bare) > _LONGEST_LINE:
            found.doubt(f"{path} has lines that no person wrote", where)
            continue
        for need_words, need in words.privileges:
            if (match := need_words.search(bare)) is not None:
                found.need(Need[need], match[0].strip(), where)
        if starts:
            found.programs += (one for match in _calls(words.runs, bare) for one in _started(match, bare, where))
        if words.kit is not None and words.kit.search(bare) and path.endswith(words.suffixes):
            found.programs.append(StartedProgram(words.kit_name, bare[:80], where))
        match = _first(words.writes, bare)
        if match is not None:
            found.writes.append(_write(match, cwd, where))
        found.writes += (_called(call, cwd, where) for call in writing.get(number, ()))
        if variables is not None:
            found.writes += (
                WrittenPath(None, None, WriteKind.FILE, f"wherever {name} says", where)
                for name in given_places(bare, text, variables)
            )
            if variables.loads is not None and variables.loads.search(bare):
                found.doubt("it loads code from where a variable says", where)
        if match is None and number not in writing:
            found.writes += (at_path(one, WriteKind.POSSIBLE, one, cwd, where) for one in _possible(words, bare))
        found.listeners += (Listener(port, words.name, where) for one, port in words.fixed if one.search(bare))
        if words.home is not None and words.home.search(bare) and path.endswith(words.suffixes):
            found.writes.append(at_path("~", WriteKind.POSSIBLE, "files", cwd, where))
        match = _first(words.listens, bare)
        if match is not None:
            found.listeners.append(_listener(match, words, bare, text, where))
    if words.language == "php":
        for number, command in shell_commands(text):
            where = Evidence(path, number)
            shown = command or "a command that variables make"
            found.programs += in_line(command, where) if command else [StartedProgram(None, shown, where)]
    if words.starts is not None and starts and len(found.programs) == known:
        found.programs.append(StartedProgram(None, "a program that the code computes", Evidence(path, 0)))
    for program in found.programs[known:]:
        found.doubt("it starts other programs", program.evidence)
    if path.endswith(words.suffixes):
        found.programs += of_the_distribution(words, path, text)


def _possible(words: Vocabulary, bare: str) -> Iterator[str]:
    """The paths in quotes on the line *bare* that may be written."""
    for quoted in _QUOTED.finditer(bare):
        near = max(0, quoted.start() - _NEAR), quoted.start()
        if _may_write(words, quoted, bare) and not _READS.search(bare, *near):
            # Behind a part that the code computes, it begins no path.
            yield quoted[2].lstrip("/") if _JOINED.search(bare, 0, quoted.start()) else quoted[2]


def _by_line(text: str, found: Iterable[FoundCall]) -> dict[int, list[FoundCall]]:
    """The calls *found* in *text* by the number of their line."""
    lines: dict[int, list[FoundCall]] = {}
    number, counted = 1, 0
    for call in sorted(found, key=lambda one: one.offset):
        number += text.count("\n", counted, call.offset)
        counted = call.offset
        lines.setdefault(number, []).append(call)
    return lines


def _may_write(words: Vocabulary, quoted: re.Match[str], line: str) -> bool:
    """Whether the string *quoted* of *line* looks like a path that something may write."""
    if looks_written(quoted[2]):
        return True
    if words.paths is None or not absolute_path(quoted[2]) or line[quoted.end() :].lstrip().startswith(":"):
        return False
    before = line[max(0, quoted.start() - _NEAR) : quoted.start()]
    return bool(words.paths.search(line)) and not addresses().before.search(before)


def _started(match: re.Match[str], line: str, where: Evidence) -> Iterator[StartedProgram]:
    """The programs that a line of code starts, as far as it says so itself."""
    program, script = _group(match, "program"), _group(match, "script")
    if program is not None and _QUERY.match(program):
        return
    if script is not None:
        yield from in_command((program or "sh", "-c", script), where)
    elif program is None:
        yield StartedProgram(None, line[:80], where)
    else:
        yield from in_line(program, where)


def _packages(words: Vocabulary, path: str, text: str, cwd: str | None) -> Iterator[UsedPackage]:
    """The libraries from elsewhere that the file names."""
    for expression in words.packages:
        for match in expression.finditer(text):
            name = match["name"]
            if words.core is None or not words.core.fullmatch(name):
                where = Evidence(path, line_at(text, match.start("name")))
                yield UsedPackage(words.language, name, where, cwd)


def _first(expressions: Iterable[re.Pattern[str]], line: str) -> re.Match[str] | None:
    return next((match for one in expressions if (match := one.search(line)) is not None), None)


def _calls(expressions: Iterable[re.Pattern[str]], line: str) -> Iterator[re.Match[str]]:
    """All that *expressions* find in *line*: where two find the same place, the former one tells more of it."""
    taken: list[tuple[int, int]] = []
    for match in (match for one in expressions for match in one.finditer(line)):
        start, end = match.span()
        # A bare backtick may stand in text as well; the whole file has to be read for those.
        if _group(match, "bare") is None and all(end <= low or start >= high for low, high in taken):
            taken.append((start, end))
            yield match


def _group(match: re.Match[str], name: str) -> str | None:
    return match.groupdict().get(name)


def _write(match: re.Match[str], cwd: str | None, where: Evidence) -> WrittenPath:
    held = _group(match, "folder")
    if held:
        return evolve(at_path(held, WriteKind.FOLDER, f"a file in {held}", cwd, where), path=None)
    written = _group(match, "path")
    path = posixpath.normpath(posixpath.join(cwd or "", written)) if written else None
    if path is not None and not path.startswith("/"):
        path = None
    folder = posixpath.dirname(path) if path else None
    return WrittenPath(path, folder, WriteKind.FILE, written or "a path that the code computes", where)


def _called(call: FoundCall, cwd: str | None, where: Evidence) -> WrittenPath:
    path, folder = call.place.path, call.place.folder
    if path is not None:
        return at_path(path, WriteKind.FILE, path, cwd, where)
    if folder is not None:
        return evolve(at_path(folder, WriteKind.FOLDER, f"a file in {folder}", cwd, where), path=None)
    return WrittenPath(None, None, WriteKind.FILE, shown(call.said), where)


def _listener(match: re.Match[str], words: Vocabulary, line: str, text: str, where: Evidence) -> Listener:
    port = _group(match, "port")
    if port is not None:
        return Listener(named_port(port), words.name, where)
    # The default stands where the variable is set, on this line or elsewhere in the file.
    found = {
        small_number(one["port"]) for one in chain(words.default_port.finditer(line), words.default_port.finditer(text))
    }
    return Listener(found.pop() if len(found) == 1 else None, words.name, where, "PORT")
