"""Who opens a file that was downloaded, among all that comes to run behind the RUN that unpacked it."""

from __future__ import annotations

import posixpath
from bisect import bisect_left, bisect_right
from functools import partial
from itertools import accumulate

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
#: Programs to which the names of what they are given do not matter.
_HARMLESS = frozenset(("rm", "find", "grep", "ls"))
#: In so many steps commands may name files by patterns or lists: each is compared with each file that is asked about.
_MOST_CHOOSING = 200


def after_removal(path: str, run: Run, stage: Stage, facts: Facts) -> Verdict:
    """Whether the file at *path* may be removed at the end of *run* of *stage*: nothing that comes later opens it."""
    found = Verdict()
    for one in facts.recall("stages that have files of another", stage.index, lambda: _having(stage, facts)):
        later = facts.recall("who opens files", one.index, partial(_Later, one, facts))
        found = both(found, later.verdict(path, run if one is stage else None))
        if found.obstacle is not None:
            return found
    return found


class _Later:
    """All that RUNs and triggers of *stage*, and at last its start, come to run. What is the same for each file that is
    asked about is worked out once: who names files by their names, who by patterns or lists, and what nobody read.
    """

    def __init__(self, stage: Stage, facts: Facts) -> None:
        self._stage = stage
        self._facts = facts
        self._parts: tuple[Run | None, ...] = (*stage.runs, *stage.triggers, None)
        self._indices = [run.index for run in stage.runs]
        # From here on the parts are known; what follows is so for each of these, and all that come behind it.
        self._known = len(self._parts)
        self._rest = [Verdict()] * (len(self._parts) + 1)
        self._stops = [len(self._parts)] * (len(self._parts) + 1)
        self._words = [""] * len(self._parts)
        self._careful: list[int] = []
        self._text = ""
        self._starts: list[int] = []

    def verdict(self, path: str, run: Run | None) -> Verdict:
        """Whether the file at *path* may be removed before what stands behind *run*; before all of it without one."""
        first = 0 if run is None else bisect_right(self._indices, run.index)
        self._know(first)
        at = self._text.find(posixpath.basename(path), self._starts[first - self._known])
        named = bisect_right(self._starts, at) - 1 + self._known if at >= 0 else len(self._parts)
        stop = min(self._stops[first], named)
        careful = self._careful[bisect_left(self._careful, first) :]
        if len(careful) > _MOST_CHOOSING:
            return Verdict(
                obstacle=f"more than {_MOST_CHOOSING} steps name files by patterns or lists, which may be it"
            )
        for part in careful:
            if part >= stop:
                break
            opened = self._of(part, path)
            if opened.obstacle is not None:
                return opened
        return self._of(stop, path) if stop < len(self._parts) else self._rest[first]

    def _know(self, first: int) -> None:
        if first >= self._known:
            return
        careful: list[int] = []
        for part in range(self._known - 1, first - 1, -1):
            reached = self._reached(part)
            own = assumed("archive", [one for one in reached if isinstance(one, Unread)], start=self._is_start(part))
            self._rest[part] = both(own, self._rest[part + 1])
            self._stops[part] = part if own.obstacle is not None else self._stops[part + 1]
            ran = [one for one in reached if isinstance(one, Ran)]
            self._words[part] = "".join(f"{word}\0" for one in ran for word in one.argv[1:] if word is not None)
            if any(map(_chooses, ran)):
                careful.append(part)
        self._careful = [*reversed(careful), *self._careful]
        self._known = first
        words = self._words[first:]
        self._text = "".join(words)
        self._starts = [0, *accumulate(map(len, words))][:-1]

    def _reached(self, part: int) -> tuple[Reached, ...]:
        run = self._parts[part]
        known = effects(self._facts)
        return known.of_start(self._stage) if run is None else known.of_run(run, self._stage)

    def _is_start(self, part: int) -> bool:
        return self._parts[part] is None

    def _of(self, part: int, path: str) -> Verdict:
        return _of(path, self._reached(part), start=self._is_start(part))


def _chooses(ran: Ran) -> bool:
    """Whether *ran* may open files that none of its words names."""
    if _SUMS.match(ran.name) or ran.name in ("tar", "bsdtar", "rsync", "cpio"):
        words = [word or "" for word in ran.argv[1:]]
        if ran.name == "cpio" or any(_LISTS.match(word) or _CHECKS.match(word) for word in words):
            return True
    # What deletes or lists by a pattern opens nothing.
    harmless = ran.name in _HARMLESS
    return any(
        ran.name in _OPENERS if word is None else not harmless and any(sign in word for sign in "*?[")
        for word in ran.argv[1:]
    )


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
            if near and ran.name not in _HARMLESS and matches(name, posixpath.basename(word)):
                return True
    return False
