"""The rounds of the passes: let them propose, gate, apply, read again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..analysis.facts import Facts
from ..change import Change, JoinsInstructions, Layout, Remark, RemarkKind, Safety
from ..ignores import Ignored, Wish, holding, ignored_rules, wished_rules
from ..ir.build import Build, read_build
from ..passes import Pass, Phase, rules
from ..record import evolve, record
from ..syntax import Instruction, ParseError, parse
from ..text import Edit, Patch, Source, Span, readable, shown
from .baseline import Known, accepted_at, displaced
from .inserted import copied_line, first_kept, is_inserted
from .options import Options
from .positions import on_original

if TYPE_CHECKING:
    from ..analysis.project import Project
    from .agreement import View

#: A phase, and the whole pipeline, that has not come to rest after so many rounds is taken back.
MAX_ROUNDS = 10
_SUBSTITUTED = "left alone inside a substitution, whose output another command reads"

Key = tuple[str, int, str]


@record
class Hop:
    """One round: *changes*, with the keys by which they are banned, made of the text *before* another."""

    before: str
    changes: tuple[tuple[Change, Key], ...]

    def after(self, count: int | None = None) -> tuple[str, Patch]:
        """The text that the first *count* changes (all of them, without it) make, and the patch that leads there."""
        patch = Patch.of(edit for change, _ in self.changes[:count] for edit in change.edits)
        return patch.apply(self.before), patch


class Outcome:
    """What has become of the text so far; ``hops`` are the rounds that led there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.patch = Patch()
        self.changes: list[Change] = []
        self.keys: list[Key] = []
        self.remarks: list[Remark] = []
        self.hops: list[Hop] = []


class _Rest:
    """Where a phase stands: the text for which it had no change to make, with its remarks, and the texts it has seen.

    ``first`` are the remarks of its first turn, before it changed anything itself.
    A phase that comes back to a text would go round for ever: it is ``taken_back`` and not asked again.
    """

    def __init__(self) -> None:
        self.text: str | None = None
        self.remarks: list[Remark] = []
        self.first: list[Remark] | None = None
        self.seen: set[str] = set()
        self.taken_back = False


@record
class _Reading:
    """One text as passes see it, and what the gate needs to know of it."""

    build: Build
    facts: Facts
    ignored: Ignored
    wishes: tuple[Wish, ...]
    lowered: str
    views: list[View]


