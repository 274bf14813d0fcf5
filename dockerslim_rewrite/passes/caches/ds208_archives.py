"""DS208: archives that were downloaded, unpacked and forgotten."""

from __future__ import annotations

import posixpath
import re

from ...analysis.effects.archives import after_removal
from ...analysis.effects.assuming import Verdict, both
from ...analysis.facts import Facts
from ...analysis.packages.cleanup import always_runs, append_to, appendable
from ...analysis.shell.operations import command_names
from ...change import Change, DropsFiles
from ...ir.build import Build, Stage
from ...ir.steps import Exec, Run, Step
from ...render.fragments import fragment
from ...shell.arguments import split
from ...shell.script import Script, Simple
from ..base import Proposals, missed

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
_FETCH = frozenset(("curl", "wget"))
_SPECIAL = frozenset(("/dev/stdout", "/dev/null", "-"))


def archives(build: Build, facts: Facts) -> Proposals:
    """Remove a downloaded archive in the RUN that downloaded and unpacked it.

    Once unpacked it is dead weight, as large as what is wanted or nearly so.

    Safe because the archive is named by an absolute path (or in a directory that a plain `cd` or WORKDIR gives), is
    both downloaded and unpacked by commands that always run in this RUN, its name appears nowhere else in the
    file, and nothing that runs later, scripts of the build context included, opens it. Where a program is not known
    the level is standard, with what is assumed of it as evidence; a script that cannot be read keeps the archive.
    Source: Docker's "Building best practices"; tar(1).
    """
    for stage in build.stages:
        if not facts.graph.ships(stage.index):
            continue
        for run in stage.runs:
            yield from _in_run(run, stage, build, facts)


def _in_run(run: Run, stage: Stage, build: Build, facts: Facts) -> Proposals:
    script = facts.script(run)
    if script is None or run.body is None or run.body.form != "shell" or command_names(script).isdisjoint(_FETCH):
        return
    cwd = facts.state(run).workdir
    downloads: dict[str, Simple] = {}
    unpacked: dict[str, Simple] = {}
    for command in script.commands:
        if command.name == "cd":
            target = command.words[1].literal if len(command.words) == 2 else None
            plain = target is not None and always_runs(script, command)
            cwd = _joined(cwd, target) if plain else None
            continue
        if not always_runs(script, command):
            continue
        saved = _download(command)
        if saved is not None:
            path = _joined(cwd, saved)
            if path is not None:
                downloads[path] = command
        for opened in _unpacked(command):
            path = _joined(cwd, opened)
            if path in downloads:
                unpacked[path] = command
    paths = [path for path in unpacked if not _needed(path, run, script, downloads[path], unpacked[path], build)]
    if not paths:
        return
    verdict = Verdict()
    for path in paths:
        verdict = both(verdict, after_removal(path, run, stage, facts))
    problem = verdict.obstacle or appendable(run, facts)
    if problem is not None:
        yield missed(run.line, f"{', '.join(paths)} stays in the layer: {problem}")
        return
    command_text = fragment("remove-files", facts.templates, paths=tuple(paths))
    yield Change(
        edits=(append_to(run, facts, command_text),),
        title=f"remove {', '.join(posixpath.basename(path) for path in paths)} once it is unpacked",
        reason="it was downloaded here, is unpacked, and nothing reads it again",
        safety=verdict.safety,
        claims=(DropsFiles(tuple(command_text.split()), tuple(paths)),),
        line=run.line,
        evidence=verdict.evidence,
    )


def _joined(cwd: str | None, path: str | None) -> str | None:
    if path is None or path.startswith("~"):
        return None
    if path.startswith("/"):
        return posixpath.normpath(path)
    return posixpath.normpath(posixpath.join(cwd, path)) if cwd else None


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


def _needed(path: str, run: Run, script: Script, download: Simple, unpack: Simple, build: Build) -> bool:
    """Whether anything but the download, the unpacking and checks of it may name the archive."""
    name = posixpath.basename(path)
    for command in script.commands:
        if command is download or command is unpack:
            continue
        text = " ".join(word.text for word in command.words)
        behind = command.span.start > unpack.span.start
        if name in text and command.name != "tar" and (behind or command.name in ("rm", "mv", "cp", "ln")):
            return True
        if behind and command.name == "rm" and _may_remove(command, path):
            return True
    return any(_names(step, name) for step in build if step is not run)


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


def _names(step: Step, name: str) -> bool:
    return name in step.origin.logical.text or (isinstance(step, Exec) and step.argv is not None and name in step.argv)
