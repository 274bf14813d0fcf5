"""Instructions that come later: what they pass may not observe whether they came before.

ARG, ENV and LABEL show in the environment of a RUN and in what is substituted; files show to whatever looks for them.
So variables pass only commands of a closed list that look at none but their own, and files pass only installations by
name, from and into folders that are not theirs.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence, Set
from functools import lru_cache

from ...change import MovesInstruction
from ...ir.build import Build
from ...ir.steps import Arg, Copy, Env, Exec, Healthcheck, Label, Listing, Run, Step, Value
from ...patterns import re
from ...record import record
from ..core.observe import Command
from ..core.program import commands_of, is_local, script_of
from ..core.verdict import Unsound
from ..metadata.labels import AUTHORS
from ..metadata.metadata import folder
from ..shell.claims import Claimed
from .managers import reads_nothing

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
#: Variables that only tell about a build: no command of the lists below reads one of such a name.
_TELLS = re.compile(
    r"(?:\w+_)?BUILD_\w+|(?:\w+_)?VCS_\w+|(?:\w+_)?(?:GIT|SOURCE|CI|GITHUB|DRONE|TRAVIS|CIRCLE)_(?:COMMIT\w*|\w*SHA1?|HASH|REV\w*"
    r"|REF\w*|TAG|BRANCH|DESCRIBE|\w+_ID|RUN_NUMBER)|COMMIT(?:_\w+)?|REVISION|(?:APP|IMAGE|RELEASE)_(?:VERSION|REVISION|TAG|DATE)",
    re.I,
)
#: Nobody calls a variable by a longer name.
_LONGEST = 200
_SYSTEM = frozenset(("apt-get", "apt", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper"))
_BLIND = _SYSTEM | frozenset(
    (
        *("true", "false", ":", "echo", "printf", "test", "[", "cd", "mkdir", "rm", "rmdir", "mv", "cp", "ln", "touch"),
        *("chmod", "chown", "chgrp", "cat", "sed", "grep", "tar", "unzip", "gunzip", "gzip", "xz", "curl", "wget"),
        *(
            "sha256sum",
            "sha512sum",
            "sha1sum",
            "md5sum",
            "apt-key",
            "gpg",
            "groupadd",
            "useradd",
            "addgroup",
            "adduser",
        ),
        *("usermod", "update-ca-certificates", "ldconfig", "locale-gen", "localedef", "sleep", "sync", "dpkg", "rpm"),
    )
)
_NAMED = re.compile(r"(?:pip3? install|npm (?:install|i) (?:-g|--global)|gem install)(?: |\Z)")
_TOUCHES_OPERANDS = frozenset(("true", ":", "rm", "mkdir", "touch", "ln"))
_READS = re.compile(r"(?:-r|--requirement|-c|--constraint|-e|--editable|-f|--find-links|-g|--file)(?:=|\Z)")
_ROOTS = frozenset(
    (
        *(
            "bin",
            "boot",
            "dev",
            "etc",
            "home",
            "lib",
            "lib32",
            "lib64",
            "libx32",
            "media",
            "mnt",
            "opt",
            "proc",
            "root",
        ),
        *("run", "sbin", "srv", "sys", "tmp", "usr", "var"),
    )
)
_FREE = re.compile(r"/usr/src/app(?:/|\Z)|/home/[^/]|/srv/[^/]|/opt/app(?:/|\Z)")
_MOUNTS = re.compile(r"type=(?:cache|secret|ssh|tmpfs)(?:,|\Z)")


@record
class _Moved:
    """An instruction on its way, and the absolute folder or file that it copies to, None where it copies nothing.

    ``relative`` tells that it names that from the working directory.
    """

    step: Step
    target: str | None
    relative: bool = False


class Moves:
    """The instructions of one stage that are on their way, in their order."""

    def __init__(self, claimed: Claimed, build: Build) -> None:
        self._claimed = claimed
        self._build = build
        self._waiting: list[_Moved] = []
        self._arrived: set[int] = set()

    @property
    def waiting(self) -> list[Step]:
        """The steps that are to come."""
        return [one.step for one in self._waiting]

    def may_leave(self, step: Step) -> bool:
        """Whether a claim says that *step* comes later, and it has not come."""
        if step.index in self._arrived:
            return False
        keywords = {claim.keyword for claim in self._claimed.near(step.origin.span).of(MovesInstruction)}
        return step.keyword in keywords or (isinstance(step, Copy) and bool(keywords & {"COPY", "ADD"}))

    def leave(self, step: Step, workdir: str | None) -> None:
        """Send *step*, which stood where *workdir* was the working directory, on its way. Raises ``Unsound``."""
        self._waiting.append(_moving(step, workdir, self._build))

    def arrive(self, place: int, count: int, workdir: str | None) -> list[Step]:
        """The steps from *place* on, *count* at most, of those on their way are there, before those that left earlier.

        Raises ``Unsound`` where one of these may observe that. *workdir* is the working directory there.
        """
        steps = [one.step for one in self._waiting[place : place + count]]
        del self._waiting[place : place + count]
        for step in steps:
            self._check(self._waiting[:place], step, workdir)
            self._arrived.add(step.index)
        return steps

    def passes(self, step: Step, workdir: str | None) -> None:
        """Refuse a *step*, behind which *workdir* is the working directory, that may observe what comes later.

        Raises ``Unsound``.
        """
        if step.index not in self._arrived:
            self._check(self._waiting, step, workdir)

    def _check(self, waiting: Sequence[_Moved], step: Step, workdir: str | None) -> None:
        # What is passed is read once for all that comes later: both may be a thousand.
        blind = isinstance(step, Run) and _is_blind(step) if any(one.target is None for one in waiting) else False
        names = frozenset(_NAME.findall(step.origin.text)) if waiting else frozenset()
        paths = _looked_at(step) if isinstance(step, Run) and waiting else None
        for one in waiting:
            if one.target is None:
                _variables(one.step, step, names, blind=blind)
            elif isinstance(step, Run):
                if paths is None or any(_touch(one.target, path) for path in paths):
                    raise _refused(step, "files")
            else:
                _files(one, one.target, step, workdir, self._build.document.escape)

    def end(self) -> None:
        """Refuse what never arrived. Raises ``Unsound``."""
        if self._waiting:
            raise Unsound("what was to come later does not", self._waiting[0].step.line)


def _moving(step: Step, workdir: str | None, build: Build) -> _Moved:
    if isinstance(step, Label):
        return _Moved(step, None)
    if isinstance(step, Arg | Env):
        if all(len(pair.key) <= _LONGEST and _TELLS.fullmatch(pair.key) for pair in step.pairs):
            return _Moved(step, None)
        raise Unsound(f"{step.keyword} sets a variable that commands may read", step.line)
    if not isinstance(step, Copy) or "$" in step.origin.args or step.origin.heredocs:
        raise Unsound(f"{step.keyword} may not come later", step.line)
    target = folder(step.destination, workdir, build.document.escape)
    first = target.split("/")[1] if target else ""
    if target is None or not first or (first in _ROOTS and not _FREE.match(target)):
        raise Unsound("the system's own files would be copied later", step.line)
    if any(_touch(target, path) for path in _named(build)):
        raise Unsound("a variable names what would be copied later, so that commands may look there", step.line)
    return _Moved(step, target, not step.destination.startswith("/"))


@lru_cache(maxsize=4)
def _named(build: Build) -> frozenset[str]:
    """The paths that stand in values of variables; one that is relative may lead anywhere."""
    values = [pair.value or "" for step in build if isinstance(step, Arg | Env) for pair in step.pairs]
    tokens = [token for value in values for token in re.split(r"[^\w./@+-]+", value)]
    return frozenset(token if token[0] == "/" else "/" for token in tokens if token[:1] in ("/", "."))


def _refused(passed: Step, moved: str) -> Unsound:
    return Unsound(f"{passed.keyword} may observe {moved} that comes later", passed.line)


def _variables(moved: Step, passed: Step, named: Set[str], *, blind: bool) -> None:
    """Refuse *passed*, which names *named*, where it may observe *moved*; *blind*: it looks at no other variable."""
    refused = _refused(passed, moved.keyword)
    if isinstance(moved, Arg | Env) and any(pair.key in named for pair in moved.pairs):
        raise refused
    if isinstance(passed, Arg | Env):
        if {pair.key for pair in passed.pairs} & set(_REFERENCE.findall(moved.origin.args)):
            raise refused
    elif isinstance(passed, Label):
        if isinstance(moved, Label) and {pair.key for pair in passed.pairs} & {pair.key for pair in moved.pairs}:
            raise refused
    elif isinstance(passed, Run):
        if isinstance(moved, Label):
            return
        if not blind:
            raise refused
    elif passed.keyword == "MAINTAINER":
        if isinstance(moved, Label) and AUTHORS & {pair.key.strip("\"'") for pair in moved.pairs}:
            raise refused
    elif not isinstance(passed, Copy | Exec | Healthcheck | Listing | Value):
        raise refused


def _is_blind(run: Run) -> bool:
    """Whether *run* looks at no variable that it does not name."""
    return _read(run) and all(_ignores_variables(command) for command in commands_of(run))


def _ignores_variables(command: Command) -> bool:
    words = command.words
    if not words:
        return True
    if words[0] == "set":
        return len(words) > 1 and all(word[:1] in ("-", "+") or word == "pipefail" for word in words[1:])
    if words[0] == "export":
        return len(words) > 1 and all("=" in word for word in words[1:])
    return words[0] in _BLIND or tuple(words[:3]) == ("go", "mod", "download")


def _files(moved: _Moved, target: str, passed: Step, workdir: str | None, escape: str) -> None:
    refused = _refused(passed, "files")
    if isinstance(passed, Value):
        made = workdir if passed.keyword == "WORKDIR" else None
        if passed.keyword not in ("STOPSIGNAL", "MAINTAINER") and (
            made is None or moved.relative or _touch(target, made)
        ):
            raise refused
    elif isinstance(passed, Copy):
        other = folder(passed.destination, workdir, escape)
        if other is None or f"{target}/".startswith(f"{other.rstrip('/')}/") or f"{other}/".startswith(f"{target}/"):
            raise refused
    elif not isinstance(passed, Arg | Env | Label | Listing | Exec | Healthcheck) or passed.keyword == "VOLUME":
        raise refused


def _read(run: Run) -> bool:
    """Whether the commands of *run* are known, and nothing of the context is mounted for them."""
    return script_of(run) is not None and all(
        name == "mount" and _MOUNTS.match(given or "") is not None for name, given in run.flags
    )


def _mounted(run: Run) -> list[str]:
    return [run.mount_target(mount) or "/" for mount in run.mounts]


def _looked_at(run: Run) -> list[str] | None:
    """The paths at which *run* may look for files; None where that may be anywhere."""
    if not _read(run):
        return None
    found = _mounted(run)
    for command in commands_of(run):
        paths = _looked_at_by(command)
        if paths is None or not all(path.startswith("/") and ".." not in path for path in paths):
            return None
        found += (re.split(r"[*?\[{]", path)[0] for path in paths)
    return found


def _looked_at_by(command: Command) -> list[str] | None:
    words: Sequence[str] = command.words
    if command.nested or any("\0" in word and not _pattern(word) for word in words):
        return None
    paths = [path for operator, path in command.redirects if operator.lstrip("0123456789") not in (">&", "<&")]
    if len(words) > 1 and words[0] == "sudo" and not words[1].startswith("-"):
        words = words[1:]
    if not words or words[0] in ("set", "echo"):
        return paths
    if words[0] in _SYSTEM or _NAMED.match(" ".join(words)):
        operands = _operands(words)
        plain = words[0] in _SYSTEM or all(reads_nothing(word) for word in operands if word[:1] == "-")
        return (
            paths
            if plain and not any(is_local(word.lstrip("\0"), words[0]) or _READS.match(word) for word in operands)
            else None
        )
    if words[0] not in _TOUCHES_OPERANDS:
        return None
    return [*paths, *(word.lstrip("\0") for word in words[1:] if not word.startswith("-"))]


def _operands(words: Sequence[str]) -> Sequence[str]:
    """The words behind the verb, and behind the option that makes npm install for everyone."""
    return words[3:] if words[0] == "npm" else words[2:] if words[0] not in _SYSTEM else words[1:]


def _pattern(word: str) -> bool:
    """Whether only the names of files decide what *word* becomes."""
    return "$" not in word and "`" not in word and "~" not in word


def _touch(target: str, path: str) -> bool:
    """Whether one of two absolute paths lies in the other, or begins with its letters, since it may be a pattern."""
    path = posixpath.normpath(path)
    return path in ("/", "//") or target.startswith(path) or f"{path}/".startswith(f"{target}/")