class Engine:
    """Runs the phases on one source; ``banned`` changes are not made again."""

    def __init__(self, source: Source, options: Options, phases: tuple[Phase, ...]) -> None:
        self.source = source
        self.level = options.safety
        self._accepted = options.accepted
        self._met: set[tuple[str, str, str]] = set()
        self.options = options
        self.phases = phases
        self.asked = False
        self.projects = cache(lambda: projects_of(options, source.path))
        self.name = Path(source.path).name if source.path else "Dockerfile"
        self._first_remarks: dict[str, list[Remark]] = {}
        self._heeded: set[tuple[frozenset[str], str]] = set()
        self.unreadable: dict[Key, Remark] = {}
        self.first = self._read(source)

    def _read(self, source: Source, known: Build | None = None) -> _Reading:
        build = read_build(parse(source, known.document if known else None), known)
        ignored, wishes = ignored_rules(build.document), wished_rules(build.document)
        return _Reading(build, self._facts(build, 0), ignored, wishes, source.text.lower(), [])

    def project(self) -> Project | None:
        """The project of the first build; nothing of any is read before somebody asks."""
        return self._opened(0)

    def _opened(self, index: int) -> Project | None:
        self.asked = True
        return self.projects()[index]

    def _facts(self, build: Build, index: int) -> Facts:
        opened = partial(self._opened, index)
        chosen = self.options
        return Facts(build, chosen.lock, chosen.today, opened, chosen.account, chosen.templates, chosen.supposed or ())

    def _proposed(self, one: Pass, reading: _Reading) -> Iterable[Change | Remark]:
        """What the pass *one* proposes: for every known build alike, as soon as any pass asked for a project."""
        if not self.asked:
            found = list(one.run(reading.build, reading.facts))
            # Stages that come and go concern whoever names one, even if the pass had no question.
            if not self.asked and not any(isinstance(change, Change) and change.renumbers for change in found):
                return found
        if len(self.projects()) == 1:
            return one.run(reading.build, reading.facts)
        from .agreement import View, agreed

        if not reading.views:
            others = [self._facts(reading.build, index) for index in range(1, len(self.projects()))]
            reading.views.extend(View(reading.build, facts) for facts in (reading.facts, *others))
        return agreed(one, reading.build, reading.views)

    def run(self, banned: frozenset[Key] = frozenset()) -> Outcome:
        """What the phases make of the text until none has anything to add."""
        outcome = Outcome(self.source.text)
        reading = self.first
        rests = {phase.name: _Rest() for phase in self.phases}
        for _ in range(MAX_ROUNDS):
            start = outcome.text
            for phase in self.phases:
                rest = rests[phase.name]
                if rest.text != outcome.text and not rest.taken_back:
                    reading = self._phase(phase, rest, reading, outcome, banned)
            if outcome.text == start:
                break
        acted = {change.rule for change in outcome.changes}
        outcome.remarks = [remark for rest in rests.values() for remark in _as_first_said(rest, acted)]
        return outcome

    def _phase(
        self,
        phase: Phase,
        rest: _Rest,
        reading: _Reading,
        outcome: Outcome,
        banned: frozenset[Key],
    ) -> _Reading:
        """Rounds of one phase for as long as proposals wait for others that they meet, or, where the phase cascades,
        until it has no more to propose. What changes make possible elsewhere is found when the phase has its next turn.
        """
        before = (outcome.text, outcome.patch, len(outcome.changes), reading)
        hops = len(outcome.hops)
        for _ in range(MAX_ROUNDS):
            accepted, remarks, waiting = self._proposals(phase, reading, outcome, banned)
            if rest.first is None:
                rest.first = remarks
            if not accepted:
                rest.text, rest.remarks = outcome.text, remarks
                return reading
            rest.seen.add(outcome.text)
            patch = Patch.of(edit for change, _ in accepted for edit in change.edits)
            text = patch.apply(outcome.text)
            if text in rest.seen:
                break
            try:
                following = self._read(Source(text, self.source.path), reading.build)
            except ParseError:
                self._disown(accepted, outcome.text)
                continue
            for change, key in accepted:
                outcome.changes.append(self._on_original(change, key, outcome.patch, reading.build))
                outcome.keys.append(key)
            outcome.hops.append(Hop(outcome.text, tuple(accepted)))
            outcome.patch = outcome.patch.then(patch, self.source.text)
            outcome.text = text
            reading = following
            if not waiting and not phase.cascades:
                return reading
        text, whole, count, reading = before
        rules = sorted({change.rule for change in outcome.changes[count:]})
        outcome.text, outcome.patch = text, whole
        del outcome.changes[count:], outcome.keys[count:], outcome.hops[hops:]
        reason = f"the phase {phase.name!r} did not settle and was taken back ({', '.join(rules)})"
        rest.taken_back = True
        rest.remarks = [Remark(RemarkKind.BUG, reason, 1, rule=rules[0] if rules else "DS000")]
        return reading

    def _disown(self, accepted: list[tuple[Change, Key]], text: str) -> None:
        """Make none of *accepted* again that by itself leaves *text* no Dockerfile; none at all where no one does."""
        guilty = [(change, key) for change, key in accepted if not _parses(Patch.of(change.edits).apply(text))]
        for change, key in guilty or accepted:
            reason = f"withdrawn, not proven: {change.title}: the result does not parse"
            line = self.source.position(key[1]).line
            self.unreadable[key] = Remark(RemarkKind.BUG, reason, line, rule=change.rule)

    def _proposals(
        self,
        phase: Phase,
        reading: _Reading,
        outcome: Outcome,
        banned: frozenset[Key],
    ) -> tuple[list[tuple[Change, Key]], list[Remark], bool]:
        """The changes of one round that the gate lets through and that do not meet each other, the remarks, and
        whether a change has to wait because it met another.
        """
        accepted: list[tuple[Change, Key]] = []
        remarks: list[Remark] = []
        taken: list[Edit] = []
        joined: list[_Lines] = []
        waiting = False
        build = reading.build
        for one in phase.passes:
            if not one.concerns(reading.lowered):
                continue
            for proposal in self._proposed(one, reading):
                edits = () if isinstance(proposal, Remark) else proposal.edits
                if reading.ignored and self._is_ignored(reading.ignored, one, edits, proposal.line, build):
                    continue
                if not isinstance(proposal, Remark) and _in_substitution(proposal, reading.facts.substituted):
                    reason = f"{proposal.title}: {_SUBSTITUTED}"
                    proposal = Remark(RemarkKind.MISSED, reason, proposal.line, rule=one.code)
                wish = _wish(reading.wishes, one, edits, proposal.line, build)
                if not isinstance(proposal, Remark) and wish is not None:
                    reason = f'{proposal.title}: not done, a comment speaks of what it changes: "{shown(wish.text)}"'
                    proposal = Remark(RemarkKind.MISSED, reason, proposal.line, rule=one.code)
                if isinstance(proposal, Remark) and is_inserted(proposal.line, build, outcome.patch):
                    remarks += self._said_before(one, self._remark(proposal, build, outcome))
                    continue
                if not isinstance(proposal, Remark):
                    proposal = _as_proved(proposal, reading.facts)
                if isinstance(proposal, Remark) or proposal.safety > self.level:
                    remarks.append(self._remark(proposal, build, outcome))
                    continue
                if self._accepted and self._is_accepted(proposal, build, outcome):
                    continue
                key = (proposal.rule, outcome.patch.shift(edits[0].span.start), proposal.title)
                if key in banned or key in self.unreadable:
                    continue
                whole = _joined(proposal, build)
                if _meets(taken, edits) or (whole is not None and any(map(whole.meets, joined))):
                    waiting = True
                    continue
                if whole is not None:
                    joined.append(whole)
                for edit in edits:
                    insort(taken, edit)
                accepted.append((proposal, key))
        return accepted, list(dict.fromkeys(remarks)), waiting

    def _is_accepted(self, proposal: Change, build: Build, outcome: Outcome) -> bool:
        """Whether the project has accepted what *proposal* would mend; noted for ``stale``."""
        line = self._line_of(build, outcome.patch)(proposal.line)
        key = accepted_at(proposal.rule, line, self.first.build).key
        if key not in self._accepted:
            if (key[0], key[2]) not in self._displaced:
                return False
            key = self._displaced[key[0], key[2]]
        self._met.add(key)
        return True

    @cached_property
    def _displaced(self) -> dict[tuple[str, str], tuple[str, str, str]]:
        return displaced(self._accepted, self.first.build)

    def unmet(self) -> Known:
        """The accepted findings of the rules that ran which are no longer there."""
        running = {one.code for phase in self.phases for one in phase.passes}
        return frozenset(key for key in self._accepted if key[0] in running and key not in self._met)

    def stale(self) -> list[Remark]:
        """A remark where accepted findings of the rules that ran are no longer there."""
        gone = sorted(self.unmet())
        if not gone:
            return []
        entries = "1 entry of the baseline matches" if len(gone) == 1 else f"{len(gone)} entries of the baseline match"
        reason = f"{entries} nothing ({gone[0][0]} first); `dockerslim baseline --prune` drops what is gone"
        return [Remark(RemarkKind.ANALYSIS, reason, 1, rule="DS000")]

    def _remark(self, proposal: Change | Remark, build: Build, outcome: Outcome) -> Remark:
        """*proposal* as a remark on the original text: a change above the level is held back, not lost."""
        line_of, own = self._line_of(build, outcome.patch), self._own(build, outcome.patch)
        line = line_of(proposal.line)
        evidence = tuple(self._said(one, line_of, own) for one in proposal.evidence)
        if isinstance(proposal, Remark):
            return evolve(proposal, line=line, reason=self._said(proposal.reason, line_of, own), evidence=evidence)
        title = self._said(proposal.title, line_of, own)
        return Remark(RemarkKind.HELD, title, line, evidence, rule=proposal.rule, needs=proposal.safety)

    def _said_before(self, one: Pass, remark: Remark) -> list[Remark]:
        """What the pass *one* says of the original, where it now says *remark* of a line of this program's own: for the
        same reason, or for the only one.
        """
        if one.code not in self._first_remarks:
            nothing = Outcome(self.source.text)
            first = self.first
            found = (each for each in self._proposed(one, first) if isinstance(each, Remark))
            self._first_remarks[one.code] = [
                self._remark(each, first.build, nothing)
                for each in found
                if not self._is_ignored(first.ignored, one, (), each.line, first.build)
            ]
        said = self._first_remarks[one.code]
        return [first for first in said if first.reason == remark.reason or len(said) == 1][:1]

    def _is_ignored(self, ignored: Ignored, one: Pass, edits: Sequence[Edit], line: int, build: Build) -> bool:
        """Whether the user asked, near the place, to leave the rule or a finding that it answers alone."""
        codes = _words(one) | {word.lower() for word in one.held_by}
        found = list(holding(ignored, codes, {line, *(build.document.line_of(edit.span.start) for edit in edits)}))
        if found:
            lines = build.document.source.text.splitlines()
            self._heeded.update((entry.rules, lines[entry.line - 1]) for entry in found)
        return bool(found)

    def unheeded(self) -> list[Remark]:
        """Remarks on comments for this program that name unknown rules, or that held nothing back."""
        known = {word for one in rules() for word in _words(one)}
        running = {word for phase in self.phases for one in phase.passes for word in _words(one)}
        lines = self.source.text.splitlines()
        found: list[Remark] = []
        for entry in self.first.ignored:
            if not entry.ours:
                continue
            unknown = sorted(entry.rules - known - {"all"})
            if unknown:
                near = get_close_matches(unknown[0], sorted(known), 1)
                hint = f"; did you mean {_shown(near[0])}?" if near else ""
                reason = f"unknown rule {_shown(unknown[0])} in an ignore comment{hint}"
                found.append(Remark(RemarkKind.ANALYSIS, reason, entry.line, rule="DS000"))
            elif ("all" in entry.rules or entry.rules & running) and (
                entry.rules,
                lines[entry.line - 1],
            ) not in self._heeded:
                reason = "this ignore comment holds nothing back here; drop it"
                found.append(Remark(RemarkKind.ANALYSIS, reason, entry.line, rule="DS000"))
        return found

    def _line_of(self, build: Build, patch: Patch) -> Callable[[int], int]:
        """Leads a line of *build* to that of the original which *patch* made it of."""
        return lambda line: self.source.position(patch.shift(first_kept(line, build, patch))).line

    def _said(self, text: str, line_of: Callable[[int], int], own: Callable[[int], bool]) -> str:
        return readable(on_original(text, line_of, self.name, own))

    def _own(self, build: Build, patch: Patch) -> Callable[[int], bool]:
        """Tells whether a line of *build* is neither the user's nor a copy of one."""
        return lambda line: is_inserted(line, build, patch) and copied_line(line, build, patch, self.source) is None

    def _on_original(self, change: Change, key: Key, patch: Patch, build: Build) -> Change:
        """*change* of the text that *patch* led to, with the places and lines of the original."""
        line_of, own = self._line_of(build, patch), self._own(build, patch)
        edits = tuple(
            Edit(Span(patch.shift(edit.span.start), patch.shift(edit.span.end)), edit.text) for edit in change.edits
        )
        line = copied_line(change.line, build, patch, self.source)
        return evolve(
            change,
            edits=edits,
            line=line_of(change.line) if line is None else line,
            title=self._said(change.title, line_of, own),
            reason=self._said(change.reason, line_of, own),
            evidence=tuple(self._said(one, line_of, own) for one in change.evidence),
        )


