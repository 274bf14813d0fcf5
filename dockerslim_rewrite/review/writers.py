"""Who in the repository writes a file that Git does not hold: a step of a workflow, a rule of a Makefile, a script."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from ..change import Remark
from ..knowledge.repository import build_source
from ..patterns import re
from ..record import evolve
from ..workspace.repository import Repository
from ..workspace.walk import walk
from .artifacts import brought

#: Descriptions of builds that run commands.
_RUNNING = frozenset(("workflow", "ci", "make", "shell", "jenkins", "package", "cloudbuild", "tilt"))
#: So much of a line is read: longer ones are data.
_LONGEST = 1000
_WORD = r"[\"']?(?P<{}>[^\s\"';|&<>()]+)"
#: What a command writes: behind a redirection, an option for its output, or as its own word.
_WRITES = (
    re.compile(rf"(?<![0-9&])>>?\s*{_WORD.format('path')}"),
    re.compile(rf"\s(?:-[a-zA-Z]{{0,8}}o|-O|--out(?:put|file)?)[ =]\s*{_WORD.format('path')}"),
    re.compile(rf"\b(?:tee(?:\s+-a)?|touch|mkdir(?:\s+-p)?)\s+{_WORD.format('path')}"),
    # What a repository is called, or is to be called, is the last word; and what is unpacked names its directory.
    re.compile(
        r"\bgit\s(?:[^;|&\n]*\s)?clone\s[^;|&\n]*?(?:\s|/|:)(?P<path>[^\s\"';|&<>()/:]+?)(?:\.git)?[\"']?/?\s*(?:$|[;|&])",
        re.M,
    ),
    re.compile(rf"\b(?:unzip\s[^;|&\n]*-d|tar\s[^;|&\n]*-C)[ ]*{_WORD.format('path')}"),
    # A package manager's install writes something else.
    re.compile(
        rf"(?:\b(?:cp|mv|ln|rsync)|(?<![\w.-]\s)\binstall)\s[^;|&\n]*\s{_WORD.format('path')}\s*(?:$|[;|&])", re.M
    ),
)
#: What commands bring from elsewhere to a directory, under its own name.
_BRINGS = (
    re.compile(
        r"\b(?:aws {1,4}s3|gsutil|gcloud {1,4}storage|azcopy|mc|rclone|scp|rsync|cp|mv) [^;|&\n]{0,400}[/:]"
        r"(?P<path>[^\s/:\"';|&]{1,200}+)[\"']? {1,4}[\"']?(?:\.|[^\s;|&]{0,200}/)[\"']? {0,4}(?:$|[;|&])",
        re.M,
    ),
    re.compile(r"\b(?:curl|wget) [^;|&\n]{0,400}/(?P<path>[^\s/?#\"';|&]{1,200}+)"),
)
#: The targets of a rule, as far as they are plain.
_RULE = re.compile(r"^(?![\t ])(?P<path>[\w./-]+)[^\S\n]*::?(?!=)", re.M)
_STEP = re.compile(r"\A(?:\.{1,2}|\$\{?\{?[^/]*|~|)\Z")


def with_doubts(notes: Sequence[Remark], missed: Callable[[Remark], list[str]], tree: Repository) -> tuple[Remark, ...]:
    """*notes* with doubt, in place of certainty, of what somebody in *tree* writes before a build.

    *missed* tells the paths of the repository that a note says are not there.
    """
    return tuple(_doubted(one, missed(one), tree) if one.breaks else one for one in notes)


def _doubted(note: Remark, paths: list[str], tree: Repository) -> Remark:
    places = [_writer(path, tree) for path in paths]
    if not places or None in places:
        return note
    shown = " and ".join(dict.fromkeys(str(place) for place in places))
    several = len(set(places)) > 1
    what = "them" if len(places) > 1 else "it"
    return evolve(note, reason=f"{note.reason} unless {shown} write{'' if several else 's'} {what}", breaks=False)


def _writer(path: str, tree: Repository) -> str | None:
    """The first place that writes the file or folder *path*, or something in it; None without one."""
    known = tree.recall("writers", lambda: [*_written(tree)])
    return next((place for written, place in known if _is(written, path)), None)


def _written(tree: Repository) -> Iterator[tuple[list[str], str]]:
    """What the repository's descriptions of builds and scripts write, as steps of a path, and where."""
    for seen in walk(tree.root):
        kind = None if seen.skipped else build_source(seen.path)
        text = tree.read(seen.path) if kind in _RUNNING else None
        if text is None:
            continue
        yield from ((_steps(one), f"{seen.path}:{line}") for one, line in brought(tree, seen.path, str(kind)))
        patterns = (*_WRITES, *_BRINGS, *((_RULE,) if kind == "make" else ()))
        for number, line in enumerate(text.split("\n"), start=1):
            for match in (match for pattern in patterns for match in pattern.finditer(line[:_LONGEST])):
                steps = _steps(match["path"])
                if steps:
                    yield steps, f"{seen.path}:{number}"


def _is(written: Sequence[str], path: str) -> bool:
    """Whether *written*, from a folder that is not known, may be *path* or lie in it."""
    wanted = posixpath.normpath(path).split("/")
    return any(_fits(wanted[-count:], written[:count]) for count in range(1, len(written) + 1))


def _fits(wanted: Sequence[str], written: Sequence[str]) -> bool:
    """Whether the steps *written*, of which one may be a pattern, can be those that are *wanted*."""
    return len(wanted) == len(written) and all(map(fnmatchcase, wanted, written))


def _steps(path: str) -> list[str]:
    """The steps of *path* that are names, or patterns of some."""
    return [one for one in path.split("/") if not _STEP.match(one) and one != "**"]
