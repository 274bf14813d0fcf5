"""From a rewritten file and the hunks of its diff to what a reviewer is shown: suggestions, and what cannot be one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path

from ..change import Change, Remark, RemarkKind
from ..passes import rules
from ..patterns import re
from ..pipeline import Options, Result
from ..pipeline.parts import Part, Replacement, parts, rewritten_lines, spanned
from ..record import evolve, record
from ..text import Patch, Source
from ..workspace.discovery import NO_DOCKERFILE
from .hunks import Hunk
from .subtract import Places, Subtraction

_LINE = re.compile(r"\bline (\d{1,6})\b")
#: A suggestion for several places spans no more lines: beyond, what it changes is hard to see.
_SPAN = 12
#: So many lines may suggestions of one rule that follow each other have together.
_TOGETHER = 40


class Scope(Enum):
    """What is reported: what changed lines bring or could have better, all of changed files, or all."""

    LINES = "changed-lines"
    FILES = "changed-files"
    ALL = "all"


@record
class Suggestion:
    """One contiguous replacement of lines that one hunk shows: what accepting it does, and for which changes."""

    replacement: Replacement
    changes: tuple[Change, ...]


@record
class Reviewed:
    """One file: what can be accepted with a click, the ``parts`` that cannot, and notes; ``path`` is of the repository.

    ``hunks`` are those that its diff shows, ``before`` the path that it had.
    """

    path: str
    result: Result
    suggestions: tuple[Suggestion, ...]
    parts: tuple[Part, ...]
    notes: tuple[Remark, ...]
    hunks: tuple[Hunk, ...] = ()
    before: str | None = None

    @property
    def in_diff(self) -> bool:
        """Whether the pull request changes the file, so that it can carry comments."""
        return bool(self.hunks)

    @property
    def broken(self) -> bool:
        """Whether the request breaks a build of the file."""
        return any(note.breaks for note in self.notes)

    def old_line(self, line: int) -> int | None:
        """The number that *line* had before; None for a new line."""
        return next((old for hunk in self.hunks for new, old in hunk.kept if new == line), None)

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes that are reported, each once."""
        told = [change for one in self.suggestions for change in one.changes]
        return tuple(dict.fromkeys([*told, *(change for part in self.parts for change in part.changes)]))

    def narrowed(self, root: Path) -> Result:
        """The result with only what is reported, as a file of the repository at *root*.

        Parts stand for themselves, so it is a result like any other.
        """
        chosen = [
            *(one.replacement for one in self.suggestions),
            *(r for part in self.parts for r in part.replacements),
        ]
        patch = Patch.of(edit for one in chosen for edit in one.edits)
        text = patch.apply(self.result.original)
        return evolve(
            self.result,
            text=text,
            patch=patch,
            changes=tuple(sorted(self.changes, key=lambda one: (one.line, one.rule))),
            remarks=self.notes,
            path=str(root / self.path),
        )


def unreadable(path: str, before: str | None, data: bytes, reason: str, hunks: Sequence[Hunk]) -> Reviewed:
    """The file *path*, with *data*, which builds read (by the name *before*, None for a new one), and which is no
    Dockerfile for *reason*.
    """
    line = _LINE.search(reason)
    known = "builds read it as it stands" if before is None else "it was a Dockerfile before this change"
    told = f"{reason}; {known}, so the build fails"
    if reason.startswith(NO_DOCKERFILE):
        told = f"{reason.removeprefix(f'{NO_DOCKERFILE}: ')}, so the build fails"
    note = Remark(RemarkKind.ANALYSIS, told, int(line[1]) if line is not None else 1, rule="DS000", breaks=True)
    return noted(path, before, data, (note,), hunks)


def noted(path: str, before: str | None, data: bytes, notes: Sequence[Remark], hunks: Sequence[Hunk]) -> Reviewed:
    """The file *path*, with *data* and by whatever name *before*, of which there is nothing to say but *notes*."""
    text = Source.from_bytes(data, path).text
    return Reviewed(
        path, Result(text, text, (), tuple(notes), Patch(()), path), (), (), tuple(notes), tuple(hunks), before
    )


def reviewed(
    path: str,
    before: Result | None,
    after: Result,
    options: Options,
    hunks: Sequence[Hunk],
    scope: Scope,
    *,
    shown: bool = True,
) -> Reviewed:
    """What is shown of the file *path*, which was rewritten as it was *before* (None: new) and *after*; *shown* tells
    that people see the *hunks* of its diff.
    """
    new = Subtraction(before, after)
    kept = new.kept()
    touched = _touched(new.here, hunks).difference(kept)
    # An empty line or a comment between two instructions is an edit of neither.
    written = new.here.lines.intersection(line for hunk in hunks for line in hunk.added).difference(kept)
    # Where the file itself was edited, an edit elsewhere may be all that an old place had been waiting for.
    brought = new.changes(touched)
    old = (at for at in brought if hunks and after.changes[at].line not in touched)
    # What could not be read before may have had all that stands on lines that stay as they were.
    waited = (at for at in old if before is None or new.declined(at) or new.edited_before(at))
    fresh = {after.changes[at] for at in brought.difference(waited)}

    def told(part: Part) -> bool:
        if scope is not Scope.LINES or fresh.intersection(part.changes):
            return True
        # What was there before is told where it can be accepted on the lines that were touched, and no further.
        first, last = part.replacements[0].first, part.replacements[-1].last
        shown = any(hunk.holds(first, last) for hunk in hunks)
        return shown and not written.isdisjoint(rewritten_lines(after.original, part))

    seen_hunks = tuple(hunks) if shown else ()
    suggestions, others = _cut(after.original, parts(after, options, told), seen_hunks)
    seen = new.notes(touched).difference(_as_before(before, after))
    if before is None and hunks:
        # What could not be read before had what stands on lines that stay as they were.
        seen = frozenset(at for at in seen if after.remarks[at].breaks or after.remarks[at].line in touched)
    noted = seen if scope is Scope.LINES else range(len(after.remarks))
    notes = tuple(one for at, one in enumerate(after.remarks) if at in noted and one.kind.value == "analysis")
    if before is not None:
        # What fails at an instruction that stays as it was worked before; a new one may copy what is made first.
        failing = {one.code for one in rules() if one.fails}
        worse = {after.remarks[at] for at in seen}
        notes = tuple(
            evolve(one, breaks=one in worse and (one.breaks or (one.rule in failing and one.line not in touched)))
            for one in notes
        )
    return Reviewed(path, after, suggestions, others, notes, seen_hunks)


