"""What Git knows of a branch: it is where reviews run, and no library knows its formats better."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..record import record
from ..regular import read_whole
from ..workspace.git import GitError, blobs, git
from . import tree
from .hunks import Hunk, by_file, read_hunks

#: As many bytes as `rewrite` takes.
_MOST = 4 * 1024 * 1024
#: So many bytes are read of a commit at once.
_MOST_TOGETHER = 16 * 1024 * 1024
#: How files and their differences are listed: by no program of the repository's, nor of a submodule's.
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty", "-M", "-l1000")
_FIXED = ("--src-prefix=a/", "--dst-prefix=b/")
#: For so many files Git is asked one by one.
_FEW = 8


@record
class ChangedFile:
    """A file that differs: its path now (None: deleted) and before (None: new), and where it differs."""

    path: str | None
    before: str | None
    hunks: tuple[Hunk, ...] = ()


class Git:
    """The repository at *root*. Every method raises ``GitError``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._asked: dict[str, int] = {}
        self._hidden: dict[tuple[str, str | None], frozenset[str]] = {}
        self._differing: dict[tuple[str, str | None], dict[ChangedFile, tuple[Hunk, ...]]] = {}

    def _run(self, *arguments: str, check: bool = True) -> tuple[int, bytes, str]:
        done = git(self.root, *arguments, check=check)
        return done.code, done.out, done.said

    def ask(self) -> None:
        """Make sure that Git takes the directory for a repository, and works in it: it need not be its owner's."""
        try:
            self._run("rev-parse", "--git-dir")
        except GitError as error:
            if "not a git repository" in str(error):
                raise GitError(f"{self.root}: is not a git repository; review in a checkout") from None
            if "bare repository" not in str(error):
                raise
            raise GitError(f"{self.root}: is a bare repository, which holds no files; review in a checkout") from None

    def commit(self, name: str, option: str) -> str:
        """The id of the commit *name*, which *option* of the command names. What could be an option is refused."""
        if name.startswith("-"):
            raise GitError(f"{name}: is not a revision")
        code, out, _ = self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
        if code:
            more = f"; {self._deeper()}" if self._shallow() else f"; fetch it first, or name another with {option}"
            raise GitError(f"{name}: there is no such commit here{more}")
        return out.decode().strip()

    def comes_otherwise(self, paths: Sequence[str], head: str | None) -> bool:
        """Whether one of *paths* may be there for a build though *head* (None: the working tree) has it not: it is
        ignored, so something makes it; it is a submodule's; or a link leads outside on the way to it.
        """
        inside = [path for path in paths if not path.startswith("..")]
        if len(inside) < len(paths) or not inside:
            return True
        # A pattern may speak of directories, or of what lies in one: of what is not there nobody knows what it is.
        possible = [one for path in inside for one in (path, f"{path}/", f"{path}/a")]
        if self._run("check-ignore", "--no-index", "--", *possible, check=False)[0] == 0:
            return True
        above = sorted({"/".join(path.split("/")[:end]) for path in inside for end in range(1, path.count("/") + 2)})
        if head is None:
            found = self._run(
                "ls-files", "--stage", "-z", "--", *(f":(literal,top){path}" for path in above), check=False
            )
        else:
            found = self._run("ls-tree", "-z", "--full-tree", head, "--", *above, check=False)
        for line in found[1].decode("utf-8", "surrogateescape").split("\0"):
            about, _, path = line.partition("\t")
            if path not in above:
                continue
            mode, *words = about.split()
            if mode == "160000":
                return True
            if mode == "120000":
                name = words[0] if head is None else words[1]
                target = self._run("cat-file", "blob", name)[1].decode("utf-8", "surrogateescape")
                if tree.leads_outside(path, target):
                    return True
        return False

    def merge_base(self, base: str, head: str) -> str:
        """The commit in which *head* left *base*."""
        code, out, _ = self._run("merge-base", base, head, check=False)
        if code:
            why = self._deeper() if self._shallow() else "their histories have nothing in common"
            raise GitError(f"{base[:12]} and {head[:12]}: no common commit; {why}")
        return out.decode().split()[0]

    def _shallow(self) -> bool:
        return self._run("rev-parse", "--is-shallow-repository")[1].strip() == b"true"

    def _deeper(self) -> str:
        return "this clone is shallow: fetch all history (fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 for GitLab)"

    def default_base(self) -> str:
        """The branch that pull requests go to: the one that the remote names, else `main` or `master`."""
        code, out, _ = self._run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", check=False)
        names = [out.decode().strip().removeprefix("refs/remotes/")] if code == 0 else []
        for name in (*names, "origin/main", "origin/master", "main", "master"):
            code, out, _ = self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
            if code == 0:
                if self._shallow() and out.decode().strip() == self.commit("HEAD", "--head"):
                    # The only branch that was fetched is the one to review: against itself nothing is new.
                    raise GitError(f"{name}: is what is reviewed; {self._deeper()}")
                return name
        raise GitError("no branch to compare with was found; name one with --base")

    def changed(self, base: str, head: str | None) -> tuple[ChangedFile, ...]:
        """The files that differ between the commit *base* and *head*, None for the working tree, in order."""
        found = self._listed(base, head)
        if head is None:
            extra = self._run("ls-files", "--others", "--exclude-standard", "-z")[1]
            found += [ChangedFile(one, None) for one in extra.decode("utf-8", "surrogateescape").split("\0") if one]
        return tuple(sorted(found, key=lambda one: one.path or one.before or ""))

    def _listed(self, base: str, head: str | None) -> list[ChangedFile]:
        """The files of Git that differ, in its order."""
        ends = (base,) if head is None else (base, head)
        names = self._run("diff", "--name-status", "-z", *_PLAIN, *_FIXED, *ends)[1].decode("utf-8", "surrogateescape")
        found = []
        words = iter(names.split("\0"))
        for status in words:
            if not status:
                continue
            first = next(words)
            second = next(words) if status[0] in "RC" else first
            before = None if status[0] == "A" else first
            found.append(ChangedFile(None if status[0] == "D" else second, before))
        return found

    def hunks(self, base: str, head: str | None, file: ChangedFile) -> tuple[Hunk, ...]:
        """Where *file* differs, with three lines around each place."""
        found = self._hunks(base, head, file)
        if found or file.path is None or file.before is not None:
            return found
        try:
            count = read_whole(self.root / file.path, _MOST).count(b"\n") + 1
        except OSError as error:
            raise GitError(f"{file.path}: cannot be read: {error.strerror}") from None
        return (Hunk(1, count, frozenset(range(1, count + 1))),)

    def _hunks(self, base: str, head: str | None, file: ChangedFile) -> tuple[Hunk, ...]:
        if self._often("diff"):
            if (base, head) not in self._differing:
                self._differing[base, head] = self._all_hunks(base, head)
            if file in self._differing[base, head]:
                return self._differing[base, head][file]
        paths = list(dict.fromkeys(one for one in (file.before, file.path) if one is not None))
        return read_hunks(self._differences(base, head, *(f":(literal,top){path}" for path in paths)))

    def _differences(self, base: str, head: str | None, *paths: str) -> str:
        ends = (base,) if head is None else (base, head)
        out = self._run("diff", *_PLAIN, *_FIXED, "-U3", "--text", *ends, "--", *paths)[1]
        return out.decode("utf-8", "surrogateescape")

    def _all_hunks(self, base: str, head: str | None) -> dict[ChangedFile, tuple[Hunk, ...]]:
        """Where each file differs; nothing where that is too much for one answer, or cannot be told apart."""
        try:
            parts = by_file(self._differences(base, head))
        except GitError:
            return {}
        files = self._listed(base, head)
        if len(parts) != len(files):
            return {}
        return {file: read_hunks(part) for file, part in zip(files, parts, strict=True)}

    def hidden(self, base: str, head: str | None) -> frozenset[str]:
        """The files whose differences nobody is shown, by their paths now: what holds a NUL or has the attribute -diff
        is binary for Git, and a forge takes no comment on its lines. Source: gitattributes(5), "diff".
        """
        if (base, head) not in self._hidden:
            ends = (base,) if head is None else (base, head)
            # Attributes are those of what is reviewed, as far as this Git knows how.
            source = {} if head is None else {"GIT_ATTR_SOURCE": head}
            told = git(self.root, "diff", "--numstat", "-z", *_PLAIN, *_FIXED, *ends, environment=source).text
            words = iter(told.split("\0"))
            found = set()
            for word in words:
                counts, tab, path = word.rpartition("\t")
                if tab and not path:
                    # Of a renamed file both names follow.
                    _, path = next(words), next(words)
                if counts == "-\t-":
                    found.add(path)
            self._hidden[base, head] = frozenset(found)
        return self._hidden[base, head]

    def _often(self, what: str) -> bool:
        """Whether Git was asked for *what* so often that it shall tell of all files at once: each call is a process."""
        self._asked[what] = self._asked.get(what, 0) + 1
        return self._asked[what] > _FEW

    def contents(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The contents of those of *paths* that are files in *commit*, each of no more bytes than `rewrite` takes, and
        of no more together than are kept. A path that holds the end of a line is left out.
        """
        asked = [path for path in paths if "\n" not in path]
        text = "".join(f"{commit}:{path}\n" for path in asked)
        told = git(self.root, "cat-file", "--batch-check", text=text).text.split("\n")
        ids: dict[str, str] = {}
        left = _MOST_TOGETHER
        for path, line in zip(asked, told, strict=False):
            words = line.split(" ")
            if words[1:2] == ["blob"] and len(words) == 3 and int(words[2]) <= min(_MOST, left):
                ids[path] = words[0]
                left -= int(words[2])
        with tempfile.TemporaryFile() as wanted:
            wanted.write("".join(f"{one}\n" for one in ids.values()).encode())
            wanted.seek(0)
            return dict(zip(ids, blobs(self.root, wanted), strict=True))

    def content(self, commit: str, path: str) -> bytes:
        """The content of the file *path* in *commit*, of which there is no more than `rewrite` takes."""
        if int(self._run("cat-file", "-s", f"{commit}:{path}")[1]) > _MOST:
            raise GitError(f"{path}: has more than {_MOST // 2**20} MiB")
        return self._run("cat-file", "blob", f"{commit}:{path}")[1]

    def unpack(self, commit: str, folder: Path) -> None:
        """Write the tree of *commit* into *folder*; links that lead outside are left out."""
        tree.unpack(self.root, commit, folder)
        store = folder / ".git"
        store.mkdir(exist_ok=True)
        # A build context that holds the history is as large in a checkout: a file with holes stands for it.
        with open(store / "objects", "wb") as file:
            file.truncate(self._stored())

    def _stored(self) -> int:
        """How many bytes the objects of the repository take."""
        counts = dict(line.split(": ", 1) for line in self._run("count-objects", "-v")[1].decode().splitlines())
        return 1024 * (int(counts.get("size", 0)) + int(counts.get("size-pack", 0)))


__all__ = ["ChangedFile", "Git", "GitError"]