def _as_first_said(rest: _Rest, acted: set[str]) -> Iterable[Remark]:
    """The remarks of a phase; where a rule that never acted declines now for another reason than at first, the first.

    What other rules have written since may be in its way as well; the reader knows only what stood there before.
    """
    declined = Counter(remark.rule for remark in rest.remarks if remark.kind is RemarkKind.MISSED)
    before: dict[str, list[Remark]] = {}
    for remark in rest.first or ():
        if remark.kind is RemarkKind.MISSED:
            before.setdefault(remark.rule, []).append(remark)
    for remark in rest.remarks:
        first = before.get(remark.rule, [])
        alone = remark.kind is RemarkKind.MISSED and declined[remark.rule] == len(first) == 1
        yield first[0] if alone and remark.rule not in acted else remark


def _as_proved(change: Change, facts: Facts) -> Change:
    """*change* at the level that proof of it deserves, where there is one."""
    given = facts.granted(change.rule) if facts.supposed else None
    if given is None or change.safety <= Safety.of(given.level):
        return change
    reason = f"{change.reason}; {given.evidence}" if given.evidence else change.reason
    return evolve(change, safety=Safety.of(given.level), reason=reason)


def projects_of(options: Options, path: str | None) -> Sequence[Project | None]:
    """The projects of the builds that *options* know, else the one in their context; None where there is none."""
    found: Sequence[Project | None] = options.builds() if options.builds is not None else ()
    if found:
        return found
    if options.context is None or not isinstance(options.context, Path | str):
        return (options.context,)
    from ..context.locate import locate
    from ..context.project import FolderProject

    dockerfile = Path(path) if path else None
    return (FolderProject(locate(dockerfile, Path(options.context)), dockerfile.name if dockerfile else "Dockerfile"),)


