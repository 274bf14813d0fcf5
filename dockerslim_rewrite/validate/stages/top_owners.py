"""Whose the directories of a split's runtime stage are, beside the stage that it came from: the validator's own view.

COPY between stages copies what is in a directory; the directory itself is made as root's with mode 755, or as
``--chown`` says, unless it is there. Sources: moby/buildkit#1941; Dockerfile reference, COPY, WORKDIR.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ...change import ChangesFlag, Claim
from ...ir.build import Stage
from ...ir.steps import Copy, Run, Step
from ...patterns import re
from ...record import record
from ...text.paths import above, below
from ..core.program import commands_of
from ..core.verdict import Unsound
from .owner_events import CREATING, ROOT, Event, image_name, owner_events

#: Directories that distributions have, or where what is copied is all that is in them.
_BESIDE = re.compile(r"/(?:home|media|mnt|opt|srv|usr|usr/src|var|var/www)?\Z")
#: Directories that images have themselves, with their owner, and whether their mode lets everybody write.
_GIVEN = {"php": ("/var/www/html", "www-data:www-data", True), "node": ("/home/node", "node:node", False)}
_SYSTEM = re.compile(r"/(?:bin|boot|dev|etc|lib(?:32|64)?|proc|root|run|sbin|sys|usr|var)(?:/.*)?\Z")
_MADE_ANEW = re.compile(r"/usr/(?:src|app)(?:/.*)?\Z|/var/app(?:/.*)?\Z|/var/www/(?!html(?:/|\Z)).+\Z")


@record
class _Top:
    """Whose a directory is, None where that is not known; ``inside``: whose surely is all in it, empty for nothing.
    ``mode``: it may have other permissions than 755. ``file``: it is none.
    """

    account: str | None
    inside: str | None
    mode: bool
    file: bool
    line: int


def licensed_owners(claims: Sequence[Claim]) -> frozenset[str | None]:
    """The accounts to which *claims* let COPY give what it copies."""
    return frozenset(one.after for one in claims if isinstance(one, ChangesFlag) and one.name == "chown")


def check_owners(old: Stage, runtime: Stage, builder: str, escape: str, others: Sequence[Claim]) -> None:
    """Refuse directories that belong to somebody else in *runtime* than in *old*, which it came from with *builder*;
    *others* are further claims. Raises ``Unsound``.
    """
    before, behind = _Tops(old, escape, new=False), _Tops(runtime, escape, new=True)
    licensed = licensed_owners(others)
    given = any(isinstance(step, Copy) and step.origin.flag("chown") is not None for step in runtime.steps)
    if not given and all(one.account == ROOT and one.kind != "owns" for one in before.events):
        return
    for index, step in enumerate(runtime.steps):
        owner = step.origin.flag("chown")
        if not isinstance(step, Copy) or (step.origin.flag("from") or "").lower() != builder.lower() or owner is None:
            continue
        if owner in licensed:
            continue
        for source in step.sources:
            top = before.of(posixpath.normpath(source))
            lines = (old.head.line, step.line)
            if "*" in source or owner != top.account or top.inside not in (owner, ""):
                raise Unsound(f"{source} was not all of {owner}", *lines)
            if not _BESIDE.match(posixpath.dirname(source)) and posixpath.dirname(source) != f"/home/{_user(owner)}":
                raise Unsound(f"COPY gives the directory of {source} to {owner} as well", *lines)
        for name in owner.split(":"):
            if not _exists(name, index, old, runtime):
                raise Unsound(f"{name} is not there yet", old.head.line, step.line)
    copying = {step.line for step in runtime.steps if isinstance(step, Copy)}
    made = (one for one in behind.events if one.kind == "makes" or (one.line in copying and one.kind == "fills"))
    for path in dict.fromkeys(one.path for one in made if not one.deep):
        top = before.of(path)
        if top.file or (top.account == ROOT and not top.mode):
            continue
        now = behind.of(path)
        if top.mode and not now.mode:
            raise Unsound(f"{path} loses its permissions", top.line, runtime.head.line)
        if top.account is None or now.account != top.account:
            raise Unsound(f"{path} itself belongs to another account than before", top.line, runtime.head.line)


class _Tops:
    """Whose directories are behind the steps of *stage*; in a *new* one the system's directories stand already."""

    def __init__(self, stage: Stage, escape: str, *, new: bool) -> None:
        self.events = list(owner_events(stage, escape))
        self._stage = stage
        self._new = new
        self._at: dict[str, list[int]] = {}
        self._deep: dict[str, list[int]] = {}
        for index, one in enumerate(self.events):
            for path in (one.path, *above(one.path)):
                self._at.setdefault(path, []).append(index)
            if one.deep:
                self._deep.setdefault(one.path, []).append(index)

    def _about(self, path: str) -> list[Event]:
        """The events that may concern *path*, in order."""
        deep = {index for one in (path, *above(path)) for index in self._deep.get(one, ())}
        return [self.events[index] for index in sorted(deep.union(self._at.get(path, ())))]

    def of(self, path: str) -> _Top:
        """Whose *path* is, at the end."""
        given = _GIVEN.get(image_name(self._stage))
        own = given if given is not None and given[0] == path else None
        standing = own is not None or (self._new and _SYSTEM.match(path) is not None and _MADE_ANEW.match(path) is None)
        first = own[1] if own is not None else ROOT
        account: str | None = first
        inside: str | None = ""
        there = folder = standing
        mode = file = False
        line = self._stage.head.line
        for one in self._about(path):
            here, deeper = one.path == path, below(one.path, path)
            over = one.deep and below(path, one.path)
            if not (here or deeper or over):
                continue
            if one.kind == "gone":
                if not deeper:
                    account, inside = (first, "") if one.account is not None else (None, None)
                    there = folder = standing or one.account is None
                    mode = file = False
            elif one.kind == "modes":
                mode = mode if deeper else one.account is None
            elif one.kind == "owns":
                if not deeper:
                    account, line, there = _over(one.account, account), one.line, there or here
                if one.deep and not deeper:
                    inside = _over(one.account, inside) if inside != "" else ""
                elif deeper and inside != _over(one.account, inside):
                    inside = None
            elif there or not over:
                if not there:
                    account, line, there = one.account, one.line, True
                if not (here and one.kind == "makes"):
                    inside = one.account if inside in ("", one.account) else None
            folder = folder or deeper or (here and one.kind == "makes")
            file = file or (here and one.file)
        return _Top(account, inside, mode and not (own is not None and own[2]), file and not folder, line)


def _over(account: str | None, before: str | None) -> str | None:
    if account is None:
        return None
    user, _, group = account.partition(":")
    if user and group:
        return account
    if before is None:
        return None
    return f"{user or _user(before)}:{group or before.partition(':')[2]}"


def _user(account: str) -> str:
    return account.partition(":")[0]


def _exists(name: str, index: int, old: Stage, runtime: Stage) -> bool:
    """Whether the user or group *name* of *old* is there, and the same, in front of the step *index* of *runtime*."""
    if name.isdigit():
        return True
    for step in runtime.steps[:index]:
        copied = isinstance(step, Copy) and {"/etc/passwd", "/etc/group"} <= set(step.sources)
        if copied or name in _created(step):
            return True
    own = not any(name in _created(step) for step in old.steps)
    return own and image_name(old) == image_name(runtime)


def _created(step: Step) -> set[str]:
    """The words of the commands of *step* that create accounts."""
    found = commands_of(step) if isinstance(step, Run) else []
    return {word for command in found if command.words[:1] and command.words[0] in CREATING for word in command.words}
