"""Accounts as USER, ``chown`` and ``COPY --chown`` name them, with the group that things of theirs are given to.

Sources: Dockerfile reference, COPY; chown(1), useradd(8), Debian's and BusyBox's adduser; Debian's base-passwd.
"""

from __future__ import annotations

from ...knowledge.accounts import number_of_account
from ...knowledge.images import canonical_name
from ...patterns import re
from ...shell.arguments import split

ROOT = "0:0"
ROOTS = frozenset(("root", "0"))
PLAIN = re.compile(r"[A-Za-z0-9_-]+\Z")
#: What creates accounts: the options that name a group, and those with which it has not one of its own name.
CREATORS = {
    "useradd": (("-g", "--gid"), ("-N", "--no-user-group")),
    "adduser": (("-G", "--ingroup"), ("-S", "--system", "--gid")),
}
_VALUES = frozenset(
    (
        "-h", "-d", "--home", "--home-dir", "-g", "--gid", "-G", "--groups", "--ingroup", "-u", "--uid", "-s",
        "--shell", "-c", "--comment", "-k", "--skel", "-p", "--password", "-K", "--gecos", "-b", "--base-dir",
        "-e", "--expiredate", "-f", "--inactive",
    )
)  # fmt: skip


class OwnerNames:
    """The accounts of a stage that is based on *image*, as far as they are created yet."""

    def __init__(self, image: str) -> None:
        written = image.lower()
        self._image = (canonical_name(written.partition("@")[0].partition(":")[0]), written)
        self._groups: dict[str, str | None] = {}

    def created(self, program: str, argv: tuple[str | None, ...]) -> None:
        """Note the group of the account that *program* makes."""
        arguments = split(argv, 1, _VALUES)
        flags = {flag.name: flag.value for flag in arguments.flags}
        chosen, unlike = CREATORS[program]
        name = argv[arguments.operands[0]] if len(arguments.operands) == 1 else None
        if name is None:
            return
        group = next((flags[one] for one in chosen if one in flags), None)
        own = not any(one in flags for one in unlike) or (program == "adduser" and "--group" in flags)
        if any(one in flags for one in chosen):
            self._groups[name] = group if group and PLAIN.match(group) else None
        else:
            self._groups[name] = name if own else None

    def account(self, text: str, *, numbers: bool = False) -> str | None:
        """``user:group`` for what USER or ``--chown`` name; *numbers*: a number alone is its group's as well."""
        user, colon, group = text.partition(":")
        if not PLAIN.match(user) or (colon and not PLAIN.match(group)):
            return None
        if colon:
            return normal(f"{user}:{group}")
        if user in ROOTS:
            return ROOT
        if user.isdigit():
            return f"{user}:{user}" if numbers else None
        if user in self._groups:
            known = self._groups[user]
            # What --chown takes for the group where none is named is told in two ways.
            return None if known is None or (numbers and known != user) else f"{user}:{known}"
        image, written = self._image
        family = "alpine" if "alpine" in written else "debian"
        if (user, family) == ("nobody", "debian"):
            return "nobody:nogroup"
        return f"{user}:{user}" if number_of_account(image, written, family, user) is not None else None


def normal(account: str) -> str:
    """*account* with root by its number."""
    return ":".join("0" if part == "root" else part for part in account.split(":"))