def _parses(text: str) -> bool:
    try:
        read_build(parse(text))
    except ParseError:
        return False
    return True


class _Lines(NamedTuple):
    """Lines of the file, both ends included."""

    first: int
    last: int

    def meets(self, other: _Lines) -> bool:
        """Whether the two have a line in common."""
        return self.first <= other.last and other.first <= self.last


def _joined(change: Change, build: Build) -> _Lines | None:
    """The lines of the RUNs that *change* makes one: whether they may be depends on all that is in them."""
    if not any(isinstance(claim, JoinsInstructions) and claim.keyword == "RUN" for claim in change.claims):
        return None
    instructions = build.document.instructions

    def at(offset: int) -> Instruction:
        return instructions[bisect_right(instructions, offset, key=lambda one: one.span.start) - 1]

    last = at(max(edit.span.end for edit in change.edits))
    return _Lines(at(min(edit.span.start for edit in change.edits)).line_number, last.end_line)


def _in_substitution(change: Change, substituted: Sequence[Span]) -> bool:
    """Whether *change* edits more than layout within one of *substituted*, which are disjoint and sorted."""
    if not substituted or all(isinstance(claim, Layout) for claim in change.claims):
        return False
    for edit in change.edits:
        at = bisect_right(substituted, edit.span.start, key=lambda span: span.start) - 1
        if at >= 0 and edit.span.end <= substituted[at].end:
            return True
    return False


