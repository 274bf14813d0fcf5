"""The rounds of the passes: let them propose, gate, apply, read again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis.facts import Facts
from ..change import Change, Layout, Remark, RemarkKind
from ..ignores import Ignored, ignored_at, ignored_rules
from ..ir.build import Build, read_build
from ..passes import Pass, Phase
from ..record import evolve, record
from ..syntax import ParseError, parse
from ..text import Edit, Patch, Source, Span
from .options import Options
from .positions import on_original

if TYPE_CHECKING:
    from ..analysis.project import Project

#: A phase, and the whole pipeline, that has not come to rest after so many rounds is taken back.
MAX_ROUNDS = 10
_SUBSTITUTED = "left alone inside a substitution, whose output another command reads"

Key = tuple[str, int, str]


class Outcome:
    """What has become of the text so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.patch = Patch()
        self.changes: list[Change] = []
        self.keys: list[Key] = []
        self.remarks: list[Remark] = []


class _Rest:
    """Where a phase stands: the text for which it had no change to make, with its remarks, and the texts it has seen.

    A phase that comes back to a text would go round for ever: it is ``taken_back`` and not asked again.
    """

    def __init__(self) -> None:
        self.text: str | None = None
        self.remarks: list[Remark] = []
        self.seen: set[str] = set()
        self.taken_back = False


@record
class _Reading:
    """One text as passes see it, and what the gate needs to know of it."""

    build: Build
    facts: Facts
    ignored: Ignored
    lowered: str


class Engine:
    """Runs the phases on one source; ``banned`` changes are not made again, ``limit`` stops after so many changes."""

    def __init__(self, source: Source, options: Options, phases: tuple[Phase, ...]) -> None:
        self.source = source
        self.level = options.safety
        self.options = options
        self.phases = phases
        self.project = cache(lambda: _project(options, source.path))
        self.name = Path(source.path).name if source.path else "Dockerfile"
        self.unreadable: dict[Key, Remark] = {}
        self.first = self._read(source)

    def _read(self, source: Source, known: Build | None = None) -> _Reading:
        build = read_build(parse(source, known.document if known else None), known)
        facts = Facts(build, self.options.lock, self.options.today, self.project, self.options.account)
        return _Reading(build, facts, ignored_rules(build.document), source.text.lower())

    def run(self, banned: frozenset[Key] = frozenset(), limit: int | None = None) -> Outcome:
        """What the phases make of the text until none has anything to add."""
        outcome = Outcome(self.source.text)
        reading = self.first
        rests = {phase.name: _Rest() for phase in self.phases}
        for _ in range(MAX_ROUNDS):
            start = outcome.text
            for phase in self.phases:
                rest = rests[phase.name]
                if rest.text != outcome.text and not rest.taken_back:
                    reading = self._phase(phase, rest, reading, outcome, banned, limit)
            if outcome.text == start:
                break
        outcome.remarks = [remark for rest in rests.values() for remark in rest.remarks]
        return outcome

    def _phase(
        self,
        phase: Phase,
        rest: _Rest,
        reading: _Reading,
        outcome: Outcome,
        banned: frozenset[Key],
        limit: int | None,
    ) -> _Reading:
        """Rounds of one phase for as long as proposals wait for others that they meet, or, where the phase cascades,
        until it has no more to propose. What changes make possible elsewhere is found when the phase has its next turn.
        """
        before = (outcome.text, outcome.patch, len(outcome.changes), reading)
        for _ in range(MAX_ROUNDS):
            accepted, remarks, waiting = self._proposals(phase, reading, outcome, banned, limit)
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
            outcome.patch = outcome.patch.then(patch, self.source.text)
            outcome.text = text
            reading = following
            if not waiting and not phase.cascades:
                return reading
        text, whole, count, reading = before
        rules = sorted({change.rule for change in outcome.changes[count:]})
        outcome.text, outcome.patch = text, whole
        del outcome.changes[count:], outcome.keys[count:]
        reason = f"the phase {phase.name!r} did not come to rest and was taken back ({', '.join(rules)})"
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
        limit: int | None,
    ) -> tuple[list[tuple[Change, Key]], list[Remark], bool]:
        """The changes of one round that the gate lets through and that do not meet each other, the remarks, and
        whether a change has to wait because it met another.
        """
        accepted: list[tuple[Change, Key]] = []
        remarks: list[Remark] = []
        taken: list[Edit] = []
        waiting = False
        build = reading.build
        for one in phase.passes:
            if not one.concerns(reading.lowered):
                continue
            for proposal in one.run(build, reading.facts):
                edits = () if isinstance(proposal, Remark) else proposal.edits
                if _is_ignored(reading.ignored, one, edits, proposal.line, build):
                    continue
                if not isinstance(proposal, Remark) and _in_substitution(proposal, reading.facts.substituted):
                    reason = f"{proposal.title}: {_SUBSTITUTED}"
                    proposal = Remark(RemarkKind.MISSED, reason, proposal.line, rule=one.code)
                if isinstance(proposal, Remark) or proposal.safety > self.level:
                    remarks.append(self._remark(proposal, build, outcome))
                    continue
                key = (proposal.rule, outcome.patch.shift(edits[0].span.start), proposal.title)
                if key in banned or key in self.unreadable:
                    continue
                if limit is not None and len(outcome.changes) + len(accepted) >= limit:
                    return accepted, [], False
                if _meets(taken, edits):
                    waiting = True
                    continue
                for edit in edits:
                    insort(taken, edit)
                accepted.append((proposal, key))
        return accepted, list(dict.fromkeys(remarks)), waiting

    def _remark(self, proposal: Change | Remark, build: Build, outcome: Outcome) -> Remark:
        """*proposal* as a remark on the original text: a change above the level is held back, not lost."""
        line_of = self._line_of(build, outcome.patch)
        line = line_of(proposal.line)
        evidence = tuple(self._said(one, line_of) for one in proposal.evidence)
        if isinstance(proposal, Remark):
            return evolve(proposal, line=line, reason=self._said(proposal.reason, line_of), evidence=evidence)
        title = self._said(proposal.title, line_of)
        return Remark(RemarkKind.HELD, title, line, evidence, rule=proposal.rule, needs=proposal.safety)

    def _line_of(self, build: Build, patch: Patch) -> Callable[[int], int]:
        """Leads a line of *build* to that of the original which *patch* made it of."""
        starts = build.document.source.line_starts
        return lambda line: self.source.position(patch.shift(starts[min(line, len(starts)) - 1])).line

    def _said(self, text: str, line_of: Callable[[int], int]) -> str:
        return on_original(text, line_of, self.name)

    def _on_original(self, change: Change, key: Key, patch: Patch, build: Build) -> Change:
        """*change* of the text that *patch* led to, with the places and lines of the original."""
        line_of = self._line_of(build, patch)
        edits = tuple(
            Edit(Span(patch.shift(edit.span.start), patch.shift(edit.span.end)), edit.text) for edit in change.edits
        )
        return evolve(
            change,
            edits=edits,
            line=self.source.position(key[1]).line,
            title=self._said(change.title, line_of),
            reason=self._said(change.reason, line_of),
            evidence=tuple(self._said(one, line_of) for one in change.evidence),
        )


