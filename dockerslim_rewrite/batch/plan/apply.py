"""A shard's way into the repository and back, by Git."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...patterns import re
from ...record import record
from ...regular import read_whole
from ...report.text import counted, size
from ...workspace import git as program
from ...workspace.git import GitError
from ..outcome import digest
from .files import PREFIX, PlannedShard
from .status import State, file_state

#: Puts a text in the place of a file's, given its path and what it held: all of it or nothing.
Write = Callable[[str, bytes, bytes], None]
_TRAILER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*: \S.*\Z")
_AUTHOR = re.compile(r"[^<>\n]+ <[^<>\n]+>\Z")


@record
class Commits:
    """How commits are made: the author (None: Git's own), whether they are signed off, trailers, and their base."""

    author: str | None = None
    sign_off: bool = False
    trailers: tuple[str, ...] = ()
    base: str = "HEAD"

    def check(self) -> None:
        """Raise ``ValueError`` where something is not as Git wants it."""
        if self.author is not None and not _AUTHOR.match(self.author):
            raise ValueError(f"--author {self.author!r}: must be of the form 'Name <email>'")
        for one in self.trailers:
            if not _TRAILER.match(one):
                raise ValueError(f"--trailer {one!r}: must be of the form 'Key: value'")
        if self.base.startswith("-"):
            raise ValueError(f"--base {self.base}: is no revision")


def message(shard: PlannedShard, commits: Commits, signer: str | None = None) -> str:
    """The message of the commit of *shard*, which serves as the text of a pull request as well."""
    rules: dict[str, int] = {}
    for file in shard.files:
        for rule in file.rules:
            rules[rule] = rules.get(rule, 0) + 1
    saved = f", about {size(shard.saving)} less in the images" if shard.saving else ""
    lines = [
        f"Slim Dockerfiles: {shard.title}"[:72],
        "",
        f"{counted(shard.changes, 'change')} in {counted(len(shard.files), 'file')}{saved}.",
        "`dockerslim explain RULE` says what a rule does and why it is safe.",
        "",
        *(f"- {rule} in {counted(count, 'file')}" for rule, count in sorted(rules.items())),
    ]
    trailers = [*commits.trailers, *([f"Signed-off-by: {signer}"] if signer else [])]
    if trailers:
        lines += ["", *trailers]
    return "\n".join(lines) + "\n"


def check_patch(root: Path, patch: Path, shard: PlannedShard) -> None:
    """Refuse a patch that changes other files than those of *shard*, or more of them than their text: somebody may have
    edited it. Raises ``GitError``.
    """
    if patch.is_symlink() or patch.parent.is_symlink():
        raise GitError("its patch is a symbolic link; plan again")
    told = git(root, "apply", "--numstat", "-z", str(patch)).split("\0")[:-1]
    named = {one.split("\t", 2)[-1] for one in told}
    other = next(iter(sorted(named - {file.name for file in shard.files})), None)
    if other is not None:
        raise GitError(f"its patch changes {other or 'a name'}, which was not planned; plan again")
    summary = git(root, "apply", "--summary", str(patch)).strip()
    if summary:
        raise GitError(f"its patch does more than to change texts ({summary.splitlines()[0].strip()}); plan again")


def to_tree(root: Path, patch: Path, shard: PlannedShard, write: Write) -> None:
    """Apply *patch* to the working tree, whole or not at all. Raises ``GitError``, and what *write* raises."""
    _exchange(root, patch, shard, write, back=False)


def from_tree(root: Path, patch: Path, shard: PlannedShard, write: Write) -> None:
    """Take *patch* back from the working tree, whole or not at all. Raises ``GitError``, and what *write* raises."""
    _exchange(root, patch, shard, write, back=True)


def _exchange(root: Path, patch: Path, shard: PlannedShard, write: Write, *, back: bool) -> None:
    """Let *write* put each file in its place, as *patch* makes it of a copy: Git itself would take the old one away."""
    check_patch(root, patch, shard)
    old: dict[str, bytes] = {}
    new: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="dockerslim-") as folder:
        copies = Path(os.path.realpath(folder))
        try:
            for file in shard.files:
                old[file.name] = read_whole(root / file.name)
                (copies / file.name).parent.mkdir(parents=True, exist_ok=True)
                (copies / file.name).write_bytes(old[file.name])
            # No repository: what the attributes of one say of line ends is not for copies.
            alone = {"GIT_CEILING_DIRECTORIES": str(copies.parent)}
            git(copies, "apply", "--whitespace=nowarn", *["--reverse"] * back, str(patch), environment=alone)
            for file in shard.files:
                new[file.name] = read_whole(copies / file.name)
                if digest(new[file.name]) != (file.before if back else file.after):
                    raise _not_planned(file.name)
        except OSError as error:
            raise GitError(f"{error.filename}: cannot be read: {error.strerror}") from None
    written: list[str] = []
    try:
        for name, content in new.items():
            write(str(root / name), content, old[name])
            written.append(name)
    except BaseException:
        for name in written:
            write(str(root / name), old[name], new[name])
        raise


def _check_files(root: Path, shard: PlannedShard) -> None:
    """Refuse what a patch, which somebody may have edited, made of the files of *shard*, unless it was planned."""
    for file in shard.files:
        if file_state(root / file.name, file.before, file.after) is not State.MERGED:
            raise _not_planned(file.name)


