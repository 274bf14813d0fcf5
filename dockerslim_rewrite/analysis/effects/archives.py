"""Who opens a file that was downloaded, among all that comes to run behind the RUN that unpacked it."""

from __future__ import annotations

import posixpath

from ...ir.build import Stage
from ...ir.steps import Run
from ...patterns import re
from ...text.paths import matches
from ..facts import Facts
from .asking import effects
from .assuming import Verdict, assumed, both
from .reached import Ran, Reached, Unread

#: Programs that open the files that their words name: a word that an expansion decides may be any file.
_OPENERS = frozenset(
    (
        "tar", "bsdtar", "unzip", "gunzip", "gzip", "zcat", "bunzip2", "xz", "unxz", "7z", "7za", "cp", "mv", "ln",
        "rsync", "install", "dpkg", "dpkg-deb", "rpm", "cpio", "ar", "md5sum", "sha1sum", "sha256sum", "sha512sum",
        "shasum", "gpg", "cat", "zstd", "cmp", "cosign",
    )
)  # fmt: skip

#: Programs that read the files which a list names. Sources: sha256sum(1), shasum(1), tar(1), rsync(1), cpio(1).
_SUMS = re.compile(r"(?:[\w.]+sum|rhash|cksum)\Z")
_CHECKS = re.compile(r"--check(?:=|\Z)|-[A-Zabd-z0-9]*+c[A-Za-z0-9]*+\Z")
_LISTS = re.compile(r"--files-from(?:=|\Z)|-T")
_PRINTS = frozenset(("echo", "printf"))


def after_removal(path: str, run: Run, stage: Stage, facts: Facts) -> Verdict:
    """Whether the file at *path* may be removed at the end of *run* of *stage*: nothing that comes later opens it."""
    found = Verdict()
    for one in _having(stage, facts):
        for later in (*one.runs, *one.triggers):
            if one is stage and later.index <= run.index and later in one.runs:
                continue
            found = both(found, _of(path, effects(facts).of_run(later, one), start=False))
        found = both(found, _of(path, effects(facts).of_start(one), start=True))
        if found.obstacle is not None:
            return found
    return found


def _having(stage: Stage, facts: Facts) -> list[Stage]:
    """*stage*, and those that are built from it or copy of it: each may have the file, and so may their own."""
    found = [stage]
    for one in found:
        heirs = [facts.build.stages[at] for at in facts.graph.heirs(one.index)]
        copying = [other for other in facts.build.stages if one.index in facts.graph.sources[other.index]]
        found += [other for other in (*heirs, *copying) if other not in found]
    return found


def _of(path: str, reached: tuple[Reached, ...], *, start: bool) -> Verdict:
    unknown: list[Unread] = []
    printed = False
    for one in reached:
        if isinstance(one, Unread):
            unknown.append(one)
        elif _opens(one, path) or _reads_listed(one, path, printed=printed):
            return Verdict(obstacle=f"{one.beginning} ({one.place}) may read {posixpath.basename(path)}")
        printed = isinstance(one, Ran) and one.name in _PRINTS
    return assumed("archive", unknown, start=start)


def _reads_listed(ran: Ran, path: str, *, printed: bool) -> bool:
    """Whether *ran* reads files of a list that nobody has read here, and *path* may be one of them.

    What a command right before it *printed* is a list in the open.
    """
    if ran.folder is not None and not path.startswith(ran.folder.rstrip("/") + "/"):
        return False
    words = [word or "" for word in ran.argv[1:]]
    if _SUMS.match(ran.name):
        lists = [word for word in words if not word.startswith("-")]
        return any(map(_CHECKS.match, words)) and (bool(lists) or not printed)
    return (ran.name in ("tar", "bsdtar", "rsync") and any(map(_LISTS.match, words))) or ran.name == "cpio"


def _opens(ran: Ran, path: str) -> bool:
    name = posixpath.basename(path)
    folder = posixpath.dirname(path)
    here = ran.folder is None or ran.folder == folder
    for word in ran.argv[1:]:
        if word is None:
            if ran.name in _OPENERS and here:
                return True
        elif name in word:
            return True
        elif any(char in word for char in "*?["):
            place = posixpath.join(ran.folder or "/", posixpath.dirname(word))
            near = posixpath.normpath(place) == folder or ran.folder is None
            if near and ran.name not in ("rm", "find", "grep", "ls") and matches(name, posixpath.basename(word)):
                return True
    return False