def _project(options: Options, path: str | None) -> Project | None:
    """The project in the build context of *options*; nothing of it is read before a pass asks."""
    if options.context is None or not isinstance(options.context, Path | str):
        return options.context
    from ..context.locate import locate
    from ..context.project import FolderProject

    dockerfile = Path(path) if path else None
    return FolderProject(locate(dockerfile, Path(options.context)), dockerfile.name if dockerfile else "Dockerfile")


def _parses(text: str) -> bool:
    try:
        read_build(parse(text))
    except ParseError:
        return False
    return True


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
    """Whether one of *edits* touches what an edit in the sorted list *taken* touches, or inserts where it does."""
    for edit in edits:
        at = bisect_left(taken, edit)
        for other in taken[max(at - 1, 0) : at + 1]:
            first, second = sorted((other.span, edit.span))
            if second.start < first.end or first == second:
                return True
    return False


def _is_ignored(ignored: Ignored, one: Pass, edits: Sequence[Edit], line: int, build: Build) -> bool:
    """Whether the user asked, near the place, to leave the rule or a finding that it answers alone."""
    everywhere, by_line = ignored
    if not everywhere and not by_line:
        return False
    codes = {one.code.lower(), one.name, *(answer.lower() for answer in one.answers)}
    if "all" in everywhere or codes & everywhere:
        return True
    lines = {line, *(build.document.line_of(edit.span.start) for edit in edits)}
    return any("all" in rules or codes & rules for at in lines for rules in ignored_at(at, by_line))
