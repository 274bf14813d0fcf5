"""The review of one Dockerfile: both sides rewritten, the base's findings taken from the head's, and what breaks."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from functools import partial

from ..change import Remark, RemarkKind
from ..failure import failure
from ..ignores import generated
from ..ir.build import read_build
from ..pipeline import Options
from ..pipeline.baseline import FILE_NAME
from ..record import evolve, record
from ..syntax import ParseError, parse
from ..workspace.inference import sources_in
from .breaks import FILES, with_losses
from .git import ChangedFile, Git, GitError
from .kept_out import bad_ignores, kept_out
from .likely import likely_lost
from .lost_arguments import lost_arguments
from .lost_files import lost_files
from .lost_further import lost_further
from .lost_results import lost_results
from .lost_scripts import lost_scripts
from .lost_stages import lost_stages
from .made import with_makers
from .not_json import not_json
from .reviewed import Reviewed, Scope, reviewed
from .sides import Base, Side
from .undeclared import undeclared
from .unknown_stages import unknown_stages
from .writers import with_doubts

#: The rule that tells what a build is sent and does not need.
_SENT = "DS801"


@record
class Request:
    """What is reviewed: the head ``side`` and the ``base`` with their commits (None: the working tree), the
    ``changed`` files by their paths now, those that were ``moved``, which Dockerfile ``were`` another one before, and
    all paths that are ``touched``.
    """

    git: Git
    start: str
    end: str | None
    side: Side
    base: Base
    changed: Mapping[str, ChangedFile]
    moved: Mapping[str, str | None]
    were: Mapping[str, str]
    touched: frozenset[str]
    scope: Scope


def reviewed_file(request: Request, path: str) -> Reviewed | str:
    """What there is to say of the Dockerfile *path*, or why nothing can be said: one file never stops the others.

    Raises ``GitError``, and what is wrong with the configuration: that is no reason to leave a file out.
    """
    side = request.side
    own = request.changed.get(path)
    earlier = request.were.get(path, path if own is None else own.before)
    options = side.options_of(path)
    left_behind: tuple[Remark, ...] = ()
    if earlier is not None and earlier != path:
        # A baseline lies beside what it accepts, and what it accepts may have moved away from it.
        own_entries = side.standing(options.accepted, path)
        theirs = side.options_of(earlier).accepted
        left_behind = _left_behind(earlier, path) if theirs - own_entries and not side.data(earlier) else ()
        options = evolve(options, accepted=own_entries | theirs)
    context = _context(path, earlier, request)
    if context is not None:
        options = evolve(options, builds=side.options_of(path, context).builds)
    try:
        one = _reviewed(request, path, earlier, context, options)
    except GitError:
        raise
    except (ParseError, ValueError, OSError) as error:
        return f"line {error.line}: {error.reason}" if isinstance(error, ParseError) else str(error)
    except Exception as error:  # noqa: BLE001 - a rule that fails is told of
        return failure(error)
    return evolve(one, notes=(*left_behind, *one.notes))


def _reviewed(request: Request, path: str, earlier: str | None, context: str | None, options: Options) -> Reviewed:
    """What there is to say of the Dockerfile *path*, which was *earlier* before, built with *context* where another
    one than it seems was certain then.
    """
    side, base = request.side, request.base
    own = request.changed.get(path)
    after = side.rewritten(path, options)
    tells = bool(after.changes) or any(one.kind is RemarkKind.ANALYSIS for one in after.remarks)
    before = base.rewritten(earlier) if tells and earlier is not None else None
    version = base.version(earlier) if earlier is not None else None
    here = side.version(path, read_build(parse(after.original)), context)
    home = (side.context_of(path) if context is None else context) or ""
    losses = tuple(not_json(version, here))
    certain: tuple[Remark, ...] = ()
    if version is not None:
        files_lost = (*lost_files(version, here, request.moved), *likely_lost(version, here, request.moved))
        losses += (*lost_stages(version, here), *files_lost, *undeclared(version, here))
        losses += tuple(lost_arguments(version, here))
        losses += tuple(lost_scripts(version, here, request.moved))
        # Of what is lost on the way through a stage, what made it there is the weaker word.
        known = {one.line for one in files_lost}
        losses += (
            *unknown_stages(version, here),
            *(one for one in lost_results(version, here) if one.line not in known),
        )
        losses += tuple(lost_further(version, here, request.moved, home))
        certain = (*kept_out(version, here), *bad_ignores(version, here))
    hunks = request.git.hunks(request.start, request.end, own) if own is not None else ()
    # A file that the pull request does not touch is told of only where the request made it worse.
    level = Scope.LINES if own is None and request.scope is Scope.FILES else request.scope
    shown = own is None or path not in request.git.hidden(request.start, request.end)
    one = reviewed(path, before, after, options, hunks, level, shown=shown)
    missed = partial(_missed, home, certain)
    made = partial(_otherwise, request.git, request.end, missed)
    told = with_losses(one.notes, (*losses, *certain), here.build, options, made)
    if generated(here.build.document) is not None:
        # What makes it anew may have changed with what it names.
        told = tuple(_made_anew(note) if note.rule == FILES and note.breaks else note for note in told)
    if own is None and not any(path.endswith(".dockerignore") for path in request.touched):
        # What a build is sent in vain was there before: the request only makes another reason to look.
        told = tuple(note for note in told if note.rule != _SENT)
    doubted = with_doubts(told, missed, side.repository)
    return evolve(one, notes=with_makers(doubted, missed, side.builds_of(path), side.repository))


def _context(path: str, earlier: str | None, request: Request) -> str | None:
    """The context that the Dockerfile *path*, which was *earlier*, had before, where that is another one now although
    nobody says so: what the request adds or takes away makes another directory look like it. None where it has its own.
    """
    side, old = request.side, request.base
    if earlier is None or not old.holds(earlier):
        return None
    now = side.context_of(path)
    if not request.touched - {path, earlier} and (now is None or not _keeps_sources(earlier, path, side, old)):
        # A Dockerfile that comes alone with other sources may mean another context.
        return None
    before = old.context_of(earlier)
    if before == os.path.dirname(earlier) != os.path.dirname(path) and _goes_along(request, before, path):
        return None
    if before is None or before == now or old.told(earlier) != side.told(path):
        return None
    return before


def _goes_along(request: Request, before: str, path: str) -> bool:
    """Whether the folder *before*, the context of a Dockerfile in it, goes along where the request moves that to
    *path*: from its root, or from a folder above, it may as well move alone, to a folder for Dockerfiles.
    """
    home = os.path.dirname(path)
    if before and not home.startswith(f"{before}/"):
        return True
    root = request.side.root
    inside = [one for one in request.touched if not before or one.startswith(f"{before}/")]
    # What is gone from there and lies beside the Dockerfile now, or on the way to it, came with it.
    gone = [os.path.relpath(one, before or ".") for one in inside if not os.path.lexists(root / one)]
    folders = [home]
    while os.path.dirname(folders[-1]) != before:
        folders.append(os.path.dirname(folders[-1]))
    moved = [one for one in gone if one != os.path.basename(path)]
    return any(os.path.lexists(root / folder / one) for folder in folders for one in moved)


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


def _missed(context: str, certain: Collection[Remark], note: Remark) -> list[str]:
    """The paths of the repository that *note* misses in *context*; of what is *certain* none can be made there."""
    if note.rule != FILES or note in certain:
        return []
    # What a description of a build says is evidence as well, and no file that is missed.
    sources = [told.partition(": ")[2] for told in note.evidence if told.startswith("line ")]
    return [os.path.normpath(os.path.join(context, source.lstrip("/"))) for source in sources]


def _otherwise(git: Git, head: str | None, missed: Callable[[Remark], list[str]], note: Remark) -> bool:
    """Whether a file that *note* misses may be there for a build though Git does not hold it."""
    paths = missed(note)
    return bool(paths) and git.comes_otherwise(paths, head)
