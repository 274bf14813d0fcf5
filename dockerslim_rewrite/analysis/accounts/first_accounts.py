"""Accounts that are made without a number, and get a known one: the first ordinary ones in images that have none.

Sources as in ``knowledge/data/accounts.toml``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.accounts import first_number, makes_no_account
from ...shell.arguments import Arguments
from ...shell.script import Simple
from ..bases import base_image
from ..facts import Facts

#: Options by which an account is no ordinary one, or gets its number elsewhere.
_OTHERWISE = frozenset(
    ("-r", "-S", "--system", "-K", "--key", "--firstuid", "--lastuid", "--conf", "-D", "--defaults", "-N")
)


def first_of(
    name: str, run: Run, command: Simple, arguments: Arguments, chain: Iterable[Stage], build: Build, facts: Facts
) -> int | None:
    """The number that *command* of *run*, with *arguments*, gives to the account that it makes, and to its group.

    None where that is not known. *chain* are the stage of *run* and those beneath it, *name* is its program.
    """
    flags = {flag.name for flag in arguments.flags}
    stages = list(chain)
    image = base_image(build, facts, stages[-1])
    # BusyBox has -D for an account without a password.
    otherwise = _OTHERWISE - {"-D"} if name == "adduser" else _OTHERWISE
    if image is None or flags & otherwise or image.family not in ("debian", "alpine"):
        return None
    if (image.uid or 0) >= 1000:
        return None
    for stage in stages:
        for one in stage.runs:
            script = facts.script(one)
            if one.index > run.index:
                break
            if script is None:
                return None
            for other in script.commands:
                if other is command:
                    return first_number(image.name, image.release)
                if other.words and not makes_no_account(posixpath.basename(other.name or "?")):
                    return None
    return None
