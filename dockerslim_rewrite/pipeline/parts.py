"""A result cut into parts that stand for themselves: any of them, and any set of them, may be taken or left."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, zip_longest

from ..change import Change
from ..record import record
from ..syntax import parse
from ..text import Edit, Patch, Source, Span
from .budget import judged_size
from .engine import Engine
from .options import Options
from .result import Result

#: Not more than so many parts are tried in pairs: those that save most, and the others as one.
MOST_PARTS = 31
#: A judgement reads the whole file: so much is judged of one, judgements times size, which takes about a second.
_MOST_JUDGED = 10_000


@record
class Replacement:
    """Whole lines ``first`` to ``last`` of the original, from 1 and both included, become ``text``.

    ``text`` has the line ends of the file; the last one is left out, as that of the last line is not replaced. It is
    None where the lines go altogether. ``edits`` are those of the result's patch that it consists of.
    """

    first: int
    last: int
    text: str | None
    edits: tuple[Edit, ...]


@record
class Part:
    """Changes that are made together or not at all, as replacements of lines in the order of the file."""

    replacements: tuple[Replacement, ...]
    changes: tuple[Change, ...]

    @property
    def patch(self) -> Patch:
        """The edits of the original that make this part alone."""
        return Patch.of(edit for one in self.replacements for edit in one.edits)


#: Whether a part is asked for.
About = Callable[[Part], bool]


def parts(result: Result, options: Options, about: About = lambda part: True) -> tuple[Part, ...]:
    """The parts of *result* that *about* asks for, in the order of their first lines.

    What one change edits stays together, and so does whatever the validator refuses to see apart: every part alone,
    every pair and all without any one were asked about. Where that does not settle it, the whole file is one part,
    which the compiler has proven. What nobody asks for is left out of all of that, unless another part needs it. There
    are at most ``MOST_PARTS``: those that save most, and one of all that is left; the larger the file, the fewer, as
    each question takes the longer.
    """
    if not result.changes or not result.patch:
        return ()
    source = Source(result.original)
    replaced = _replacements(source, result.patch)
    places = _places(result.changes, replaced)
    groups = _together(len(replaced), places)
    by_place = _by_place(places)

    def made(group: frozenset[int]) -> Part:
        return Part(tuple(replaced[at] for at in sorted(group)), _changes(result, by_place, group))

    wanted, others = list[Group](), list[Group]()
    for group in groups:
        (wanted if about(made(group)) else others).append(group)
    allowed = _allowed(result.original)
    most = _most_parts(allowed)
    if len(wanted) > most:
        wanted.sort(key=lambda group: -sum(one.saving or 0 for one in made(group).changes))
        wanted[most - 1 :] = [frozenset().union(*wanted[most - 1 :])]
    judge = _judge(result, options, replaced, by_place, allowed)
    while len(wanted) > 1 or others:
        try:
            meeting = _dependent(wanted, others, judge)
        except _EnoughError:
            meeting = [*wanted, *others]
        if not meeting:
            break
        joined = frozenset().union(*meeting)
        wanted = [*(one for one in wanted if one not in meeting), joined]
        others = [one for one in others if one not in meeting]
    return tuple(sorted(map(made, wanted), key=lambda part: part.replacements[0].first))


def spanned(original: str, part: Part) -> Replacement:
    """The places of *part*, of the text *original*, as one replacement, with the lines between them as they are."""
    edits = [edit for one in part.replacements for edit in one.edits]
    source = Source(original)
    # Lines that an edit begins or ends in, and that stay as they are, are left out of replacements.
    lines = [_lines(source, edit) for edit in edits]
    first = min(part.replacements[0].first, *(line for line, _ in lines))
    last = max(part.replacements[-1].last, *(line for _, line in lines))
    return _replacement(source, first, last, edits)


def rewritten_lines(original: str, part: Part) -> frozenset[int]:
    """The lines of the text *original* of which *part* rewrites something; whole lines that come new are none."""
    source = Source(original)
    found: set[int] = set()
    for edit in (edit for one in part.replacements for edit in one.edits):
        behind = edit.span.start == edit.span.end and edit.text.startswith("\n")
        if not (behind or _comes_new(source, edit)):
            first, last = _lines(source, edit)
            found.update(range(first, last + 1))
    return frozenset(found)


def _allowed(original: str) -> int:
    """How often the validator may be asked about parts of the file *original*."""
    return _MOST_JUDGED // judged_size(original, parse(original))


def _most_parts(allowed: int) -> int:
    """How many parts can be asked about alone, in pairs, together and without each, in *allowed* judgements."""
    return max(count for count in range(1, MOST_PARTS + 1) if count == 1 or count * (count + 3) // 2 + 1 <= allowed)


class _EnoughError(Exception):
    """As much was judged as the size of the file allows."""


Group = frozenset[int]
Judge = Callable[[Group], bool]


def _dependent(wanted: Sequence[Group], others: Sequence[Group], judge: Judge) -> Sequence[Group]:
    """Which groups have to be one, of which one is in *wanted*; all where that cannot be said, none where each is."""
    every = [*wanted, *others]
    for group in wanted:
        if judge(group):
            continue
        # What does not stand alone often needs one other, most often the nearest.
        for other in sorted(every, key=lambda one: abs(min(one) - min(group))):
            if other != group and judge(group | other):
                return group, other
        # Else it needs several: of all together, which the compiler has proven, those that it cannot be without.
        needed = list(every)
        for other in sorted(every, key=lambda one: -abs(min(one) - min(group))):
            rest = [one for one in needed if one != other]
            if other != group and len(rest) > 1 and judge(frozenset().union(*rest)):
                needed = rest
        return needed
    for one, other in combinations(wanted, 2):
        if not judge(one | other):
            return one, other
    whole: Group = frozenset().union(*wanted)
    # Of all groups together the compiler has proven it.
    if others and wanted and not judge(whole):
        return every
    if any(not judge(whole - group) for group in wanted if whole - group):
        return wanted
    return ()


def _judge(
    result: Result,
    options: Options,
    replaced: Sequence[Replacement],
    by_place: Mapping[int, Sequence[int]],
    allowed: int,
) -> Judge:
    """Whether the validator takes a group alone. Raises ``_EnoughError`` where it would be asked too often."""
    from ..validate import Verdict, validate

    engine = Engine(Source(result.original, result.path), options, ())
    project = engine.project()
    read = project.text if project is not None else None
    known: dict[frozenset[int], bool] = {}

    def judge(group: frozenset[int]) -> bool:
        if group not in known:
            if len(known) >= allowed:
                raise _EnoughError
            patch = Patch.of(edit for at in group for edit in replaced[at].edits)
            changes = _changes(result, by_place, group)
            text = patch.apply(result.original)
            known[group] = validate(result.original, text, changes, patch, read).verdict is Verdict.OK
        return known[group]

    return judge


def _together(count: int, places: Iterable[Group]) -> list[Group]:
    """Indices of so many replacements, those that a change has in common in one set."""
    groups = {at: frozenset((at,)) for at in range(count)}
    owner = list(range(count))
    for own in places:
        touched = sorted({owner[at] for at in own})
        if len(touched) > 1:
            joined = frozenset().union(*map(groups.pop, touched))
            count += 1
            groups[count] = joined
            for at in joined:
                owner[at] = count
    return list(groups.values())


def _by_place(places: Sequence[Group]) -> dict[int, list[int]]:
    """For each replacement the indices of the changes that edit it, of each of which *places* has the replacements."""
    found: dict[int, list[int]] = {}
    for index, own in enumerate(places):
        for at in own:
            found.setdefault(at, []).append(index)
    return found


def _changes(result: Result, by_place: Mapping[int, Sequence[int]], group: Group) -> tuple[Change, ...]:
    """The changes that edit a replacement of *group*, in their order."""
    return tuple(result.changes[index] for index in sorted({one for at in group for one in by_place.get(at, ())}))


def _places(changes: Iterable[Change], replaced: Sequence[Replacement]) -> list[Group]:
    """For each of *changes* which replacements hold what it edits.

    Edits of a patch are in order and apart, so that those that an edit touches are looked up.
    """
    edits = [(edit.span, at) for at, one in enumerate(replaced) for edit in one.edits]
    starts, ends = [span.start for span, _ in edits], [span.end for span, _ in edits]
    return [
        frozenset(
            at
            for edit in change.edits
            for _, at in edits[bisect_left(ends, edit.span.start) : bisect_right(starts, edit.span.end)]
        )
        for change in changes
    ]


def _replacements(source: Source, patch: Patch) -> list[Replacement]:
    """The edits of *patch* as replacements of whole lines, of which no two have a line in common."""
    groups: list[tuple[int, int, list[Edit]]] = []
    for edit, following in zip_longest(patch.edits, patch.edits[1:]):
        first, last = _lines(source, edit)
        below = following is not None and first == _lines(source, following)[0] > 1
        # Lines that come new may as well be said of the line above: then the one below can be left alone.
        if below and _comes_new(source, edit):
            first = last = first - 1
        if groups and first <= groups[-1][1]:
            start, end, edits = groups[-1]
            groups[-1] = (min(first, start), max(end, last), [*edits, edit])
        else:
            groups.append((first, last, [edit]))
    return [_replacement(source, *one) for one in groups]


def _comes_new(source: Source, edit: Edit) -> bool:
    """Whether *edit* puts whole lines between two lines."""
    start, end = edit.span
    return start == end and edit.text.endswith("\n") and start == source.line_starts[source.position(start).line - 1]


def _lines(source: Source, edit: Edit) -> tuple[int, int]:
    """The lines whose text *edit* replaces; for whole lines that come new, the line that they come before."""
    start, end = edit.span
    first, last = source.position(start).line, source.position(end).line
    whole = end == source.line_starts[last - 1] and start == source.line_starts[first - 1]
    if whole and last > first and (not edit.text or edit.text.endswith("\n")):
        last -= 1
    if source.line_starts[-1] == len(source.text) and last == len(source.line_starts) > 1:
        # Behind the last line end there is no line: the one before takes it.
        last -= 1
        first = min(first, last)
    return first, last


def _replacement(source: Source, first: int, last: int, edits: list[Edit]) -> Replacement:
    starts = source.line_starts
    begin, end = starts[first - 1], starts[last] if last < len(starts) else len(source.text)
    moved = [Edit(Span(one.span.start - begin, one.span.end - begin), one.text) for one in edits]
    old, new = source.text[begin:end], Patch.of(moved).apply(source.text[begin:end])
    before, after = old.split("\n"), new.split("\n")
    if old.endswith("\n") and (new.endswith("\n") or not new):
        before, after = before[:-1], after[:-1]
    while len(before) > 1 and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    kept = 0
    while len(before) - kept > 1 and kept < len(after) and before[kept] == after[kept]:
        kept += 1
    lines = after[kept:]
    first, last = first + kept, first + len(before) - 1
    return Replacement(first, last, "\n".join(lines) if lines else None, tuple(edits))
