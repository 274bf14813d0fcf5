"""Archives that RUNs download and unpack: which they are, and who else names them."""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate

from ...ir.build import Build, Stage
from ...ir.steps import Exec, Run, Step
from ...patterns import re
from ...record import record
from ...shell.arguments import split
from ...shell.script import Script, Simple
from ..facts import Facts
from ..packages.cleanup import always_runs
from .following import joined
from .start_folders import start_folder

_ARCHIVE = re.compile(r"[\w./@%+=:,-]+\.(?:tar|tar\.\w+|tgz|tbz2?|txz|tzst|zip|gz|bz2|xz|7z|rpm|deb)\Z", re.I)
_CURL_VALUES = frozenset(
    [
        "-o",
        "--output",
        "-H",
        "--header",
        "-A",
        "--user-agent",
        "-u",
        "--user",
        "-x",
        "--proxy",
        "-e",
        "--referer",
        "-b",
        "--cookie",
        "-d",
        "--data",
        "-X",
        "--request",
        "-m",
        "--max-time",
        "--connect-timeout",
        "--retry",
        "--retry-delay",
        "--retry-max-time",
        "-T",
        "--cacert",
        "--cert",
        "--key",
        "--output-dir",
    ]
)
_WGET_VALUES = frozenset(
    [
        "-O",
        "--output-document",
        "-P",
        "--directory-prefix",
        "-U",
        "--user-agent",
        "-o",
        "--output-file",
        "-t",
        "--tries",
        "-T",
        "--timeout",
        "--header",
        "--progress",
        "--user",
        "--password",
        "--referer",
        "-e",
        "--execute",
        "-w",
        "--wait",
    ]
)
#: How names of archives end, variables before it or not.
_ENDING = re.compile(r"[^/*]\.(?:tar|tar\.\w+|tgz|tbz2?|txz|tzst|zip|7z|deb|rpm)\Z", re.I)
#: Programs that unpack.
UNPACKING = frozenset(("tar", "bsdtar", "unzip", "7z", "7za"))
#: Programs that download.
FETCH = frozenset(("curl", "wget"))
_SPECIAL = frozenset(("/dev/stdout", "/dev/null", "-"))


@record
class Unpacked:
    """An archive at the image path ``path``, with the command that downloads it and the one that unpacks it."""

    path: str
    download: Simple
    unpack: Simple


def unpacked_in(runs: Sequence[Run], stage: Stage, facts: Facts) -> Iterator[Unpacked]:
    """The archives that commands of *runs*, which follow each other in *stage*, download and unpack in any case."""
    downloads: dict[str, Simple] = {}
    found: dict[str, Unpacked] = {}
    for run in runs:
        script = facts.script(run)
        cwd = facts.state(run).workdir
        if cwd is None:
            cwd = start_folder(run, stage, facts.build, facts)
        for command in script.commands if script is not None else ():
            if command.name == "cd":
                target = command.words[1].literal if len(command.words) == 2 else None
                plain = script is not None and target is not None and always_runs(script, command)
                cwd = joined(cwd, target) if plain else None
                continue
            if script is None or not always_runs(script, command):
                continue
            saved = _download(command)
            if saved is not None and (path := joined(cwd, saved)) is not None:
                downloads[path] = command
            for opened in _unpacked(command):
                path = joined(cwd, opened)
                if path is not None and path in downloads:
                    found[path] = Unpacked(path, downloads[path], command)
    yield from found.values()


def named_archives(scripts: Sequence[Script]) -> Iterator[str]:
    """The names of archives, as they are written, that one command of *scripts* downloads and a later one unpacks, and
    that no command takes away.
    """
    fetched: set[str] = set()
    opened: dict[str, None] = {}
    for command in (one for script in scripts for one in script.commands):
        names = {word.text.strip("\"'").rpartition("/")[2] for word in command.words[1:]}
        names = {name for name in names if _ENDING.search(name)}
        if command.name in FETCH:
            fetched |= names
        elif command.name in UNPACKING:
            opened.update(dict.fromkeys(names & fetched))
        elif command.name == "rm":
            opened = {name: None for name in opened if name not in names and not any("*" in one for one in names)}
    yield from opened