def _as_before(before: Result | None, after: Result) -> Iterator[int]:
    """Which remarks of *after* say nothing but what *before* had as often: an edit within an instruction is no news of
    what the rest of it does. What fails is told wherever it is touched.
    """
    had = Counter((one.rule, one.reason) for one in before.remarks) if before is not None else Counter()
    has = Counter((one.rule, one.reason) for one in after.remarks)
    for at, one in enumerate(after.remarks):
        key = one.rule, one.reason
        if not one.breaks and had[key] >= has[key]:
            yield at


def _touched(places: Places, hunks: Sequence[Hunk]) -> frozenset[int]:
    """The lines that are new, and those of instructions before which lines of their own are gone."""
    inside = {line for one in places.found for line in range(one.first + 1, one.last + 1)}
    return frozenset(line for hunk in hunks for line in (*hunk.added, *(hunk.beside & inside)))


def _cut(
    original: str, found: Sequence[Part], hunks: Sequence[Hunk]
) -> tuple[tuple[Suggestion, ...], tuple[Part, ...]]:
    """The suggestions that *found* makes, and the parts that cannot be one."""
    suggestions: list[Suggestion] = []
    others: list[Part] = []
    for part in found:
        whole = _whole(original, part, found)
        shown = whole is not None and any(hunk.holds(whole.first, whole.last) for hunk in hunks)
        told = whole is not None and not any("\ud800" <= char <= "\udfff" for char in whole.text or "")
        if whole is not None and shown and told and _accepted(original, whole) == part.patch.apply(original):
            suggestions.append(Suggestion(whole, _as_seen(whole, part.changes)))
        else:
            others.append(part)
    return tuple(_side_by_side(suggestions, hunks)), tuple(others)


def _as_seen(whole: Replacement, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """*changes* as *whole* shows them: where lines go, and that is all, each says that and its reason."""
    if whole.text is not None or len({one.rule for one in changes}) == 1:
        return changes
    alone = whole.first == whole.last
    gone = f"line {whole.first}" if alone else f"lines {whole.first} to {whole.last}"
    return tuple(evolve(one, title=f"drop {gone}") for one in changes)


def _side_by_side(suggestions: Sequence[Suggestion], hunks: Sequence[Hunk]) -> Iterator[Suggestion]:
    """*suggestions* with those of one rule on lines that follow each other as one: nobody wants to click ten times."""
    waiting: Suggestion | None = None
    for one in sorted(suggestions, key=lambda one: one.replacement.first):
        if waiting is not None:
            joined = _joined(waiting, one)
            if joined is not None and any(
                hunk.holds(joined.replacement.first, joined.replacement.last) for hunk in hunks
            ):
                waiting = joined
                continue
            yield waiting
        waiting = one
    if waiting is not None:
        yield waiting


def _joined(first: Suggestion, second: Suggestion) -> Suggestion | None:
    """Both as one; None where they are of more rules than one, or do not stand on lines that follow each other."""
    one, other = first.replacement, second.replacement
    if len({change.rule for change in (*first.changes, *second.changes)}) > 1 or other.first != one.last + 1:
        return None
    if one.text is None or other.text is None or other.last - one.first >= _TOGETHER:
        return None
    together = evolve(one, last=other.last, text=f"{one.text}\n{other.text}", edits=(*one.edits, *other.edits))
    return Suggestion(together, (*first.changes, *second.changes))


def _accepted(original: str, whole: Replacement) -> str:
    """*original* after a forge has put *whole* in the place of its lines."""
    lines = original.split("\n")
    lines[whole.first - 1 : whole.last] = [] if whole.text is None else whole.text.split("\n")
    return "\n".join(lines)


def _whole(original: str, part: Part, found: Sequence[Part]) -> Replacement | None:
    """*part* as one replacement; None where it would take lines of another of *found* along, or too many."""
    if len(part.replacements) == 1:
        return part.replacements[0]
    whole = spanned(original, part)
    elsewhere = (place for one in found if one != part for place in one.replacements)
    if whole.last - whole.first >= _SPAN or any(_meet(whole, place) for place in elsewhere):
        return None
    return whole


def _meet(one: Replacement, other: Replacement) -> bool:
    return one.first <= other.last and other.first <= one.last
