"""One review: what differs, both sides rewritten, and what is left to say of each file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from ..change import Remark
from ..knowledge.repository import build_source
from ..record import evolve, record
from ..workspace.discovery import BINARY, NO_DOCKERFILE, TEMPLATE
from ..workspace.inference import sources_in
from .descriptions import SECRET, Otherwise
from .git import ChangedFile, Git, GitError
from .hunks import Hunk
from .one_file import Request, reviewed_file
from .origins import exchanged
from .reviewed import Reviewed, Scope, noted, unreadable
from .sides import Base, OptionsFor, Side


@record
class Review:
    """What a review found: the files with something to say, in order; ``skipped`` are one line each, for people.

    ``base`` and ``head`` are commits, ``against`` is how the base was named.
    """

    against: str
    base: str
    head: str
    files: tuple[Reviewed, ...]
    skipped: tuple[str, ...]


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
        side = Side(new, options, git.root)
        by_path = {one.path: one for one in changed if one.path is not None}
        # A file that is gone changes what a build is sent as much as one that is new.
        touched = {name for one in changed for name in (one.path, one.before) if name is not None}
        _check_paths(paths, new, touched, git.root)
        covered, left_alone = side.discovered(paths)
        lost = [f"/{one}/" for one in touched if not os.path.lexists(side.root / one)]
        dockerfiles = [path for path in covered if _concerned(path, touched, lost, side, scope)]
        old = Base(git, start, Path(scratch) / "base", options)
        expected = [*dockerfiles, *(path for path, _ in left_alone if path in by_path)]
        were_at = [by_path[path].before if path in by_path else path for path in expected]
        old.expect([path for path in were_at if path is not None])
        skipped: list[str] = []
        found: list[Reviewed] = []
        moved = {one.before: one.path for one in changed if one.before is not None and one.before != one.path}
        kinds = (one.path for one in files if one.path == one.before and not (new / str(one.path)).is_file())
        gone = moved | {path: None for path in kinds if path is not None and old.holds(path)}
        asked = {dockerfile for _, dockerfile, _ in side.descriptions.asked()}
        unread: set[str] = set()
        for path, reason in left_alone:
            own = by_path.get(path)
            if own is None:
                continue
            hunks = _shown(git, start, end, own)
            # What a build is given as it stands, no program fills in.
            refused = reason.startswith((NO_DOCKERFILE, BINARY)) and side.descriptions.refusal(path) is not None
            worked = old.holds(own.before) and (refused or (reason.startswith(TEMPLATE) and path in asked))
            if worked or (refused and own.before is None and path in asked):
                unread.add(path)
                found.append(unreadable(path, own.before, side.data(path), reason, hunks))
            else:
                skipped.append(f"{path}: {reason}")
        otherwise = partial(git.comes_otherwise, head=end)
        for path, notes in _described(side, old, moved, gone, unread, otherwise, changed).items():
            if not (_whole(paths) or any(_lies_in(path, one) for one in paths)):
                continue
            own = by_path.get(path)
            hunks = _shown(git, start, end, own) if own is not None else ()
            found.append(noted(path, path if own is None else own.before, side.data(path), notes, hunks))
        if not dockerfiles:
            return Review(base, start, tip, tuple(found), tuple(skipped))
        known = [path for path in (*dockerfiles, *(path for path, _ in left_alone)) if path in by_path]
        edited = [path for path in known if by_path[path].before == path]
        came = [path for path in known if by_path[path].before in (path, None) and not (new / path).is_symlink()]
        were = exchanged({path: old.data(path) for path in edited}, {path: side.data(path) for path in came})
        request = Request(git, start, end, side, old, by_path, moved, were, frozenset(touched), scope)
        for path in dockerfiles:
            if not os.path.lexists(new / path):
                # Somebody names what the request changes, and this one is gone.
                continue
            one = reviewed_file(request, path)
            if isinstance(one, str):
                skipped.append(f"{path}: {one}")
            elif one.changes or one.notes:
                own = by_path.get(path)
                found.append(evolve(one, before=path if own is None else own.before))
        return Review(base, start, tip, tuple(sorted(found, key=lambda one: one.path)), tuple(skipped))


def _shown(git: Git, start: str, end: str | None, file: ChangedFile) -> tuple[Hunk, ...]:
    """The hunks of *file* that people see."""
    return () if file.path in git.hidden(start, end) else git.hunks(start, end, file)


def _described(
    side: Side,
    old: Base,
    moved: Mapping[str, str | None],
    gone: Mapping[str, str | None],
    told: Collection[str],
    otherwise: Otherwise,
    changed: Sequence[ChangedFile],
) -> dict[str, list[Remark]]:
    """Remarks on builds whose Dockerfile is *gone*, and on those that ask anew for what is not there, or for what the
    request takes away; by the files that describe them. *moved* are the paths that the request takes away. What cannot
    be read is among those that were *told*, or is a description among those that were *changed*.
    """
    found = side.descriptions.without_dockerfile(gone)
    for file in changed:
        broken = side.descriptions.malformed(file.path) if file.path and file.before else None
        # What described builds, and could be read.
        if broken is not None and file.path and file.before and old.descriptions.describes_well(file.before):
            found.setdefault(file.path, []).append(broken)
    # Who changes no description renames no image.
    if any(_describes(one) for one in changed):
        for path, note in side.descriptions.lost_bases(old.descriptions, moved):
            found.setdefault(path, []).append(note)
    unmet = [one for one in side.descriptions.unmet().values() if one.asked[1] not in gone and one.path not in told]
    # A secret that nobody took away was never here.
    unmet = [one for one in unmet if one.kind != SECRET or one.path in gone]
    if not unmet:
        return found
    known = {(moved.get(place) or place, lacks) for place, lacks in old.descriptions.unmet()}
    asked = {(moved.get(place) or place, *rest) for place, *rest in old.descriptions.asked()}
    for one in unmet:
        # A stage that is gone is told of where it was.
        if one.key in known or (one.of_file and one.asked in asked):
            continue
        remark = side.descriptions.remark(one, otherwise)
        if remark is not None:
            found.setdefault(one.place, []).append(remark)
    return found


def _describes(file: ChangedFile) -> bool:
    """Whether *file* is a description of builds, or was one."""
    return any(build_source(path) is not None for path in (file.path, file.before) if path is not None)


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


def _lies_in(path: str, folder: str) -> bool:
    plain = os.path.normpath(folder).replace(os.sep, "/")
    return f"{path}/".startswith(f"{plain}/")


def _whole(paths: Sequence[str]) -> bool:
    """Whether *paths* are all of the repository."""
    return not paths or any(os.path.normpath(path) == "." for path in paths)


def _concerned(path: str, touched: Collection[str], lost: Sequence[str], side: Side, scope: Scope) -> bool:
    """Whether the Dockerfile *path* may have something new: it changed itself, or what its builds are given did."""
    if scope is Scope.ALL or path in touched:
        return True
    given = side.given(path)
    if any(given.holds(one) for one in touched):
        return True
    if not lost:
        return False
    # Where nobody says what the context is, a source that is gone tells no more that it was one.
    sources = [one.strip("/") for one in map(os.path.normpath, sources_in(side.data(path))) if one.strip("/.")]
    return any(f"/{source}/" in one for source in sources for one in lost)


__all__ = ["GitError", "Review", "review"]