def _not_planned(name: str) -> GitError:
    return GitError(f"its patch would make something else of {name} than was planned; plan again")


def to_commit(root: Path, patch: Path, shard: PlannedShard, commits: Commits, write: Write) -> dict[str, Any]:
    """Apply *patch* and commit just that; what was done. Raises ``GitError``, and what *write* raises; nothing is done
    then.

    Where it was applied, and nothing came of the commit since the machine stopped, it is committed as it stands.
    """
    check_patch(root, patch, shard)
    staged = is_staged(root, shard)
    if not staged and git(root, "diff", "--cached", "--name-only"):
        raise GitError("the index holds changes; commit or unstage them first")
    # A file that was written anew but says the same is no change.
    program.git(root, "update-index", "-q", "--refresh", check=False)
    if not staged:
        to_tree(root, patch, shard, write)
    names = [file.name for file in shard.files]
    literal = {"GIT_LITERAL_PATHSPECS": "1"}
    try:
        _check_files(root, shard)
        git(root, "add", "--force", "--", *names, environment=literal)
        git(root, "commit", "--quiet", *_author(commits), "-F", "-", text=_message(root, shard, commits))
    except GitError:
        git(root, "reset", "--quiet", "--", *names, environment=literal)
        from_tree(root, patch, shard, write)
        raise
    return {"shard": shard.name, "to": "commit", "commit": git(root, "rev-parse", "HEAD").strip()}


def is_staged(root: Path, shard: PlannedShard) -> bool:
    """Whether the index holds *shard* and nothing else, as the tree does: its commit alone is missing."""
    staged = git(root, "diff", "--cached", "--name-only", "-z").split("\0")[:-1]
    return sorted(staged) == sorted(file.name for file in shard.files) and all(
        file_state(root / file.name, file.before, file.after) is State.MERGED
        and _kept(root, file.name, {}) == file.after
        for file in shard.files
    )


def to_branch(root: Path, patch: Path, shard: PlannedShard, commits: Commits) -> dict[str, Any]:
    """Make a branch with one commit, past the working tree; what was done. Raises ``GitError``."""
    check_patch(root, patch, shard)
    branch = PREFIX + shard.name
    base = git(root, "rev-parse", "--verify", "--quiet", f"{commits.base}^{{commit}}").strip()
    with tempfile.TemporaryDirectory(prefix="dockerslim-") as folder:
        own = {"GIT_INDEX_FILE": os.path.join(folder, "index")}
        git(root, "read-tree", base, environment=own)
        # Where Git keeps other line ends than the working tree has, the plan says nothing of what it keeps.
        same = [file for file in shard.files if _kept(root, file.name, own) == file.before]
        git(root, "apply", "--whitespace=nowarn", "--cached", str(patch), environment=own)
        for file in same:
            if _kept(root, file.name, own) != file.after:
                raise _not_planned(file.name)
        tree = git(root, "write-tree", environment=own).strip()
    named = {}
    if commits.author is not None:
        name, _, mail = commits.author.rpartition(" <")
        named = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail.rstrip(">")}
    text = _message(root, shard, commits)
    made = git(root, "commit-tree", tree, "-p", base, "-F", "-", text=text, environment=named).strip()
    # A branch of that name that is there stays as it is.
    git(root, "update-ref", f"refs/heads/{branch}", made, "0" * len(made))
    return {"shard": shard.name, "to": "branch", "branch": branch, "commit": made}


def _kept(root: Path, name: str, environment: dict[str, str]) -> str | None:
    """The digest of the content of the file *name* in the index that *environment* names; None where it has none."""
    found = program.git(root, "cat-file", "blob", f":{name}", environment=environment, check=False)
    return digest(found.text.encode("utf-8", "surrogateescape")) if found.code == 0 else None


def has_branch(root: Path, shard: PlannedShard) -> bool:
    """Whether the branch of *shard* is there. Raises ``GitError``."""
    return bool(git(root, "for-each-ref", f"refs/heads/{PREFIX}{shard.name}"))


def take_back(root: Path, entry: dict[str, Any]) -> None:
    """Undo what *entry* says was done: revert its commit, or delete its branch. Raises ``GitError``."""
    if entry["to"] == "branch":
        if f"branch refs/heads/{entry['branch']}\n" in git(root, "worktree", "list", "--porcelain"):
            raise GitError(f"{entry['branch']}: is checked out; switch to another branch first")
        git(root, "update-ref", "-d", f"refs/heads/{entry['branch']}", entry["commit"])
    else:
        git(root, "revert", "--no-edit", entry["commit"])


def git(root: Path, *arguments: str, text: str | None = None, environment: dict[str, str] | None = None) -> str:
    """What Git says. Raises ``GitError`` where it refuses or is not there."""
    return program.git(root, *arguments, text=text, environment=environment).text


def _author(commits: Commits) -> list[str]:
    return [] if commits.author is None else [f"--author={commits.author}"]


def _message(root: Path, shard: PlannedShard, commits: Commits) -> str:
    signer = git(root, "var", "GIT_COMMITTER_IDENT").rpartition("> ")[0] + ">" if commits.sign_off else None
    return message(shard, commits, signer)
