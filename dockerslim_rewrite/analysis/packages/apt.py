"""apt's package lists: who reads them, and what may change where an update fetches them from.

Source: sources.list(5), apt-key(8), add-apt-repository(1), "--add-architecture" in dpkg(1).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ...ir.steps import Copy, Run, Step
from ...patterns import re
from ...shell.names import POSIX_SHELLS
from ...shell.script import Simple
from ..facts import Facts, Use
from ..shell.operations import Kind, Operation

#: The folder of the lists.
LISTS = "/var/lib/apt/lists"
#: Operations that read the lists.
READS = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.DOWNLOAD))

_NAMES = re.compile(r"/etc/apt|sources\.list|add-apt-repository|apt-add-repository|apt-key|add-architecture|\.deb\b")
#: Commands that run what is written elsewhere.
_RUNS = POSIX_SHELLS | {".", "source", "eval", "exec"}
_SYSTEM = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/")


def first_of_lists(run: Run, facts: Facts) -> Use | None:
    """The first operation of *run* that reads apt's lists or fetches them; None where it does neither."""
    apt = (use for use in facts.uses(run) if use.operation.manager.name == "apt")
    return next((use for use in apt if use.operation.kind in READS or use.operation.kind is Kind.UPDATE), None)


def reads_lists(run: Run, facts: Facts) -> bool:
    """Whether *run* reads apt's lists without having fetched them itself."""
    first = first_of_lists(run, facts)
    return first is not None and first.operation.kind in READS


def keeps_other_lists(done: Operation) -> bool:
    """Whether the update *done* fetches some lists only, or keeps the others. Source: apt-get(8), apt.conf(5)."""
    options = ((flag.value or "").lower() for flag in done.flags if flag.name in ("-o", "--option"))
    return any(option.startswith(("apt::get::list-cleanup", "dir::etc::source")) for option in options)


def changes_sources(step: Step, facts: Facts) -> bool:
    """Whether *step* may change apt's sources. A RUN that cannot be read may."""
    if isinstance(step, Run):
        script = facts.script(step)
        return script is None or command_changes_sources(script.commands)
    if isinstance(step, Copy):
        if "$" in step.destination:
            return True
        path = posixpath.normpath(posixpath.join(facts.state(step).workdir or "/", step.destination))
        folders = any(posixpath.basename(source).lstrip(".").count(".") == 0 for source in step.sources)
        return path.startswith("/etc/apt") or (path in ("/", "/etc") and folders)
    return False


def command_changes_sources(commands: Iterable[Simple]) -> bool:
    """Whether one of *commands* may change apt's sources."""
    return any(_changes(command) for command in commands)


def _changes(command: Simple) -> bool:
    targets = [redirect.target for redirect in command.redirects if redirect.target is not None]
    if any(_NAMES.search(word.text) for word in (*command.words, *targets)):
        return True
    if not command.words:
        return False
    name = command.name
    if name is None or name.rpartition("/")[2] in _RUNS:
        return True
    return "/" in name and not name.startswith(_SYSTEM)
