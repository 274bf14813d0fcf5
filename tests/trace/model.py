"""Values of the trace judge: what is run, what may differ, what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

Argv = tuple[str, ...]

SHELLS: tuple[str, ...] = ("dash", "bash", "ash")
"""Shells that can stand for /bin/sh: Debian's, CentOS's (bash called as sh is in POSIX mode) and Alpine's."""


SCRIPT_LIMIT = 128 * 1024 - 1
"""Bytes that Linux allows in one argument: a longer script cannot be run by anybody."""


@dataclass(frozen=True, slots=True)
class Body:
    """One RUN: `script` is the logical shell text, given to a fresh `shell` in `cwd` with `env` added.

    Raises ValueError for what execve(2) refuses: a NUL, an overlong script; and for a relative `cwd`.
    """

    script: str
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    cwd: str = "/"
    env: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        words = (self.script, *self.shell, self.cwd, *(text for pair in self.env for text in pair))
        if any("\0" in word for word in words):
            raise ValueError("a NUL cannot be passed to a shell")
        if len(self.script.encode("utf-8", "surrogateescape")) > SCRIPT_LIMIT:
            raise ValueError("the script is longer than an argument may be")
        if not self.cwd.startswith("/"):
            raise ValueError(f"not an absolute directory: {self.cwd}")


@dataclass(frozen=True, slots=True)
class Words:
    """`words` of commands whose argv has the words of `command` in this order; each word is a glob.

    The first word of `command` is compared with the base name of argv[0] too: ("pip", "install") covers
    `/usr/bin/pip install`. Behind `sudo`, `env` and their like the command may begin anywhere.
    """

    command: Argv
    words: Argv


@dataclass(frozen=True, slots=True)
class Replacement:
    """The leading words `before`, globs, may become `after`; an operand of the same text is not meant."""

    before: Argv
    after: Argv


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name=value` may be in the environment of commands that have the words of `command`, where it was not."""

    command: Argv
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may differ between before and after, in this direction only.

    added, removed: patterns of commands that only the after side, only the before side may have. A pattern has a
        glob for each word; `*` also matches `/`, and each glob stands for one or more consecutive words, because the
        shell has expanded globs before a command is seen: ("rm", "-rf", "/var/lib/apt/lists/*"). These commands
        print nothing, and fail only in jobs of `additions_fail`: see allowances.py for what that promises.
    inserted, dropped: words that only the after side, only the before side may have in a command.
    replaced: leading words that may become others.
    reordered: commands whose operands count as a set.
    anchored: operands that may get `./` in front of them.
    assigned: environment variables that single commands may get.
    missing_paths: globs of paths that the resulting tree may lack. What uses such a path must still find it.
    extra_paths: paths that the resulting tree may have besides.
    later: variables of ARG and ENV that come later than they did.
    folders: directories that are known to be there, so that `cd` finds them; `*` stands for all.
    starts: directories in which bodies before start, and bodies after need not: they are there from the beginning.
    pipes: whether after may stop where a command failed whose output went into a pipe.
    enters: whether after may stop where `cd` failed.
    """

    added: tuple[Argv, ...] = ()
    removed: tuple[Argv, ...] = ()
    inserted: tuple[Words, ...] = ()
    dropped: tuple[Words, ...] = ()
    replaced: tuple[Replacement, ...] = ()
    reordered: tuple[Argv, ...] = ()
    anchored: tuple[Words, ...] = ()
    assigned: tuple[Assignment, ...] = ()
    missing_paths: tuple[str, ...] = ()
    extra_paths: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    pipes: bool = False
    enters: bool = False


NOTHING = Allowance()


@dataclass(frozen=True, slots=True)
class Event:
    """One external command, as it found the world when it was started, and how it ended.

    env: exported variables without those the shell itself maintains. stdio: where descriptors 0, 1, 2 lead.
    stdin, limits: digests of the input and of the resource limits. sees: for each path of `missing_paths` that this
    command uses, whether there is something. body: index of the RUN, for people only.
    """

    argv: Argv
    cwd: str
    env: tuple[tuple[str, str], ...]
    umask: int
    stdio: tuple[str, str, str]
    stdin: str
    limits: str
    sees: tuple[tuple[str, bool], ...]
    status: int
    body: int = field(compare=False, default=0)


class Ending(Enum):
    OK = "ok"
    FAILED = "failed"
    LIMIT = "limit"
    """Stopped by the time or event limit: says nothing about equivalence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the build ended; `culprit` is the last command that failed, None when a builtin failed by itself."""

    ending: Ending
    culprit: Argv | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A file of the resulting tree. `content` is a digest, a link's target, or empty; kind `missing` is a
    directory of the empty image that the bodies removed."""

    kind: str
    mode: int
    content: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """What one build did. `tree` holds only what differs from the empty image. `output` is the standard output
    of all bodies, `errors` the beginning of standard error, which is not compared (it names line numbers). `asked` are
    the kinds and paths of missing things that the oracle was asked for."""

    events: tuple[Event, ...]
    outcome: Outcome
    tree: Mapping[str, Node]
    output: str
    errors: str = field(compare=False, default="")
    asked: tuple[tuple[str, str], ...] = field(compare=False, default=())


@dataclass(frozen=True, slots=True)
class Job:
    """One build to run: `bodies` in turn, /bin/sh played by `shell`.

    places: globs of directories that `cd` finds even when nothing made them. jitter: serve racing commands in
    random order, to expose what depends on scheduling. pipes_succeed: commands that write into a pipe do not fail,
    so that `pipefail` makes no difference. additions_fail: what may be added or removed fails or succeeds as the oracle
    says, every time alike; without it, it succeeds.
    """

    bodies: tuple[Body, ...]
    shell: str
    seed: int
    allow: Allowance = NOTHING
    places: tuple[str, ...] = ()
    jitter: bool = False
    pipes_succeed: bool = False
    additions_fail: bool = False


@dataclass(frozen=True, slots=True)
class Parse:
    """The question whether `shell -n` accepts each of `bodies`."""

    bodies: tuple[Body, ...]
    shell: str


class UnsupportedShell(ValueError):
    """The body is for a shell that the sandbox does not have (PowerShell, cmd, python, ...)."""