def needed(one: Unpacked, runs: Sequence[Run], facts: Facts, build: Build) -> bool:
    """Whether anything but the download, the unpacking and checks of it may name the archive *one* of *runs*."""
    name = posixpath.basename(one.path)
    unpacked = False
    for run in runs:
        script = facts.script(run)
        for command in script.commands if script is not None else ():
            if command is one.download or command is one.unpack:
                unpacked = unpacked or command is one.unpack
                continue
            text = " ".join(word.text for word in command.words)
            if name in text and command.name != "tar" and (unpacked or command.name in ("rm", "mv", "cp", "ln")):
                return True
            if unpacked and command.name == "rm" and _may_remove(command, one.path):
                return True
    return facts.recall("steps by what they name", build.text, partial(_Naming, build)).other(name, runs)


def _download(command: Simple) -> str | None:
    """The file that a curl or wget writes an archive to, as it names it."""
    argv = command.argv
    name = posixpath.basename(argv[0]) if argv and argv[0] else None
    if name not in ("curl", "wget"):
        return None
    arguments = split(argv, 1, _CURL_VALUES if name == "curl" else _WGET_VALUES)
    if not arguments.certain and not any(flag.name in ("-o", "--output", "-O") for flag in arguments.flags):
        return None
    urls = [argv[index] for index in arguments.operands]
    target: str | None = None
    for flag in arguments.flags:
        if flag.name in ("-P", "--directory-prefix", "--output-dir", "-T"):
            return None
        if flag.name in (("-o", "--output") if name == "curl" else ("-O", "--output-document")):
            target = flag.value
    if target is None:
        remote = name == "wget" or any(flag.name in ("-O", "--remote-name") for flag in arguments.flags)
        if not remote or len(urls) != 1 or urls[0] is None:
            return None
        target = urls[0].partition("?")[0].rsplit("/", 1)[-1]
    if target in _SPECIAL or not _ARCHIVE.match(target):
        return None
    return target


def _unpacked(command: Simple) -> list[str]:
    """The archives that a tar or unzip opens, as it names them."""
    argv = command.argv
    name = posixpath.basename(argv[0]) if argv and argv[0] else None
    words = [word for word in argv[1:] if word is not None]
    if name == "unzip":
        return [word for word in words if _ARCHIVE.match(word)][:1]
    if name == "tar":
        return _tar(words)
    return []


def _tar(words: list[str]) -> list[str]:
    """The file that a tar with these words extracts from: the word behind the options that hold an f."""
    extracts = False
    file: str | None = None
    for index, word in enumerate(words):
        if word == "--extract":
            extracts = True
        elif word.startswith("--file="):
            file = word.removeprefix("--file=")
        elif (word.startswith("-") and not word.startswith("--")) or index == 0:
            letters = word.lstrip("-")
            extracts = extracts or "x" in letters
            if "f" in letters and index + 1 < len(words):
                file = words[index + 1]
    return [file] if extracts and file is not None and _ARCHIVE.match(file) else []


def _may_remove(command: Simple, path: str) -> bool:
    folder = posixpath.dirname(path)
    for word in command.words[1:]:
        literal = word.literal
        if (
            literal is None
            or "*" in literal
            or literal.rstrip("/") == folder
            or folder.startswith(literal.rstrip("/") + "/")
        ):
            return True
        if posixpath.basename(literal) == posixpath.basename(path):
            return True
    return False


class _Naming:
    """The text of all steps of *build*, to be searched at once."""

    def __init__(self, build: Build) -> None:
        self._steps = list(build)
        texts = [f"{step.origin.logical.text}\0" for step in self._steps]
        self._text = "".join(texts)
        self._ends = list(accumulate(map(len, texts)))
        self._words: dict[str, list[Step]] = {}
        for step in self._steps:
            for word in dict.fromkeys(step.argv or ()) if isinstance(step, Exec) else ():
                self._words.setdefault(word, []).append(step)

    def other(self, name: str, runs: Sequence[Run]) -> bool:
        """Whether another step than *runs* names *name*."""
        at = self._text.find(name)
        while at >= 0:
            step = bisect_right(self._ends, at)
            if self._steps[step] not in runs:
                return True
            at = self._text.find(name, self._ends[step])
        return any(step not in runs for step in self._words.get(name, ()))
