"""An account for the user of an image: what may be added to create it, and which folders and files may become its own.

Everything is numeric, of one and the same account that is not root's, in stages that the claims name and no other is
built from, and a folder that becomes its own is made by the same change.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from ...change import AddsCommand, AddsInstruction, Change, ChangesFlag, Claim, SetsUser
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Env, Run, Value
from ...patterns import re
from ..core.observe import Command, commands, units
from ..core.program import base_of, script_of
from ..core.verdict import Unsound

_NAME = r"(?P<name>[a-z_][a-z0-9_-]{0,30})"
_PATHS = r"(?P<paths>(?: /[A-Za-z0-9_./@+-]+)+)"
_ID = r"(?P<id>[1-9][0-9]{0,8})"
_FORMS = tuple(
    re.compile(form + r"\Z")
    for form in (
        rf"groupadd --gid {_ID} {_NAME}",
        rf"useradd --no-log-init --create-home --uid {_ID} --gid (?P=id) {_NAME}",
        rf"addgroup -g {_ID} {_NAME}",
        rf"adduser -D -u {_ID} -G {_NAME} (?P=name)",
        rf"mkdir -p{_PATHS}",
        rf"chown (?P<whole>-R )?{_ID}:(?P=id){_PATHS}",
    )
)
_PROGRAMS = frozenset(("groupadd", "useradd", "addgroup", "adduser", "mkdir", "chown"))
#: Folders that belong to the system, and whose owner decides who may change it.
_SYSTEM = re.compile(
    r"(?!/usr/src/[^/])/(?:bin|boot|dev|etc|lib|lib32|lib64|libx32|proc|root|run|sbin|sys|usr)(?:/.*)?\Z"
    r"|/(?:home|media|mnt|opt|srv|tmp|var)\Z|/var/(?:lib|log|cache|run|spool|tmp|local|opt|mail|lock|backups)\Z|/\Z"
)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_USER = re.compile(r"([1-9][0-9]{0,8}):(0|[1-9][0-9]{0,8})\Z")
#: Modes of chmod that let a group write.
_GROUP_WRITES = re.compile(r"[ugoa,+=rwxX]*g[uoa]?[+=][ugrwxXst]*[wu]|[0-7]{1,2}[2367][0-7]\Z")


def is_account_command(command: Command) -> bool:
    """Whether *command* is of a kind that creates accounts or gives them folders."""
    return command.raw[:1] != () and command.raw[0] in _PROGRAMS


def unsafe_account(command: Command, behind: Sequence[Command]) -> str | None:
    """Why *command* may not be added before the commands *behind* of its RUN; None when it may."""
    match = _form(command.raw)
    text = " ".join(command.raw)
    if match is None or command.redirects:
        return f"{text} is not a way to create an account that is known here"
    if any(_form(other.raw) is None for other in behind):
        return f"commands after {text} would find the account"
    return None


def makes_account(run: Run, claims: Sequence[Claim]) -> bool:
    """Whether *run*, which is new, does nothing but create the account of a claimed user."""
    script = script_of(run)
    if script is None or run.flags or not any(isinstance(claim, SetsUser) for claim in claims):
        return False
    found = commands(units(script))
    chain = " && ".join(" ".join(command.raw) for command in found)
    return bool(found) and chain == " ".join(run.origin.args.split()) and all(_form(command.raw) for command in found)


def check_accounts(old: Build, pairs: Sequence[tuple[Stage, Stage]], changes: Sequence[Change]) -> None:
    """Refuse accounts, owners and users that belong to no claimed user. Raises ``Unsound``."""
    for change in changes:
        users = [claim.user for claim in change.claims if isinstance(claim, SetsUser)]
        argvs = _added_commands(change)
        if users:
            _one_account(users, argvs, change.claims, _folders(old))
            if any(user.endswith(":0") for user in users) and not _opens_to_group(old):
                raise Unsound(f"{', '.join(users)}: nothing that the file opens to its group needs root's")
        elif any(argv[:1] and argv[0] in _PROGRAMS and _form(argv) for argv in argvs):
            raise Unsound(f"{' '.join(argvs[0])}: no claim sets a user")
    stages = {claim.stage for change in changes for claim in change.claims if isinstance(claim, SetsUser)}
    if not stages:
        return
    heirs = {base_of(stage, old) for stage in old.stages}
    last, _ = pairs[-1]
    for left, right in pairs:
        named = (left is last and None in stages) or not stages.isdisjoint((left.name, str(left.index)))
        if not named and _owned(left) != _owned(right):
            raise Unsound("a user is set or given files in a stage that no claim names", left.head.line)
        if named and left.index in heirs:
            raise Unsound("a user is set in a stage that others are built from", left.head.line)
        for stage in _chain(left, old) if named else ():
            for step in stage.steps:
                if isinstance(step, Value) and step.keyword == "USER":
                    raise Unsound("the file sets a user already", step.line)


def _added_commands(change: Change) -> list[tuple[str, ...]]:
    found = [claim.argv for claim in change.claims if isinstance(claim, AddsCommand)]
    for claim in change.claims:
        if isinstance(claim, AddsInstruction) and claim.keyword == "RUN":
            found += commands_of_added(claim)
    return found


def commands_of_added(claim: AddsInstruction) -> list[tuple[str, ...]]:
    """The words of each command of the RUN that *claim* adds."""
    return [tuple(part.split()) for part in claim.text.partition(" ")[2].split(" && ")]


def _opens_to_group(build: Build) -> bool:
    """Whether a ``chmod`` of *build* lets groups write: what root makes belongs to root's group."""
    scripts = (script_of(step) for stage in build.stages for step in stage.steps)
    ran = (command.raw for script in scripts if script is not None for command in commands(units(script)))
    return any(raw[:1] == ("chmod",) and any(map(_GROUP_WRITES.match, raw[1:])) for raw in ran)


