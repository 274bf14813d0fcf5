"""Who opens a file that was downloaded, among all that comes to run behind the RUN that unpacked it."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from ...ir.build import Stage
from ...ir.steps import Run
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


def after_removal(path: str, run: Run, stage: Stage, facts: Facts) -> Verdict:
    """Whether the file at *path* may be removed at the end of *run* of *stage*: nothing that comes later opens it."""
    found = Verdict()
    stages = [stage, *(facts.build.stages[at] for at in facts.graph.heirs(stage.index))]
    for one in stages:
        for later in (*one.runs, *one.triggers):
            if one is stage and later.index <= run.index and later in one.runs:
                continue
            found = both(found, _of(path, effects(facts).of_run(later, one), start=False))
        found = both(found, _of(path, effects(facts).of_start(one), start=True))
        if found.obstacle is not None:
            return found
    return found


def _of(path: str, reached: tuple[Reached, ...], *, start: bool) -> Verdict:
    unknown: list[Unread] = []
    for one in reached:
        if isinstance(one, Unread):
            unknown.append(one)
        elif _opens(one, path):
            words = " ".join(word or "…" for word in one.argv[:3])
            return Verdict(obstacle=f"{words} ({one.place}) may read {posixpath.basename(path)}")
    return assumed("archive", unknown, start=start)


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
            if near and ran.name not in ("rm", "find", "grep", "ls") and fnmatchcase(name, posixpath.basename(word)):
                return True
    return False
