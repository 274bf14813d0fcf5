"""One review: what differs, both sides rewritten, and what is left to say of each file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ..change import RemarkKind
from ..failure import failure
from ..pipeline import Options, Result, rewrite
from ..record import evolve, record
from ..regular import read_whole
from ..syntax import ParseError
from ..workspace.discovery import NO_DOCKERFILE, Covered, discover, refusal_of
from ..workspace.uses import Workspace
from .git import Git, GitError
from .given import Given, given_to
from .reviewed import Reviewed, Scope, reviewed

#: As many bytes as `rewrite` takes.
_MOST = 4 * 1024 * 1024
#: The options for a Dockerfile, by its path on disk.
OptionsFor = Callable[[Path], Options]


@record
class Review:
    """What a review found: the files with something to say, in order; ``skipped`` are one line each, for people.

    ``base`` and ``head`` are commits, ``against`` is how the base was named. ``broken`` are files that were Dockerfiles
    and are none any more.
    """

    against: str
    base: str
    head: str
    files: tuple[Reviewed, ...]
    skipped: tuple[str, ...]
    broken: tuple[str, ...] = ()


def review(
    git: Git,
    base: str,
    head: str | None,
    paths: Sequence[str],
    scope: Scope,
    options: OptionsFor,
) -> Review:
    """Review what *head* (None: the working tree) changes since it left *base*, within *paths*, of the repository.

    Raises ``GitError``.
    """
    tip = git.commit(head or "HEAD", "--head")
    start = git.merge_base(git.commit(base, "--base"), tip)
    end = None if head is None else tip
    changed = git.changed(start, end)
    files = [one for one in changed if one.path is not None]
    with tempfile.TemporaryDirectory(prefix="dockerslim-") as scratch:
        new = git.root
        if end is not None:
            new = Path(scratch) / "head"
            new.mkdir()
            git.unpack(end, new)
        side = _Side(new, options, git.root)
        by_path = {one.path: one for one in files}
        # A file that is gone changes what a build is sent as much as one that is new.
        touched = {name for one in changed for name in (one.path, one.before) if name is not None}
        _check_paths(paths, new, touched, git.root)
        covered, left_alone = side.discovered(paths)
        dockerfiles = [path for path in covered if _concerned(path, touched, side, scope)]
        skipped = [f"{path}: {reason}" for path, reason in left_alone if path in by_path]
        old = _Base(git, start, Path(scratch) / "base", options)
        unread = [path for path, reason in left_alone if path in by_path and reason.startswith(NO_DOCKERFILE)]
        broken = tuple(path for path in unread if old.holds(by_path[path].before))
        if not dockerfiles:
            return Review(base, start, tip, (), tuple(skipped), broken)
        gone = any(one.path is None for one in changed)
        found: list[Reviewed] = []
        for path in dockerfiles:
            if not os.path.lexists(new / path):
                # Somebody names what the request changes, and this one is gone.
                continue
            own = by_path.get(path)
            # What is wrong with the configuration is wrong with the run, and no reason to leave a file out.
            earlier = path if own is None else own.before
            options_here = side.options_of(path)
            if earlier is not None and earlier != path:
                # A baseline lies beside what it accepts, and what it accepts may have moved away from it.
                accepted = options_here.accepted | side.options_of(earlier).accepted
                options_here = evolve(options_here, accepted=accepted)
            if gone and earlier is not None and side.context_of(path) is None:
                # Where a source of COPY is gone, nothing but the base tells any more which directory it was built with.
                options_here = side.options_of(path, old.context_of(earlier))
            try:
                after = side.rewritten(path, options_here)
            except (ParseError, ValueError, OSError) as error:
                skipped.append(f"{path}: {_why(error)}")
                continue
            except Exception as error:  # noqa: BLE001 - one file never stops the others
                skipped.append(f"{path}: {failure(error)}")
                continue
            tells = bool(after.changes) or any(one.kind is RemarkKind.ANALYSIS for one in after.remarks)
            before = old.rewritten(earlier) if tells and earlier is not None else None
            hunks = git.hunks(start, end, own) if own is not None else ()
            # A file that the pull request does not touch is told of only where the request made it worse.
            level = Scope.LINES if own is None and scope is Scope.FILES else scope
            one = reviewed(path, before, after, options_here, hunks, level)
            if one.broken and git.comes_otherwise(_absent(one, side.context_of(path) or "")):
                one = evolve(one, notes=tuple(evolve(note, breaks=False) for note in one.notes))
            if one.changes or one.notes:
                found.append(evolve(one, before=earlier))
        return Review(base, start, tip, tuple(found), tuple(skipped), broken)


def _check_paths(paths: Sequence[str], root: Path, touched: Collection[str], home: Path) -> None:
    """Refuse a path that is neither in the head at *root* nor among those that were *touched*, and one in a submodule
    of the checkout *home*. Raises ``GitError``.
    """
    for path in paths:
        plain = os.path.normpath(path).replace(os.sep, "/")
        gone = any(f"{one}/".startswith(f"{plain}/") for one in touched)
        if not gone and not os.path.lexists(root / path):
            raise GitError(f"{path}: no such file or directory in what is reviewed")
        parts = plain.split("/")
        for at in range(1, len(parts) + 1):
            folder = "/".join(parts[:at])
            if folder != "." and os.path.isfile(home / folder / ".git"):
                raise GitError(f"{path}: lies in the submodule {folder}, whose requests are its own; review it there")


def _concerned(path: str, touched: Collection[str], side: _Side, scope: Scope) -> bool:
    """Whether the Dockerfile *path* may have something new: it changed itself, or what its builds are given did."""
    if scope is Scope.ALL or path in touched:
        return True
    given = side.given(path)
    return any(given.holds(one) for one in touched)


def _absent(one: Reviewed, context: str) -> tuple[str, ...]:
    """The paths of the repository that instructions of *one* copy from *context* and that are not there any more."""
    sources = (told.partition(": ")[2] for note in one.notes if note.breaks for told in note.evidence)
    return tuple(os.path.normpath(os.path.join(context, source.lstrip("/"))) for source in sources)


def _why(error: Exception) -> str:
    return f"line {error.line}: {error.reason}" if isinstance(error, ParseError) else str(error)


class _Side:
    """One side of the pull request, as files in *root*; *home* is where they are configured."""

    def __init__(self, root: Path, options: OptionsFor, home: Path) -> None:
        self.root, self._options, self._home = root, options, home
        self._workspace = Workspace(root)

    def discovered(self, paths: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
        """The Dockerfiles below *paths*, and what looks like one but cannot be rewritten, with the reason."""
        covered, left_alone = [], []
        for one in discover([os.path.normpath(self.root / path) for path in paths or (".",)]):
            if isinstance(one, Covered):
                covered.append(self._inside(one.path))
            elif not one.folder:
                left_alone.append((self._inside(one.path), one.reason))
        return sorted(covered), sorted(left_alone)

    def _inside(self, path: str) -> str:
        return os.path.relpath(path, self.root).replace(os.sep, "/")

    def given(self, path: str) -> Given:
        """What the builds of the Dockerfile *path* are given."""
        return given_to(self._workspace, self.root, path)

    def options_of(self, path: str, context: str | None = None) -> Options:
        """The options for the Dockerfile *path*, built with *context*, a path of the repository, where one is named."""
        file = self.root / path
        folder = None if context is None else self.root / context
        return evolve(self._options(self._home / path), builds=lambda: self._workspace.projects(file, folder))

    def context_of(self, path: str) -> str | None:
        """The context, a path of the repository, that the Dockerfile *path* is certainly built with."""
        found = self._workspace.projects(self.root / path) if (self.root / path).is_file() else ()
        if not found or any(one.usage.guessed for one in found):
            return None
        return os.path.relpath(found[-1].name, os.path.realpath(self.root))

    def rewritten(self, path: str, options: Options) -> Result:
        data = read_whole(self.root / path, _MOST)
        if b"\0" in data:
            raise ValueError("binary data")
        return rewrite(data, options, path)


class _Base:
    """The base, which is written out when somebody first asks."""

    def __init__(self, git: Git, commit: str, folder: Path, options: OptionsFor) -> None:
        self._git, self._commit, self._folder, self._options = git, commit, folder, options
        self._side: _Side | None = None

    def _unpacked(self) -> _Side:
        if self._side is None:
            self._folder.mkdir()
            self._git.unpack(self._commit, self._folder)
            self._side = _Side(self._folder, self._options, self._git.root)
        return self._side

    def context_of(self, path: str) -> str | None:
        return self._unpacked().context_of(path)

    def holds(self, path: str | None) -> bool:
        """Whether *path* was a Dockerfile."""
        if path is None:
            return False
        try:
            data = read_whole(self._unpacked().root / path, _MOST)
        except OSError:
            return False
        return refusal_of(os.path.basename(path), data) is None

    def rewritten(self, path: str) -> Result | None:
        side = self._unpacked()
        try:
            # What was accepted was there as well.
            return side.rewritten(path, evolve(side.options_of(path), accepted=frozenset()))
        except Exception:  # noqa: BLE001 - what could not be read before is new now
            return None


__all__ = ["GitError", "Review", "review"]