_MOVES = (("cd",), ("pushd",), ("popd",))


def _folders(build: Build) -> frozenset[str]:
    """The directories that WORKDIR makes in *build*, and those that a ``mkdir`` of its RUNs names: in full, or as seen
    from the working directory where the commands do not leave it.
    """
    found: set[str] = set()
    for stage in build.stages:
        known: dict[str, str] = {}
        place = "?"
        for step in stage.steps:
            if isinstance(step, Env):
                known.update((pair.key, (pair.value or "").strip("\"'")) for pair in step.pairs)
            if isinstance(step, Value) and step.keyword == "WORKDIR":
                place = posixpath.join(place, _expanded(step.value.strip("\"'"), known))
                found.add(place)
            script = script_of(step)
            ran = commands(units(script)) if script is not None else []
            at = "?" if any(command.raw[:1] in _MOVES for command in ran) else place
            for command in ran:
                if command.raw[:1] == ("mkdir",):
                    found.update(posixpath.join(at, word) for word in command.raw[1:] if word[:1] != "-")
    return frozenset(posixpath.normpath(path) for path in found if path.startswith("/") and len(path) > 1)


def _expanded(path: str, known: Mapping[str, str]) -> str:
    """*path* with what ENV says of variables; what is not known is no name of a directory."""
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[2], "?"), path)


def _one_account(
    users: Sequence[str], argvs: Sequence[tuple[str, ...]], claims: Sequence[Claim], there: frozenset[str]
) -> None:
    """Refuse claims that are not all of one account with numbers of its own; *there* are directories of the file's."""
    flags = [claim for claim in claims if isinstance(claim, ChangesFlag)]
    if not argvs and not flags:
        return
    match = _USER.match(users[0])
    if len(users) != 1 or match is None or match[2] not in (match[1], "0"):
        raise Unsound(f"{', '.join(users)} is not a numeric user and group of one number, or root's group")
    made: set[str] = set(there)
    for argv in argvs:
        form = _form(argv)
        if form is None:
            raise Unsound(f"{' '.join(argv)} creates no account that is known here")
        groups = form.groupdict()
        if groups.get("id") not in (None, match[1]):
            raise Unsound(f"{' '.join(argv)} is for another account than {users[0]}")
        paths = (groups.get("paths") or "").split()
        if any(_SYSTEM.match(path.rstrip("/") or "/") or ".." in path for path in paths):
            raise Unsound(f"{' '.join(argv)} gives away a directory of the system")
        if argv[0] == "mkdir":
            made.update(paths)
        elif groups.get("whole"):
            # What commands made in a directory of the user's, to which they may have given it no owner of its own.
            if not all(any(path.startswith(f"{one}/") for one in made) for path in paths):
                raise Unsound(f"{' '.join(argv)} is not for what lies in a directory that the change or WORKDIR makes")
        elif argv[0] == "chown" and not all(path in made or _between(path, made) for path in paths):
            raise Unsound(f"{' '.join(argv)} is not for a directory that the change or WORKDIR makes")
    for flag in flags:
        if (flag.name, flag.before, flag.after) != ("chown", None, users[0]):
            raise Unsound(f"--{flag.name}={flag.after} is not for {users[0]}")


def _between(path: str, made: Collection[str]) -> bool:
    """Whether *path* lies between two directories that are *made*, and so is made with the lower one."""
    above = any(path.startswith(f"{one}/") for one in made)
    return above and any(one.startswith(f"{path}/") for one in made)


def _form(argv: Sequence[str]) -> re.Match[str] | None:
    text = " ".join(argv)
    return next((match for form in _FORMS if (match := form.match(text)) is not None), None)


def _chain(stage: Stage, build: Build) -> list[Stage]:
    base = base_of(stage, build)
    below = _chain(build.stages[base], build) if isinstance(base, int) else []
    return [*below, stage]


def _owned(stage: Stage) -> Counter[str]:
    """What in *stage* creates accounts, sets users or gives files to them."""
    found: Counter[str] = Counter()
    for step in stage.steps:
        script = script_of(step)
        if script is not None:
            found.update(" ".join(one.raw) for one in commands(units(script)) if _form(one.raw))
        elif isinstance(step, Copy) and step.origin.flag("chown"):
            found[f"--chown={step.origin.flag('chown')}"] += 1
        elif isinstance(step, Value) and step.keyword == "USER":
            found[f"USER {step.value}"] += 1
    return found
