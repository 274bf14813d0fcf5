"""DS702: what changes with every build stands behind the installations that cannot see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ...analysis.facts import Facts
from ...analysis.flow.destinations import destination
from ...change import Change, MovesInstruction, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Arg, Copy, Env, Label, Run, Step
from ...knowledge.order import breaks_cache, is_apart, is_branch, is_volatile, says_nothing
from ...patterns import re
from ...syntax import SegmentKind
from ...syntax.words import Pair
from ...text import Edit, Span
from ..base import Proposals, missed
from ..instructions.lines import goes_on

#: Where more instructions could be passed, none is: so files longer than any that people write cost no square of that.
_FAR = 100
#: What parts paragraphs of a Dockerfile.
_APART = (SegmentKind.BLANK, SegmentKind.COMMENT)
_COPYING = re.compile(r"\bcop(?:y|ies|ied|ying)\b", re.I)
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def volatile_last(build: Build, facts: Facts) -> Proposals:
    """Move what changes with every build behind installations that do not depend on it.

    Build arguments that tell the commit or the date are part of the environment of every RUN behind them, so that each
    build runs all of those again; so does a COPY of the project's files. Behind an installation of packages they leave
    it in the build cache.

    Safe because only what cannot tell the difference is passed. Variables pass RUNs of package managers and file
    commands that do not name them, and their names are of those that tell about a build; files pass installations of
    packages by name, and are copied to a folder that no package writes to and no variable names. ENV and LABEL
    instructions that use a moved argument go along, in their order. Nothing moves past an instruction that names the
    variable or sets it again, past another label of the same key, into another stage, or over VOLUME, ONBUILD, SHELL,
    USER and a WORKDIR that makes the folder. Files that change together stay together: where another COPY from the same
    stage, or one of the whole context, has to stay, nothing would be gained; nor where an ARG stays that has another
    value in each build. Comments go with their instruction.
    Source: Docker documentation, "Optimize cache usage in builds" and "Build variables"; Filesystem Hierarchy Standard.
    """
    for stage in build.stages:
        groups = [*_told(stage), *(one for one in _copied(stage, facts) if not _described(one[0], build))]
        behind: dict[int, list[list[Step]]] = {}
        moving: list[tuple[list[Step], Run]] = []
        for group in sorted(groups, key=lambda group: group[0].index):
            last, reason = _place(group, stage, build, facts)
            if last is not None and _headed(group, build):
                # Half of what one comment heads stays without it, or goes without it.
                continue
            if last is not None and not isinstance(group[0], Copy) and _runs_anyway(last, stage, build, facts):
                # What is copied before it changes with the build as well: nothing stays in the cache.
                continue
            if last is not None:
                moving.append((group, last))
            elif reason:
                yield missed(group[0].line, reason)
        for group, last in moving:
            along = {step.index for other, place in moving if place.index >= last.index for step in other}
            left = _left_before(group, last, along, stage)
            if left is not None:
                # Whatever changes the one changes the other: the installation would run again as before.
                yield missed(group[0].line, f"COPY stays: line {left.line} copies from there as well, and stays before")
                continue
            restless = _restless(last, along, stage)
            if restless is not None:
                where = f"{restless.origin.logical.text.strip()} (line {restless.line})"
                yield missed(
                    group[0].line, f"{group[0].keyword} stays: {where} runs line {last.line} anew all the same"
                )
                continue
            behind.setdefault(last.index, []).append(group)
        for step in stage.runs:
            if step.index in behind:
                yield _moved(behind[step.index], step, build, facts)


def _runs_anyway(last: Run, stage: Stage, build: Build, facts: Facts) -> bool:
    """Whether *last* stands behind a copy of the whole context, or of what a stage made of that."""
    for step in stage.steps:
        if not isinstance(step, Copy) or step.index >= last.index:
            continue
        source = step.origin.flag("from")
        made = next((one for one in build.stages if source is not None and source.lower() == one.name.lower()), None)
        if source is None and _is_whole(step):
            return True
        below = facts.graph.chain(made.index) if made is not None else ()
        if any(isinstance(one, Copy) and _is_whole(one) for at in below for one in build.stages[at].steps):
            return True
    return False


def _is_whole(copy: Copy) -> bool:
    return copy.origin.flag("from") is None and any(one in (".", "./", "/") for one in copy.sources)


def _left_before(group: Sequence[Step], last: Run, along: set[int], stage: Stage) -> Copy | None:
    """A COPY that stays before *last* while *group* moves, and whose files change together with those of the group.

    So do files that one stage makes, and those of a copy of the whole context. *along* are the steps that move as well.
    """
    origins = {step.origin.flag("from") for step in group if isinstance(step, Copy)}
    for step in stage.steps:
        if not isinstance(step, Copy) or step.index >= last.index or step.index in along:
            continue
        source = step.origin.flag("from")
        whole = any(one in (".", "./", "/") for one in step.sources)
        if source in origins and (source is not None or whole):
            return step
    return None


def _restless(last: Run, along: set[int], stage: Stage) -> Arg | None:
    """An ARG that stays before *last* and has another value in each build; *along* are the steps that move as well."""
    chosen = set(_REFERENCE.findall(stage.head.origin.args))
    for step in stage.steps:
        if step.index >= last.index:
            return None
        if not isinstance(step, Arg) or step.index in along:
            continue
        for pair in step.pairs:
            told = is_volatile(pair.key) and not _pins(pair, stage) and pair.key not in chosen
            if told or (pair.value is None and breaks_cache(pair.key)):
                return step
    return None


def _check(group: Sequence[Step], facts: Facts) -> Callable[[Step], None]:
    """What tells whether *group* may pass a step."""
    from ...analysis.merging.commuting import check_files, check_variables, variables

    copies = [step for step in group if isinstance(step, Copy)]
    if not copies:
        return partial(check_variables, variables(group), facts)
    folders = [destination(step, facts.state(step)) or "/" for step in copies]
    relative = any(not step.destination.startswith("/") for step in copies)
    return partial(check_files, folders, relative, facts)


def _told(stage: Stage) -> Iterator[list[Step]]:
    """Neighbouring instructions that tell about the build, each group with at least one ARG or ENV."""
    known: set[str] = set()
    group: list[Step] = []
    chosen = set(_REFERENCE.findall(stage.head.origin.args))
    for step in stage.steps:
        uses = set(_REFERENCE.findall(step.origin.args)) if isinstance(step, Env | Label) else set()
        told = isinstance(step, Arg) or (isinstance(step, Env) and uses & known)
        if isinstance(step, Arg) and any(pair.key in chosen for pair in step.pairs):
            # Another value is another base image, on which nothing is in the cache.
            told = False
        pinned = isinstance(step, Arg) and any(_pins(pair, stage) for pair in step.pairs)
        if told and not pinned and isinstance(step, Arg | Env) and all(is_volatile(pair.key) for pair in step.pairs):
            known |= {pair.key for pair in step.pairs}
            group.append(step)
        elif isinstance(step, Label) and uses & known:
            group.append(step)
        else:
            if any(isinstance(one, Arg | Env) for one in group):
                yield group
            group = []


def _pins(pair: Pair, stage: Stage) -> bool:
    """Whether the argument *pair* chooses what *stage* builds: a command names it, and it stands for a branch, which
    stays the same from build to build, or has a default that says which one it is.
    """
    named = re.compile(rf"\$\{{?{re.escape(pair.key)}\b")
    if not any(named.search(run.origin.args) for run in stage.runs):
        return False
    return is_branch(pair.key) or (pair.value is not None and not says_nothing(pair.value.strip("\"'")))


def _copied(stage: Stage, facts: Facts) -> Iterator[list[Step]]:
    """Neighbouring copies of files to folders that no package writes to."""
    group: list[Step] = []
    for step in stage.steps:
        if isinstance(step, Copy) and _goes_apart(step, facts):
            group.append(step)
            continue
        if group:
            yield group
        group = []


def _goes_apart(copy: Copy, facts: Facts) -> bool:
    if "$" in copy.origin.args or copy.origin.comments or copy.origin.heredocs:
        return False
    if any("://" in source for source in copy.sources) or "$" in (copy.origin.flag("from") or ""):
        return False
    from ...analysis.merging.commuting import named_by_variables

    folder = destination(copy, facts.state(copy))
    known = copy.destination.startswith("/") or facts.state(copy).workdir is not None
    return known and folder is not None and is_apart(folder) and not named_by_variables(folder, facts.build)


def _place(group: Sequence[Step], stage: Stage, build: Build, facts: Facts) -> tuple[Run | None, str | None]:
    """The last RUN that *group* may pass, of those that are costly and of those that one comment heads with such a one;
    or why it may not pass the first.
    """
    from ...analysis.merging.commuting import Obstacle, is_costly

    check = _check(group, facts)
    last: Run | None = None
    first, end = group[0], group[-1]
    at = end.index - stage.head.index
    for step in stage.steps[at : at + _FAR]:
        try:
            check(step)
        except Obstacle as obstacle:
            if last is None and obstacle.run and is_costly(step, facts) and not _installs_files(first, step, facts):
                what = first.keyword if isinstance(first, Copy) else first.origin.logical.text.strip()
                return None, f"{what} stays before line {step.line}: {obstacle}"
            rest = stage.steps[step.index - stage.head.index - 1 :]
            half = not isinstance(first, Copy) and any(isinstance(one, Run) and is_costly(one, facts) for one in rest)
            # Half a move: what costs most of the time may stay behind it, or what belongs to the same thought.
            return None if half or (last is not None and _one_thought(group, last, step, build)) else last, None
        costly = isinstance(step, Run) and is_costly(step, facts)
        if (
            isinstance(step, Run)
            and not goes_on(step, facts)
            and (costly or (last and _one_thought(group, last, step, build)))
        ):
            last = step
    return (None if len(stage.steps) > at + _FAR else last), None


def _moved(groups: Sequence[Sequence[Step]], last: Run, build: Build, facts: Facts) -> Change:
    """The change that moves *groups*, in their order, behind *last*."""
    steps = [step for group in groups for step in group]
    lines = [_lines(group[0], group[-1], build) for group in groups]
    at = last.origin.span.end
    newline = facts.style.newline
    prefix = "" if build.text[at - 1 : at] == "\n" else newline
    suffix = newline if build.text[at - 1 : at] == "\n" else ""
    text = prefix + newline.join(again for _, again in lines) + suffix
    if not lines[0][1].startswith(newline) and _stands_apart(steps[0], steps[-1], last, build):
        text = newline + text
    if lines[0][1].startswith(newline) and _comment_follows(last, build):
        # Apart from what stands above, and from the thought below.
        text += newline
    keywords = tuple(dict.fromkeys(step.keyword for step in steps))
    what = "what differs from build to build" if {"ARG", "ENV"} & set(keywords) else "an edit of these files"
    return Change(
        edits=(*(Edit(taken, "") for taken, _ in lines), Edit.insert(at, text)),
        title=f"{', '.join(keywords)} moved after the installation on line {last.line}",
        reason=f"{what} leaves the installation in the build cache",
        safety=Safety.STANDARD,
        claims=tuple(MovesInstruction(keyword) for keyword in keywords),
        line=steps[0].line,
    )


def _described(first: Step, build: Build) -> bool:
    """Whether a comment speaks of copying, above the instructions that *first* stands among without an empty line."""
    segments = build.document.segments
    at = next(index for index, one in enumerate(segments) if one.span.start == first.origin.span.start) - 1
    if at < 0 or segments[at].kind is SegmentKind.COMMENT:
        return False
    while at >= 0 and segments[at].kind not in (SegmentKind.BLANK, SegmentKind.COMMENT):
        at -= 1
    if at < 0 or segments[at].kind is SegmentKind.BLANK:
        return False
    span = segments[at].span
    return _COPYING.search(build.text[span.start : span.end]) is not None


def _comment_heads(step: Step, build: Build) -> int | None:
    """Where among the segments of *build* the paragraph of *step* begins, if a comment heads it."""
    segments = build.document.segments
    at = next(index for index, one in enumerate(segments) if one.span.start == step.origin.span.start)
    while at > 0 and segments[at - 1].kind not in _APART:
        at -= 1
    return at if at > 0 and segments[at - 1].kind is SegmentKind.COMMENT else None


def _one_thought(group: Sequence[Step], last: Run, step: Step, build: Build) -> bool:
    """Whether *step* stands on the line below *last*, and a comment heads both that does not head *group* as well."""
    if step.origin.line_number != last.origin.end_line + 1:
        return False
    at = _comment_heads(last, build)
    return at is not None and group[-1].origin.span.start < build.document.segments[at].span.start


def _headed(group: Sequence[Step], build: Build) -> bool:
    """Whether a comment stands above instructions of which *group* is only a part, one of the same kind staying."""
    segments = build.document.segments
    at = _comment_heads(group[0], build)
    if at is None:
        return False
    end = next(index for index, one in enumerate(segments) if one.span.end == group[-1].origin.span.end)
    while end + 1 < len(segments) and segments[end + 1].kind not in _APART:
        end += 1
    moving = {step.origin.span.start for step in group}
    kinds = {step.keyword for step in group}
    there = {one.span.start for one in segments[at : end + 1]} - moving
    return any(one.keyword in kinds for one in build.document.instructions if one.span.start in there)


def _comment_follows(step: Step, build: Build) -> bool:
    """Whether the next line below *step* is a comment."""
    segments = build.document.segments
    at = next(index for index, one in enumerate(segments) if one.span.end == step.origin.span.end)
    return at + 1 < len(segments) and segments[at + 1].kind is SegmentKind.COMMENT


def _stands_apart(first: Step, end: Step, last: Run, build: Build) -> bool:
    """Whether an empty line stands below *last*, and one on either side of the instructions from *first* to *end*."""
    segments = build.document.segments
    before = next(at for at, one in enumerate(segments) if one.span.start == first.origin.span.start) - 1
    while before >= 0 and segments[before].kind is SegmentKind.COMMENT:
        before -= 1
    behind = next(at for at, one in enumerate(segments) if one.span.end == end.origin.span.end) + 1
    below = next(at for at, one in enumerate(segments) if one.span.end == last.origin.span.end) + 1
    blank = [0 <= at < len(segments) and segments[at].kind is SegmentKind.BLANK for at in (before, behind, below)]
    return blank[2] and (blank[0] or blank[1])


def _installs_files(first: Step, step: Step, facts: Facts) -> bool:
    """Whether *first* brings files for the installation *step*, which is as it should be."""
    from ...analysis.packages.installs import installs

    return isinstance(first, Copy) and isinstance(step, Run) and installs(step, facts)


def _lines(first: Step, last: Step, build: Build) -> tuple[Span, str]:
    """What to delete where the instructions from *first* to *last* go, and what to write elsewhere: their lines with
    the comment above, and one of the empty lines on both sides less.
    """
    segments = build.document.segments
    start, end = first.origin.span.start, last.origin.span.end
    at = next(index for index, one in enumerate(segments) if one.span.start == start)
    behind = next(index for index, one in enumerate(segments) if one.span.end == end) + 1
    if at and segments[at - 1].kind is SegmentKind.COMMENT:
        at, start = at - 1, segments[at - 1].span.start
    gone = end
    if at and behind < len(segments) and {segments[at - 1].kind, segments[behind].kind} == {SegmentKind.BLANK}:
        gone = segments[behind].span.end
    return Span(start, gone), build.text[end:gone] + build.text[start:end].rstrip("\r\n")
