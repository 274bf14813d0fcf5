"""The number of an account that USER names: from the command that creates it, or from the base image.

Sources: useradd(8), usermod(8), Debian's and BusyBox's adduser; BuildKit ``executor/oci/user.go`` and
``solver/llbsolver/file/user_linux.go``; moby/sys ``user.GetExecUser``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import cached_property

from ...ir.build import Build, Stage
from ...ir.steps import Copy, Run, Step, Value
from ...knowledge.accounts import number_of_account
from ...patterns import re
from ...record import record
from ...shell.arguments import Arguments, split
from ...shell.script import Simple
from ..bases import base_head, base_image
from ..facts import Facts
from ..flow.destinations import destination
from ..shell.spine import spine
from .first_accounts import first_of

_USERADD = frozenset(
    (
        "-b", "--base-dir", "-c", "--comment", "-d", "--home-dir", "--home", "-e", "--expiredate", "-f",
        "--inactive", "-g", "--gid", "-G", "--groups", "-k", "--skel", "-K", "--key", "-p", "--password", "-R",
        "--root", "-P", "--prefix", "-s", "--shell", "-u", "--uid", "-Z", "--selinux-user",
    )
)  # fmt: skip
_ADDUSER = frozenset(
    (
        "-h", "--home", "-g", "--gecos", "-s", "--shell", "-G", "--ingroup", "-k", "--skel", "-u", "--uid", "--gid",
        "--conf", "--firstuid", "--lastuid", "--comment",
    )
)  # fmt: skip
_GROUPADD = frozenset(("-g", "--gid", "-K", "--key", "-p", "--password", "-R", "--root", "-P", "--prefix"))
#: The options that name an account's own group.
_PRIMARY = {"useradd": ("-g", "--gid"), "adduser": ("-G", "--ingroup", "--gid")}
_CREATORS = {"useradd": _USERADD, "adduser": _ADDUSER}
#: Options by which a number may belong to two accounts, or the account to another system.
_ELSEWHERE = frozenset(("-o", "--non-unique", "-R", "--root", "-P", "--prefix", "--extrausers"))
#: What may give an account another number.
_CHANGES = re.compile(
    r"\busermod\b(?:(?!\busermod\b)[^;&|\n])*?\s(?:-[a-zA-Z]*[uglo]\b|--(?:uid|gid|login|non-unique)\b)|\busermod\s+[^-\s]"
    r"|\b(?:groupmod|userdel|deluser|vipw|vigr|newusers)\b|/etc/(?:passwd|group)\b"
)
#: A source that is one file, to all appearance, and no archive that ADD would unpack.
_FILE = re.compile(r"(?!.*://)(?:.*/)?[^/]+\.(?!(?:tar|tgz|t?bz2?|t?xz|t?zst|tlz|gz|lzma|Z|git)\Z)[A-Za-z0-9_-]+\Z")
_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_ROOT = "root"


@record
class Numbered:
    """An account by numbers: ``gid`` is the number of its group, None where that is not known; ``source`` says who
    gave the account its number. ``made`` is the command that makes it without saying its number, if one does, with
    its RUN and the option that would say it.
    """

    uid: int
    gid: int | None
    source: str
    made: tuple[Run, Simple, str] | None = None


class Accounts:
    """The accounts of a stage, for those who ask for several of them."""

    def __init__(self, stage: Stage, build: Build, facts: Facts) -> None:
        self.stage = stage
        self.build = build
        self.facts = facts
        self.chain = _chain(stage, build, facts)

    @cached_property
    def _changer(self) -> str | None:
        """Why a step of the stage, or of those beneath it or on top of it, may give accounts other numbers."""
        heirs = (self.build.stages[index] for index in self.facts.graph.heirs(self.stage.index))
        steps = (step for stage in (*self.chain, *heirs) for step in stage.steps)
        return next((reason for step in steps if (reason := _changed(step, self.facts)) is not None), None)

    @cached_property
    def _creations(self) -> Mapping[str | None, list[tuple[Run, Simple, Arguments]]]:
        """The commands that surely create an account, taken apart, by its name."""
        found: dict[str | None, list[tuple[Run, Simple, Arguments]]] = {}
        for run in (run for stage in self.chain for run in stage.runs):
            script = self.facts.script(run)
            for command in spine(script.root) if script is not None else ():
                words = command.argv
                program = posixpath.basename(words[0] or "")
                if program in _CREATORS:
                    arguments = split(words, 1, _CREATORS[program])
                    if len(arguments.operands) == 1:
                        found.setdefault(words[arguments.operands[0]], []).append((run, command, arguments))
        return found

    def numbered(self, name: str, step: Step) -> Numbered | str:
        """The account *name* as *step* of the stage finds it; a text says why its number is not known."""
        if name == _ROOT:
            return Numbered(0, 0, "root has the number 0 everywhere")
        if self._changer is not None:
            return self._changer
        created = [made for made in self._creations.get(name, ()) if made[0].index < step.index]
        if len(created) == 1:
            return _by_command(name, *created[0], self.chain, self.build, self.facts)
        if created:
            return f"{name} is created on lines {', '.join(str(run.line) for run, _, _ in created)}"
        number = _brought(name, self.stage, self.build, self.facts)
        image = base_image(self.build, self.facts, self.stage)
        if image is None:
            return f"the file does not say which number {name} has"
        if number is None:
            return f"neither the file nor the catalogue says which number {name} has"
        return Numbered(number, number, f"{name} has the number {number} in the image {image.name}")


def numbered_group(name: str, stage: Stage, build: Build, facts: Facts) -> int | None:
    """The number of the group *name* in *stage*, in which nothing gives it another one; None where it is not known."""
    if name.isdigit() or name == _ROOT:
        return int(name) if name != _ROOT else 0
    found = _group(name, _chain(stage, build, facts), facts)
    return _brought(name, stage, build, facts) if found is None else found


def _brought(name: str, stage: Stage, build: Build, facts: Facts) -> int | None:
    """The number of user and group *name* in the base image of *stage*; None where it is not known."""
    image = base_image(build, facts, stage)
    written = base_head(build, facts, stage).image.lower()
    return number_of_account(image.name, written, image.family, name) if image is not None else None


def makes_folder(step: Step, stage: Stage, build: Build, facts: Facts) -> Step | None:
    """The first WORKDIR that runs under the USER that *step* of *stage* sets: BuildKit makes its folder as that user,
    and gives it to the group of the user's own number where USER is a number alone.
    """
    found, replaced = _first_folder(one for one in stage.steps if one.index > step.index)
    if found is not None or replaced:
        return found
    under = {stage.index}
    for index in facts.graph.heirs(stage.index):
        if facts.graph.bases[index] in under:
            found, replaced = _first_folder(iter(build.stages[index].steps))
            if found is not None:
                return found
            if not replaced:
                under.add(index)
    return None


def _first_folder(steps: Iterator[Step]) -> tuple[Step | None, bool]:
    for one in steps:
        if isinstance(one, Value) and one.keyword == "USER":
            return None, True
        if isinstance(one, Value) and one.keyword == "WORKDIR":
            return one, False
    return None, False


def _chain(stage: Stage, build: Build, facts: Facts) -> list[Stage]:
    """The stages under *stage*, the first one first, and itself."""
    return [build.stages[index] for index in reversed(facts.graph.chain(stage.index))]


def _changed(step: Step, facts: Facts) -> str | None:
    """Why *step* may give an account another number, or bring a list of accounts of its own."""
    if isinstance(step, Run) or step.keyword == "ONBUILD":
        if _CHANGES.search(step.origin.text):
            return f"line {step.line} may change the numbers of accounts"
    elif isinstance(step, Copy):
        path = destination(step, facts.state(step))
        files = all(_FILE.match(source) for source in step.sources)
        if path is None or path.startswith("/etc/passwd") or (path in ("/", "/etc") and not files):
            return f"{step.keyword} on line {step.line} may bring a list of accounts of its own"
    return None


def _by_command(
    name: str, run: Run, command: Simple, arguments: Arguments, chain: list[Stage], build: Build, facts: Facts
) -> Numbered | str:
    """The account *name* that *command* of *run* creates with *arguments*."""
    flags = {flag.name: flag.value for flag in arguments.flags}
    if _ELSEWHERE & set(flags):
        return f"line {run.line} creates {name} in a way of its own"
    program = posixpath.basename(command.name or "")
    group = next((flags[one] for one in _PRIMARY[program] if flags.get(one)), None)
    first = first_of(program, run, command, arguments, chain, build, facts)
    uid = flags["-u"] if "-u" in flags else flags.get("--uid", "")
    if uid == "" and first is not None:
        source = f"line {run.line} creates {name}, the first account of its kind"
        gid = _group(group, chain, facts) if group else first
        image = base_image(build, facts, chain[-1])
        debian = program == "adduser" and image is not None and image.family == "debian"
        return Numbered(first, gid, source, (run, command, "--uid" if debian else "-u"))
    if uid == "":
        return f"line {run.line} gives {name} no number; with -u (--uid) it could be named by it"
    if uid is None or not _NUMBER.match(uid):
        return f"a variable says which number {name} gets on line {run.line}"
    # Without a group of its choice an account gets one of its own number, if no other has it.
    own = group is None and first is not None and int(uid) >= first
    gid = int(uid) if own else _group(group, chain, facts)
    return Numbered(int(uid), gid, f"line {run.line} creates {name} with the number {uid}")


def _group(group: str | None, chain: list[Stage], facts: Facts) -> int | None:
    """The number of the group *group*, if it is one or a command creates it with one."""
    if group is None or _NUMBER.match(group):
        return int(group) if group else None
    for stage in chain:
        for run in stage.runs:
            script = facts.script(run)
            for command in spine(script.root) if script is not None else ():
                words = command.argv
                if posixpath.basename(words[0] or "") in ("groupadd", "addgroup"):
                    arguments = split(words, 1, _GROUPADD)
                    number = next((flag.value for flag in arguments.flags if flag.name in ("-g", "--gid")), None)
                    if [words[at] for at in arguments.operands] == [group] and number and _NUMBER.match(number):
                        return int(number)
    return None
