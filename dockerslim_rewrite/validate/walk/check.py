"""The check: two texts and the claimed changes in, a verdict out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from ...change import (
    AddsOption,
    Change,
    CopiesFirst,
    DropsInstruction,
    DropsStage,
    FlattensStage,
    MovesInstruction,
    Renames,
    SplitsStage,
)
from ...ir.build import Build, Stage, read_build
from ...syntax import ParseError, parse
from ...text import Patch
from ...text.lines import line_at
from ..bases.base_images import check_bases
from ..core.comments import check_comments
from ..core.program import base_of
from ..core.second_reader import readers_disagree
from ..core.verdict import Judgement, Undecided, Unsound, Verdict
from ..metadata.labels import check_labels
from ..moves.contents import Read
from ..shell.caches import check_caches
from ..shell.claims import Claimed, Licences
from ..shell.package_lists import check_package_lists
from ..stages.development import check_development
from ..users.accounts import check_accounts
from .steps import Matcher

if TYPE_CHECKING:
    from ..stages.splits import Split


def validate(
    before: str, after: str, changes: Sequence[Change], edits: Patch | None = None, read: Read | None = None
) -> Judgement:
    """Judge whether *after* is *before* but for what the claims of *changes* license.

    *edits* is the patch that leads from *before* to *after*, on the offsets of *before*; the changes' own edits refer
    to the same text. *read* gives the text of a file of the build context, where that is at hand. The verdict is OK
    only when every difference is licensed; what cannot be followed is UNKNOWN.
    """
    if before == after:
        return Judgement(Verdict.OK)
    try:
        _check(before, after, changes, edits, read)
    except Undecided as undecided:
        return Judgement(Verdict.UNKNOWN, (undecided.violation,))
    except Unsound as unsound:
        return Judgement(Verdict.UNSOUND, (unsound.violation,))
    return Judgement(Verdict.OK)


def _check(before: str, after: str, changes: Sequence[Change], edits: Patch | None, read: Read | None) -> None:
    try:
        old = read_build(parse(before))
    except ParseError as error:
        raise Undecided(f"the original does not parse: {error.reason}", error.line) from None
    try:
        new = read_build(parse(after, old.document), old)
    except ParseError as error:
        raise Unsound(f"the result does not parse: {error.reason}", None, error.line) from None
    if edits is not None:
        _text(before, after, changes, edits)
    if (old.document.escape, old.document.directives) != (new.document.escape, new.document.directives):
        raise Unsound("a parser directive changed", 1, 1)
    claimed = Claimed(changes)
    splits = claimed.all.of(SplitsStage)
    if splits:
        became, later = _split(old, new, claimed, splits, read), {}
    else:
        flattened = claimed.all.of(FlattensStage)
        pairs = _stages(old, new, claimed.all)
        matcher = Matcher(old, new, claimed, {left.index: right.index for left, right in pairs}, read)
        matcher.preamble()
        for left, right in pairs[:-1] if flattened else pairs:
            matcher.stage(left, right)
        if flattened:
            matcher.split(old.stages[-1], _flat(old, new, pairs[-1][1], claimed.all))
        became, later = matcher.became, matcher.later
        check_accounts(old, pairs, changes)
    moved = bool(splits or claimed.all.of(FlattensStage) or claimed.all.of(MovesInstruction))
    check_development(old, new, claimed.all.claims)
    taken = _taken(old, claimed, later)
    check_comments(old.document, new.document, became, _described(old, claimed), taken, moved=moved)
    check_package_lists(old, new, claimed.all)
    check_caches(new, claimed.all)
    if claimed.all.replacing("curl"):
        from ..shell.downloads import check_downloads

        check_downloads(old, lambda place: claimed.near(place).replacing("curl"))
    check_labels(old, new, claimed.all)
    if any({"-u", "--uid"} & set(claim.options) for claim in claimed.all.of(AddsOption)):
        from ..users.numbered_users import check_added_numbers

        check_added_numbers(changes)
    found = readers_disagree(new)
    if found is not None:
        raise Undecided(found)


def _described(old: Build, claimed: Claimed) -> dict[int, tuple[str, ...]]:
    """The comments that may go along with an instruction of *old* that is dropped, by its index."""
    if not any(claim.comments for claim in claimed.all.of(DropsInstruction)):
        return {}
    found = {}
    for index, instruction in enumerate(old.document.instructions):
        claims = claimed.near(instruction.span).of(DropsInstruction)
        named = [text for claim in claims if claim.keyword == instruction.keyword for text in claim.comments]
        if named:
            found[index] = tuple(named)
    return found


def _taken(old: Build, claimed: Claimed, later: Mapping[int, int]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """The comments that go from a COPY of *old*, by its index, to the one of *later* that copies all of it."""
    found = {}
    for index, at in later.items():
        claims = claimed.near(old.document.instructions[index].span).of(CopiesFirst)
        named = tuple(text for claim in claims for text in claim.comments)
        if named:
            found[index] = (at, named)
    return found


def _text(before: str, after: str, changes: Sequence[Change], edits: Patch) -> None:
    if edits.apply(before) != after:
        raise Unsound("the edits do not lead from the original to the result")
    hulls = sorted(
        (min(edit.span.start for edit in change.edits), max(edit.span.end for edit in change.edits))
        for change in changes
        if change.edits
    )
    starts = [start for start, _ in hulls]
    reach = list(accumulate((end for _, end in hulls), max))
    for edit in edits:
        last = bisect_right(starts, edit.span.end) - 1
        if last < 0 or reach[last] < edit.span.start:
            line = line_at(before, edit.span.start)
            raise Unsound("text outside all claimed changes is different", line)


def _split(
    old: Build, new: Build, claimed: Claimed, claims: Sequence[SplitsStage], read: Read | None
) -> Mapping[int, int]:
    """Follow the one stage of *old* into two; which instructions became which."""
    from ..stages.splits import follow

    found = follow(old, new, claims, claimed.all.claims, read)
    check_bases(old, new, [(old.stages[0], found.builder)], claimed.all.claims)
    matcher = Matcher(old, new, claimed, {0: 0}, read)
    matcher.preamble()
    matcher.split(old.stages[0], found)
    return matcher.became


def _flat(old: Build, new: Build, builder: Stage, licences: Licences) -> Split:
    """The last stage of *old*, followed into *builder* and one layer."""
    from ..stages.flattened import follow_flat

    return follow_flat(old, new, builder, licences.of(FlattensStage), licences.claims)


def _stages(old: Build, new: Build, licences: Licences) -> list[tuple[Stage, Stage]]:
    gone = {claim.name for claim in licences.of(DropsStage)}
    kept = [stage for stage in old.stages if stage.name not in gone and str(stage.index) not in gone]
    if old.stages and (not kept or kept[-1] is not old.stages[-1]):
        raise Unsound("the last stage is gone", old.stages[-1].head.line)
    renames: set[tuple[str | None, str | None]] = {
        (one.before, one.after) for one in licences.of(Renames) if one.keyword == "FROM"
    }
    stages = new.stages
    if flattened := licences.of(FlattensStage):
        from ..stages.flattened import known_pair

        renames.add(known_pair(old, new, flattened))
        stages = new.stages[:-1]
    if len(kept) != len(stages):
        raise Unsound(f"{len(kept)} stages became {len(stages)}")
    places = {stage.index: index for index, stage in enumerate(kept)}
    for left, right in zip(kept, stages, strict=True):
        names = (left.head.alias, right.head.alias)
        if names[0] != names[1] and not _same_name(*names) and names not in renames:
            raise Unsound(f"stage {names[0]} is now called {names[1]}", left.head.line, right.head.line)
        source, target = base_of(left, old), base_of(right, new)
        if isinstance(source, int):
            if source not in places or places[source] != target:
                raise Unsound("a stage is built from another stage", left.head.line, right.head.line)
        elif isinstance(target, int):
            raise Unsound(f"the base image {source} became a stage", left.head.line, right.head.line)
    pairs = list(zip(kept, stages, strict=True))
    check_bases(old, new, pairs, licences.claims)
    return pairs


def _same_name(left: str | None, right: str | None) -> bool:
    return left is not None and right is not None and left.lower() == right.lower()
