"""One review: what differs, both sides rewritten, and what is left to say of each file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from ..change import Remark, RemarkKind
from ..failure import failure
from ..ignores import generated
from ..ir.build import read_build
from ..pipeline.baseline import FILE_NAME
from ..record import evolve, record
from ..syntax import ParseError, parse
from ..workspace.discovery import BINARY, NO_DOCKERFILE, TEMPLATE
from ..workspace.inference import sources_in
from .breaks import FILES, lost_files, lost_stages, with_losses
from .git import Git, GitError
from .likely import likely_lost
from .lost_scripts import lost_scripts
from .origins import exchanged
from .reviewed import Reviewed, Scope, noted, reviewed, unreadable
from .sides import Base, OptionsFor, Side
from .undeclared import undeclared
from .writers import with_doubts


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
        by_path = {one.path: one for one in files}
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
        for path, reason in left_alone:
            own = by_path.get(path)
            # What a build is given as it stands, no program fills in.
            unread = reason.startswith((NO_DOCKERFILE, BINARY)) or (
                reason.startswith(TEMPLATE) and any(asked == path for _, asked, _ in side.asked())
            )
            if own is not None and unread and old.holds(own.before):
                found.append(unreadable(path, own.before, side.data(path), reason, git.hunks(start, end, own)))
            elif own is not None:
                skipped.append(f"{path}: {reason}")
        moved = {one.before: one.path for one in changed if one.before is not None and one.before != one.path}
        kinds = (one.path for one in files if one.path == one.before and not (new / str(one.path)).is_file())
        gone = moved | {path: None for path in kinds if path is not None and old.holds(path)}
        for path, notes in _described(side, old, gone, touched).items():
            if not (_whole(paths) or any(_lies_in(path, one) for one in paths)):
                continue
            own = by_path.get(path)
            hunks = git.hunks(start, end, own) if own is not None else ()
            found.append(noted(path, path if own is None else own.before, side.data(path), notes, hunks))
        if not dockerfiles:
            return Review(base, start, tip, tuple(found), tuple(skipped))
        known = [path for path in (*dockerfiles, *(path for path, _ in left_alone)) if path in by_path]
        edited = [path for path in known if by_path[path].before == path]
        came = [path for path in known if by_path[path].before in (path, None) and not (new / path).is_symlink()]
        were = exchanged({path: old.data(path) for path in edited}, {path: side.data(path) for path in came})
        for path in dockerfiles:
            if not os.path.lexists(new / path):
                # Somebody names what the request changes, and this one is gone.
                continue
            own = by_path.get(path)
            # What is wrong with the configuration is wrong with the run, and no reason to leave a file out.
            earlier = were.get(path, path if own is None else own.before)
            options_here = side.options_of(path)
            left_behind: tuple[Remark, ...] = ()
            if earlier is not None and earlier != path:
                # A baseline lies beside what it accepts, and what it accepts may have moved away from it.
                own_entries = side.standing(options_here.accepted, path)
                theirs = side.options_of(earlier).accepted
                left_behind = _left_behind(earlier, path) if theirs - own_entries and not side.data(earlier) else ()
                accepted = own_entries | theirs
                options_here = evolve(options_here, accepted=accepted)
            context = _context(path, earlier, touched, side, old)
            if context is not None:
                options_here = evolve(options_here, builds=side.options_of(path, context).builds)
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
            version = old.version(earlier) if earlier is not None else None
            here = side.version(path, read_build(parse(after.original)), context)
            losses: tuple[Remark, ...] = ()
            if version is not None:
                files_lost = (*lost_files(version, here, moved), *likely_lost(version, here, moved))
                losses = (*lost_stages(version, here), *files_lost, *undeclared(version, here))
                losses += tuple(lost_scripts(version, here, moved))
            hunks = git.hunks(start, end, own) if own is not None else ()
            # A file that the pull request does not touch is told of only where the request made it worse.
            level = Scope.LINES if own is None and scope is Scope.FILES else scope
            one = reviewed(path, before, after, options_here, hunks, level)
            own_context = side.context_of(path) if context is None else context
            missed = partial(_missed, own_context or "")
            told = with_losses(one.notes, losses, here.build, options_here, partial(_otherwise, git, end, missed))
            if generated(here.build.document) is not None:
                # What makes it anew may have changed with what it names.
                told = tuple(_made_anew(note) if note.rule == FILES and note.breaks else note for note in told)
            one = evolve(one, notes=(*left_behind, *with_doubts(told, missed, side.repository)))
            if one.changes or one.notes:
                found.append(evolve(one, before=path if own is None else own.before))
        return Review(base, start, tip, tuple(sorted(found, key=lambda one: one.path)), tuple(skipped))


def _described(
    side: Side, old: Base, gone: Mapping[str, str | None], changed: Collection[str]
) -> dict[str, list[Remark]]:
    """Remarks on builds whose Dockerfile is *gone*, and on those for which a file among *changed* asks anew for a
    Dockerfile or a stage that is not there; by the files that describe them.
    """
    found = side.without_dockerfile(gone)
    asked = {one: line for one, line in side.asked().items() if one[0] in changed and one[1] not in gone}
    unmet = side.unmet(asked)
    if unmet:
        known = old.asked()
        unmet = side.unmet({one: line for one, line in asked.items() if one not in known})
    for path, notes in unmet.items():
        found.setdefault(path, []).extend(notes)
    return found


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


def _context(path: str, earlier: str | None, touched: Collection[str], side: Side, old: Base) -> str | None:
    """The context that the Dockerfile *path*, which was *earlier*, had before, where that is another one now although
    nobody says so: what the request adds or takes away makes another directory look like it. None where it has its own.
    """
    if earlier is None or not old.holds(earlier):
        return None
    now = side.context_of(path)
    if not set(touched) - {path, earlier} and (now is None or not _keeps_sources(earlier, path, side, old)):
        # A Dockerfile that comes alone with other sources may mean another context.
        return None
    before = old.context_of(earlier)
    if before == os.path.dirname(earlier) != os.path.dirname(path):
        # The folder that it lies in goes along.
        return None
    if before is None or before == now or old.told(earlier) != side.told(path):
        return None
    return before


def _keeps_sources(earlier: str, path: str, side: Side, old: Base) -> bool:
    return set(sources_in(old.data(earlier))) <= set(sources_in(side.data(path)))


def _made_anew(note: Remark) -> Remark:
    """*note* on a file that says that it is generated: in doubt."""
    return evolve(note, reason=f"{note.reason}, unless the file is generated anew", breaks=False)


def _left_behind(earlier: str, path: str) -> tuple[Remark, ...]:
    """What to say where the baseline's entries are those of *earlier*, which is *path* now."""
    here, there = os.path.dirname(path), os.path.dirname(earlier)
    command = (
        f"baseline --prune {here or '.'}` moves its entries" if here == there else f"baseline {path}` accepts them anew"
    )
    file = os.path.join(there, FILE_NAME)
    reason = f"{file} accepts findings of {os.path.basename(earlier)}, which is {path} now: `dockerslim {command}"
    return (Remark(RemarkKind.ANALYSIS, reason, 1, rule="DS000"),)


def _missed(context: str, note: Remark) -> list[str]:
    """The paths of the repository that *note* misses in *context*."""
    sources = [told.partition(": ")[2] for told in note.evidence] if note.rule == FILES else []
    return [os.path.normpath(os.path.join(context, source.lstrip("/"))) for source in sources]


def _otherwise(git: Git, head: str | None, missed: Callable[[Remark], list[str]], note: Remark) -> bool:
    """Whether a file that *note* misses may be there for a build though Git does not hold it."""
    paths = missed(note)
    return bool(paths) and git.comes_otherwise(paths, head)


def _why(error: Exception) -> str:
    return f"line {error.line}: {error.reason}" if isinstance(error, ParseError) else str(error)


__all__ = ["GitError", "Review", "review"]
