"""What the user of a container may read, by modes and owners alone."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ...patterns import re
from ...record import record
from ..rootfs import Entry, Kind, RootFilesystem

_NUMERIC = re.compile(r"(\d+)(?::(\d+))?\Z")


@record
class Account:
    """A user and the groups that it is in, by number."""

    user: int
    groups: frozenset[int]


def account(user: str, passwd: str, group: str) -> Account | None:
    """The account that USER *user* means with the texts of ``/etc/passwd`` and ``/etc/group``; None where unknown.

    Source: Dockerfile reference, USER: without a group it is that of the account, or root's.
    """
    if user in ("", "root", "0", "0:0", "root:root"):
        return Account(0, frozenset((0,)))
    rows = [line.split(":") for line in passwd.splitlines() if line.count(":") >= 6]
    numbers = _NUMERIC.match(user)
    name = user.partition(":")[0]
    row = next((one for one in rows if one[0] == name or one[2] == name), None)
    if row is None and numbers is None:
        return None
    uid = int(row[2]) if row is not None else int(name)
    gid = int(row[3]) if row is not None else 0
    named = user.partition(":")[2]
    groups = {gid}
    lines = [line.split(":") for line in group.splitlines() if line.count(":") >= 3]
    if named:
        found = next((one for one in lines if one[0] == named), None)
        groups = {int(named)} if named.isdigit() else {int(found[2])} if found else groups
    elif row is not None:
        groups |= {int(one[2]) for one in lines if row[0] in one[3].split(",")}
    return Account(uid, frozenset(groups))


def unreadable(files: RootFilesystem, who: Account, places: Iterable[str]) -> tuple[str, ...]:
    """The paths in *places* that *who* may not read, or not reach."""
    if who.user == 0:
        return ()
    wanted = tuple(places)
    found = []
    for path in sorted(files.paths()):
        if not any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in wanted):
            continue
        entry = files.get(path)
        if entry is None or entry.kind not in (Kind.FILE, Kind.DIRECTORY):
            continue
        if not _may(entry, who, 4) or not all(_enters(above, files, who) for above in _above(path)):
            found.append(path)
    return tuple(found)


def _above(path: str) -> Iterable[str]:
    while (path := posixpath.dirname(path)) != "/":
        yield path


def _enters(folder: str, files: RootFilesystem, who: Account) -> bool:
    entry = files.get(folder)
    return entry is None or entry.kind is not Kind.DIRECTORY or _may(entry, who, 1)


def _may(entry: Entry, who: Account, right: int) -> bool:
    """Whether *who* has the *right* (4: to read, 1: to enter); the first class that fits decides (inode(7))."""
    if entry.uid == who.user:
        return bool(entry.mode & (right << 6))
    if entry.gid in who.groups:
        return bool(entry.mode & (right << 3))
    return bool(entry.mode & right)
