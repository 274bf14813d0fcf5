"""Which instructions may change places: what is moved cannot be observed by what it passes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from functools import lru_cache

from ...ir.build import Build
from ...ir.steps import Arg, Copy, Env, Exec, Healthcheck, Label, Listing, Run, Step, Value
from ...knowledge.order import fetches, ignores_variables, installs_packages, works_on_operands
from ...record import record
from ...shell.script import Simple
from ..facts import Facts
from ..flow.destinations import destination
from ..shell.operations import Kind, is_local

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_READING = frozenset(
    ("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links", "-g", "--file")
)
#: Kinds of operations of package managers that are worth keeping.
_COSTLY = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.UPDATE, Kind.DOWNLOAD))
#: Instructions that only describe the image, and the labels that say what MAINTAINER says.
_PLAIN = frozenset(("STOPSIGNAL", "MAINTAINER"))
_AUTHORS = frozenset(("org.opencontainers.image.authors", "maintainer"))
_MOUNTS = frozenset(("cache", "secret", "ssh", "tmpfs"))


class Obstacle(Exception):
    """Why an instruction may observe what would pass it; ``run`` tells that it is a RUN that may look at anything."""

    def __init__(self, reason: str, *, run: bool = False) -> None:
        super().__init__(reason)
        self.run = run


@record
class Variables:
    """Moved ARG, ENV and LABEL instructions: the variables that they set, those they use, the keys of labels."""

    names: frozenset[str]
    uses: frozenset[str]
    labels: frozenset[str]


def variables(steps: Sequence[Step]) -> Variables:
    """What the ARG, ENV and LABEL instructions *steps* set and use."""
    pairs = [pair for step in steps if isinstance(step, Arg | Env) for pair in step.pairs]
    labels = [pair.key.strip("\"'") for step in steps if isinstance(step, Label) for pair in step.pairs]
    uses = {name for step in steps for name in _REFERENCE.findall(step.origin.args)}
    return Variables(frozenset(pair.key for pair in pairs), frozenset(uses), frozenset(labels))


def check_variables(moved: Variables, facts: Facts, step: Step) -> None:
    """Whether *moved* may pass *step*. Raises ``Obstacle``."""
    text = step.origin.args
    if isinstance(step, Run):
        text = step.origin.text
    used = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text))
    if moved.names & used:
        raise Obstacle(f"line {step.line} uses {', '.join(sorted(moved.names & used))}")
    if isinstance(step, Env | Arg):
        if moved.uses & {pair.key for pair in step.pairs}:
            raise Obstacle(f"line {step.line} sets what it uses")
    elif isinstance(step, Label):
        if moved.labels & {pair.key for pair in step.pairs}:
            raise Obstacle(f"line {step.line} sets the same label")
    elif isinstance(step, Run):
        for command in _commands(step, facts):
            words = [word if word is not None else "$" for word in command.argv]
            if words and not _blind(words):
                raise Obstacle(f"{words[0]} on line {step.line} may read its environment", run=True)
    elif step.keyword == "MAINTAINER":
        if moved.labels & _AUTHORS:
            raise Obstacle(f"line {step.line} may set the same label")
    elif not isinstance(step, Copy | Exec | Healthcheck | Listing | Value):
        raise Obstacle(f"{step.keyword} stands between")


def _blind(words: Sequence[str]) -> bool:
    if words[0] == "set":
        return len(words) > 1 and all(word[0] in "-+" or word == "pipefail" for word in words[1:])
    if words[0] == "export":
        return len(words) > 1 and all("=" in word for word in words[1:])
    return ignores_variables(words)


def check_files(folders: Sequence[str], relative: bool, facts: Facts, step: Step) -> None:
    """Whether files copied to *folders* may come behind *step* instead of before it. Raises ``Obstacle``.

    *relative* tells that a folder is named from the working directory.
    """
    if relative and step.keyword == "WORKDIR":
        raise Obstacle(f"line {step.line} leads elsewhere")
    for folder in folders:
        _check_folder(folder, step, facts)


def _check_folder(folder: str, step: Step, facts: Facts) -> None:
    if isinstance(step, Value) and step.keyword == "WORKDIR":
        if not step.value.startswith("/") or "$" in step.value or overlaps(folder, step.value):
            raise Obstacle(f"line {step.line} may make the directory")
    elif isinstance(step, Run):
        targets = [step.mount_target(one) or "/" for one in step.mounts]
        if any(overlaps(folder, target) for target in targets):
            raise Obstacle(f"line {step.line} mounts something there", run=True)
        for command in _commands(step, facts):
            _apart(command, folder, step)
    elif isinstance(step, Copy):
        other = destination(step, facts.state(step))
        if other is None or f"{folder}/".startswith(f"{other.rstrip('/')}/") or f"{other}/".startswith(f"{folder}/"):
            raise Obstacle(f"line {step.line} may copy to the same place")
    elif isinstance(step, Listing) and step.keyword == "VOLUME":
        raise Obstacle(f"VOLUME on line {step.line} may hold the files")
    elif not isinstance(step, Arg | Env | Label | Listing | Exec | Healthcheck) and step.keyword not in _PLAIN:
        raise Obstacle(f"{step.keyword} stands between")


def _apart(command: Simple, folder: str, run: Run) -> None:
    words = command.argv
    where = f"line {run.line}"
    if None in words or command.nested:
        raise Obstacle(f"{where} may read the files", run=True)
    named = [word or "" for word in words]
    for redirect in command.redirects:
        target = redirect.target.literal if redirect.target is not None else None
        if target is None or (redirect.operator.strip("0123456789") != ">&" and not _elsewhere(target, folder)):
            raise Obstacle(f"{where} may read or write the files", run=True)
    if not named:
        return
    if named[0] == "set":
        return
    if len(named) > 1 and named[0] == "sudo" and not named[1].startswith("-"):
        del named[0]
    if installs_packages(named):
        if any(is_local(word) or word.partition("=")[0] in _READING for word in named[1:]):
            raise Obstacle(f"{named[0]} on {where} may read the files", run=True)
    elif not works_on_operands(named) or (
        named[0] != "echo" and not all(word.startswith("-") or _elsewhere(word, folder) for word in named[1:])
    ):
        raise Obstacle(f"{named[0]} on {where} may read or write the files", run=True)


def _elsewhere(path: str, folder: str) -> bool:
    """Whether *path* is absolute, and neither above nor below *folder*; a pattern is taken up to where it begins."""
    fixed = re.split(r"[*?\[{]", path)[0]
    return path.startswith("/") and ".." not in path and not overlaps(folder, fixed)


def named_by_variables(folder: str, build: Build) -> bool:
    """Whether the value of a variable names *folder*, or a path in it, so that any command may look there."""
    return any(path[0] == "." or overlaps(folder, path) for path in _named(build))


@lru_cache(maxsize=4)
def _named(build: Build) -> frozenset[str]:
    """The paths that stand in values of variables."""
    values = [pair.value or "" for step in build if isinstance(step, Arg | Env) for pair in step.pairs]
    tokens = {token for value in values for token in re.split(r"[^\w./@+-]+", value)}
    return frozenset(token for token in tokens if token[:1] in ("/", "."))


def overlaps(folder: str, path: str) -> bool:
    """Whether one of the absolute paths *folder* and *path* lies in, or begins like, the other."""
    path = posixpath.normpath(path) if path.strip("/") else "/"
    return path == "/" or folder.startswith(path) or f"{path}/".startswith(f"{folder}/")


def _commands(run: Run, facts: Facts) -> tuple[Simple, ...]:
    if any(name != "mount" for name, _ in run.flags) or any(one.get("type") not in _MOUNTS for one in run.mounts):
        raise Obstacle(f"line {run.line} has flags such as --mount, and nothing is moved across it", run=True)
    script = facts.script(run)
    if script is None:
        raise Obstacle(f"line {run.line} cannot be read", run=True)
    return script.commands


def is_costly(step: Step, facts: Facts) -> bool:
    """Whether *step* fetches or installs something."""
    script = facts.script(step) if isinstance(step, Run) else None
    if not isinstance(step, Run) or script is None:
        return False
    return any(use.operation.kind in _COSTLY for use in facts.uses(step)) or any(
        fetches([word or "" for word in command.argv]) for command in script.commands
    )
