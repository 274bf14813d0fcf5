"""Whose a directory is that a stage made, apart from what lies in it: what COPY between stages does not keep.

COPY of a directory copies what is in it; the directory itself is made anew, as root's and with mode 755, or as
``--chown`` says; one that is there already stays as it is. What is unknown counts as changed.

Source: moby/buildkit#1941.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...patterns import re
from ...record import record
from ...text.paths import above, below
from ..accounts.owner_names import ROOT
from .touches import Touch

#: Nothing is in the directory yet.
_EMPTY = ""
#: Where images have directories of their own, which keep their owner whatever is copied there.
_SYSTEM = re.compile(
    r"/(?:bin|boot|dev|etc|lib(?:32|64)?|proc|root|run|sbin|sys|usr(?!/(?:src|app)(?:/|\Z))|var(?!/(?:app|www/(?!html(?:/|\Z)))))(?:/|\Z)"
)


@record
class Owner:
    """Whose a directory is if not root's with mode 755: ``account`` owns it and surely all in it; it is empty where
    that is not so. ``told`` is what was done on ``line``; ``made``: nothing was but that it was made.
    """

    account: str
    line: int
    told: str
    made: bool = False


class TopOwners:
    """Whose directories are behind *touches*; *given* are those that the base image and the runtime image have, with
    their owners.
    """

    def __init__(self, touches: Iterable[Touch], given: Mapping[str, str]) -> None:
        self._given = given
        self._below: dict[str, list[int]] = {}
        self._deep: dict[str, list[int]] = {}
        self._touches = tuple(touches)
        for index, one in enumerate(self._touches):
            for path in (one.path, *above(one.path)):
                self._below.setdefault(path, []).append(index)
            if one.deep or one.kind == "gone":
                self._deep.setdefault(one.path, []).append(index)

    def of(self, path: str) -> Owner | None:
        """Whose the directory *path* is; None where it is root's and has the mode 755, and for a file."""
        over = (index for folder in above(path) for index in self._deep.get(folder, ()))
        order = sorted({*self._below.get(path, ()), *over})
        return _owner(path, [self._touches[index] for index in order], self._given.get(path, ""))


def _owner(path: str, touches: Iterable[Touch], given: str) -> Owner | None:
    """Whose *path* is behind *touches*, all of which concern it; *given* is the owner that images have given it."""
    own, _, loose = given.partition(" ")
    top: str | None = own or ROOT
    inside: str | None = _EMPTY
    giver: Touch | None = None
    mode: Touch | None = None
    there = folder = bool(own)
    file = False
    for one in touches:
        here, deeper = one.path == path, below(one.path, path)
        over = not (here or deeper)
        if one.kind == "gone":
            if not deeper:
                top, inside, giver = (ROOT, _EMPTY, None) if one.account == ROOT else (None, None, one)
                there = one.account != ROOT
                mode, file, folder = None, False, there
            continue
        folder = folder or deeper or (here and one.kind == "makes")
        file = file or (here and one.file)
        if one.kind == "modes":
            mode = mode if deeper else (one if one.account is None else None)
        elif one.kind == "owns":
            if not deeper:
                top, giver, there = _merged(one.account, top), one, there or here
            if one.deep and not deeper:
                inside = _merged(one.account, inside) if inside != _EMPTY else inside
            elif deeper and _merged(one.account, inside) != inside:
                inside = None
        elif there or not over:
            if not there:
                top, giver, there = one.account, one, True
            if not (here and one.kind == "makes"):
                inside = one.account if inside in (_EMPTY, one.account) else None
    if file and not folder:
        return None
    if mode is not None and not loose:
        return Owner("", mode.line, "may give it other permissions")
    if top == (own or ROOT) or giver is None:
        return None
    if top is None:
        return Owner("", giver.line, "may give it to another account")
    said = f"gives it to {top.partition(':')[0] if not top.startswith('0:') else 'the group ' + top.partition(':')[2]}"
    standing = own or _SYSTEM.match(path)
    alone = inside in (_EMPTY, top) and not standing
    return Owner(top if alone else "", giver.line, said, giver.kind == "makes")


def _merged(account: str | None, before: str | None) -> str | None:
    """*account*, with what it leaves as it is from *before*."""
    if account is None:
        return None
    user, _, group = account.partition(":")
    if user and group:
        return account
    if before is None:
        return None
    old_user, _, old_group = before.partition(":")
    return f"{user or old_user}:{group or old_group}"