def _meets(taken: list[Edit], edits: Sequence[Edit]) -> bool:
    """Whether one of *edits* touches what an edit in the sorted list *taken* touches, or inserts at its border."""
    for edit in edits:
        at = bisect_left(taken, edit)
        for other in taken[max(at - 1, 0) : at + 1]:
            first, second = sorted((other.span, edit.span))
            inserts = first.start == first.end or second.start == second.end
            if second.start < first.end or first == second or (inserts and second.start == first.end):
                return True
    return False


def _words(one: Pass) -> set[str]:
    """The words by which a comment may name the rule, in lower case."""
    return {one.code.lower(), one.name, *(answer.lower() for answer in one.answers)}


def _shown(word: str) -> str:
    """A rule's code as people write it; a name as it is."""
    return word.upper() if word.startswith("ds") and word[2:].isdigit() else word


def _wish(wishes: Sequence[Wish], one: Pass, edits: Sequence[Edit], line: int, build: Build) -> Wish | None:
    """The comment that asks to leave alone what *edits* of the pass *one* change; None where there is none."""
    if not wishes:
        return None
    lines = {line, *(build.document.line_of(at) for edit in edits for at in (edit.span.start, edit.span.end))}
    codes = {one.code.lower(), "all"}
    held = (wish for wish in wishes if codes & wish.rules)
    return next((wish for wish in held if any(wish.first <= at <= wish.last for at in lines)), None)
