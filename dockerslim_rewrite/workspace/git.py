"""Running `git` so that a repository names no program that runs, no connection that opens and no place outside of it.

A repository's own configuration may come from a stranger as its files do: as an archive, on a shared disk, or in the
tree itself, where a folder looks like a bare repository. Git's configuration names programs in many places; those that
the user's own configuration names for signing still count.

Sources: git-config(1), gitattributes(5), githooks(5), git(1) on its environment variables.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO

from ..record import record
from .git_patterns import NAMES, endless_pattern
from .git_place import foreign_place

#: More than any answer has that people review.
_MOST_BYTES = 64 * 1024 * 1024
_SECONDS = 120.0
_LACKING = "this clone lacks files of the commit: clone without --filter, or fetch with --refetch --no-filter"
#: A command line has an end, and no repository has as many.
_MOST_DRIVERS = 200

#: What is set in any case: no program, no hook, no connection, no child for a submodule, no work in the background.
_ALWAYS = {
    "core.quotepath": "off",
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.editor": ":",
    "core.askPass": "",
    "core.alternateRefsCommand": "",
    "credential.helper": "",
    "diff.external": "",
    "diff.submodule": "short",
    "diff.ignoreSubmodules": "dirty",
    "submodule.recurse": "false",
    "safe.bareRepository": "explicit",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "rerere.enabled": "false",
}
#: What programs of a driver are replaced by. A merge that is not done as wanted is a conflict, never half a result.
_DRIVERS = {
    "filter": {"clean": "", "smudge": "", "process": "", "required": "false"},
    "merge": {"driver": "false"},
    # The expressions are Git's own to match, however long that takes.
    "diff": {"command": "", "textconv": "", "funcname": "^$", "xfuncname": "^$", "wordregex": "^$"},
}
#: Programs that sign, and what they are where only the repository itself names another.
_SIGNING = {
    "gpg.program": "gpg",
    "gpg.openpgp.program": "gpg",
    "gpg.x509.program": "gpgsm",
    "gpg.ssh.program": "ssh-keygen",
    "gpg.ssh.defaultkeycommand": "",
}
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_OWN = frozenset(("local", "worktree"))


class GitError(ValueError):
    """Git cannot say or do what was asked: one line that says why and what to do."""


@record
class Answer:
    """How a call of Git ended, what it gave, and what it said about it, in one line."""

    code: int
    out: bytes
    said: str

    @property
    def text(self) -> str:
        """What it gave, as text that may hold names of any bytes."""
        return self.out.decode("utf-8", "surrogateescape")


def git(
    root: Path,
    *arguments: str,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
    check: bool = True,
) -> Answer:
    """Call Git in *root* with *text* as its input.

    Raises ``GitError`` where it cannot be run, takes too long, gives too much, or with *check* fails.
    """
    with tempfile.TemporaryFile() as given:
        given.write((text or "").encode("utf-8", "surrogateescape"))
        given.seek(0)
        answer = _called(_settings(root), root, arguments, given, environment)
    if check and answer.code:
        raise GitError(f"git {arguments[0]}: {_why(answer)}")
    return answer


def blobs(root: Path, ids: IO[bytes]) -> Iterator[bytes]:
    """The contents of the objects *ids*, a line each, one after the other as they stand: no filter changes them.

    Raises ``GitError`` for one that is not there.
    """
    command = _command(_settings(root), ("cat-file", "--batch", "--buffer"))
    with _started(command, root, ids, subprocess.DEVNULL, {}) as (_, output):
        while head := output.readline():
            words = head.split()
            if len(words) != 3 or not words[2].isdigit():
                raise GitError(f"git cat-file: {head.decode('utf-8', 'replace').strip()}; {_LACKING}")
            content = output.read(int(words[2]))
            output.read(1)
            yield content


def _called(
    settings: tuple[tuple[str, str], ...],
    root: Path,
    arguments: tuple[str, ...],
    given: IO[bytes] | int = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> Answer:
    with tempfile.TemporaryFile() as err:
        with _started(_command(settings, arguments), root, given, err, environment or {}) as (process, output):
            limit = threading.Timer(_SECONDS, process.kill)
            limit.start()
            try:
                out = output.read(_MOST_BYTES + 1)
            finally:
                limit.cancel()
            if len(out) > _MOST_BYTES:
                raise GitError(f"git {arguments[0]}: the answer has more than {_MOST_BYTES // 2**20} MiB")
            if process.wait() == -signal.SIGKILL:
                raise GitError(f"git {arguments[0]}: no end within {_SECONDS:.0f} s")
        err.seek(0)
        said = " ".join(err.read(4096).decode("utf-8", "replace").split())
        return Answer(process.returncode, out, said)


@contextmanager
def _started(
    command: list[str], root: Path, given: IO[bytes] | int, err: IO[bytes] | int, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """The process of *command* and what it gives; it is ended on leaving. Raises ``GitError``."""
    surroundings = _environment(root, environment)
    try:
        process = subprocess.Popen(command, cwd=root, env=surroundings, stdin=given, stdout=subprocess.PIPE, stderr=err)
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}; install it first") from None
    assert process.stdout is not None
    with process:
        try:
            yield process, process.stdout
        finally:
            process.kill()


def _why(answer: Answer) -> str:
    if re.search("not allowed|lazy fetching disabled|could not fetch", answer.said):
        # A clone that fetches what it lacks when somebody asks: from wherever its configuration says.
        return _LACKING
    return answer.said or f"exit status {answer.code}"


def _command(settings: tuple[tuple[str, str], ...], arguments: tuple[str, ...]) -> list[str]:
    chosen = [word for name, value in settings for word in ("-c", f"{name}={value}")]
    return ["git", "--no-pager", *chosen, *arguments]


def _environment(root: Path, further: Mapping[str, str]) -> dict[str, str]:
    found = {**os.environ, **_ENVIRONMENT, **further}
    if os.path.exists(root / ".git"):
        # The configuration may say that the files lie elsewhere.
        found["GIT_WORK_TREE"] = str(root)
    return found


@lru_cache(maxsize=16)
def _settings(root: Path) -> tuple[tuple[str, str], ...]:
    """What stands against the configuration that counts in *root*. Raises ``GitError``."""
    elsewhere = foreign_place(root)
    if elsewhere is not None:
        raise GitError(
            f"{root / '.git'}: leads to {elsewhere}, which does not name this folder as its own; Git is not asked"
        )
    found = dict(_ALWAYS)
    answer = _called(tuple(found.items()), root, ("config", "--list", "--show-scope", "--name-only", "-z"))
    words = answer.text.split("\0")
    if answer.code and answer.said:
        raise GitError(f"git config: {answer.said}")
    named = list(zip(words[::2], words[1::2], strict=False))
    drivers = {key.rpartition(".")[0] for _, key in named if key.partition(".")[0] in _DRIVERS and key.count(".") > 1}
    if len(drivers) > _MOST_DRIVERS:
        raise GitError(f"{root}: its configuration names more than {_MOST_DRIVERS} drivers; Git is not asked")
    for driver in sorted(drivers):
        if "=" in driver or "\n" in driver:
            raise GitError(f"{root}: its configuration names a driver {driver!r}; Git is not asked")
        found.update({f"{driver}.{key}": value for key, value in _DRIVERS[driver.partition(".")[0]].items()})
    globs = [f":(glob)**/{name}" for name in NAMES]
    held = _called(tuple(found.items()), root, ("ls-files", "-z", "--", *globs)).text.split("\0")
    endless = endless_pattern(root, filter(None, held))
    if endless is not None:
        raise GitError(f"{endless}; Git is not asked")
    trusted = {key for scope, key in named if scope not in _OWN}
    own = {key for scope, key in named if scope in _OWN}
    for key, usual in _SIGNING.items():
        if key in own:
            found[key] = _trusted(root, key) if key in trusted else usual
    return tuple(found.items())


def _trusted(root: Path, key: str) -> str:
    """What the user's own configuration says of *key*, as opposed to the repository's."""
    for scope in ("--global", "--system"):
        answer = _called(tuple(_ALWAYS.items()), root, ("config", scope, "--includes", "--get", key))
        if answer.code == 0:
            return answer.text.rstrip("\n")
    return _SIGNING[key]
