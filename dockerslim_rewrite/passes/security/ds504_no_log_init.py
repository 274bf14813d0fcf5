"""DS504: useradd with a high user id."""

from __future__ import annotations

import re

from ...analysis.facts import Facts
from ...change import AddsOption, Change, Safety
from ...ir.build import Build
from ...shell.arguments import split
from ...shell.edits import insert_after
from ..base import Proposals, missed
from ..shell.commands import calls, written

_VALUES = frozenset(
    (
        "-b", "--base-dir", "-c", "--comment", "-d", "--home-dir", "--home", "-e", "--expiredate", "-f",
        "--inactive", "-g", "--gid", "-G", "--groups", "-k", "--skel", "-K", "--key", "-p", "--password", "-R",
        "--root", "-P", "--prefix", "-s", "--shell", "-u", "--uid", "-Z", "--selinux-user",
    )
)  # fmt: skip
#: hadolint counts from the sixth digit on.
_HIGH = 99_999


def no_log_init(build: Build, facts: Facts) -> Proposals:
    """Create users with high ids without touching the login logs: `useradd -l`.

    useradd writes the new user into /var/log/lastlog and /var/log/faillog at an offset that grows with the user id. On
    disk the files are sparse, but a layer stores them in full: some 30 GB for the id 100000000.

    Safe because the entries only record past logins, of which a new user has none. Source: useradd(8), `--no-log-init`;
    Docker's "Building best practices", USER.
    """
    for call in calls(build, facts):
        if call.name != "useradd":
            continue
        flags, _, _ = split(call.argv, 1, _VALUES)
        if any(flag.name in ("-l", "--no-log-init", "-D", "--defaults") for flag in flags):
            continue
        uid = next((flag.value for flag in flags if flag.name in ("-u", "--uid")), "")
        line = call.line(build)
        if uid is None:
            yield missed(line, "the user id comes from an expansion; if it is high, add -l")
        elif re.fullmatch(r"\d+", uid) and int(uid) > _HIGH:
            yield Change(
                edits=(insert_after(call.body.logical, call.words[0].span.end, " -l"),),
                title=f"useradd -l for the user id {uid}",
                reason="else the login logs grow with the user id, and the layer stores them in full",
                safety=Safety.SAFE,
                claims=(AddsOption(written(call.words[:1]), ("-l",)),),
                line=line,
            )
