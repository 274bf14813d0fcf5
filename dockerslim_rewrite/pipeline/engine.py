"""The rounds of the passes: let them propose, gate, apply, read again."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis.facts import Facts
from ..change import Change, Remark, RemarkKind, Safety
from ..ignores import Ignored, Wish, ignored_rules, wished_rules
from ..ir.build import Build, read_build
from ..passes import Pass, Phase
from ..record import evolve, record
from ..syntax import ParseError, parse
from ..text import Edit, Patch, Source, shown
from .baseline import AcceptedFindings, Known
from .budget import context_beyond_budget
from .comments import Comments, wish_for
from .inserted import is_inserted
from .meeting import Lines, in_substitution, joined_lines, meets
from .options import Options
from .original import Original
from .outcome import Hop, Key, Outcome, Rest
from .replaced import BY_BASE, on_bases, replaced

if TYPE_CHECKING:
    from ..analysis.line_reader import LineReader
    from ..analysis.project import Project
    from .agreement import View

#: A phase, and the whole pipeline, that has not come to rest after so many rounds is taken back.
MAX_ROUNDS = 10
_SUBSTITUTED = "left alone inside a substitution, whose output another command reads"


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
        self.options = options
        self.phases = phases
        self.asked = False
        self._followed: dict[int, bool] = {}
        self.projects = cache(lambda: projects_of(options, source.path))
        self.replaced = cache(self._replaced)
        self._first_remarks: dict[str, list[Remark]] = {}
        self.unreadable: dict[Key, Remark] = {}
        self.first = self._read(source)
        self._original = Original(source, Path(source.path).name if source.path else "Dockerfile")
        self._comments = Comments(self.first.ignored, source.text)
        self._accepted = AcceptedFindings(options.accepted, self.first.build)

    def _read(self, source: Source, known: Build | None = None) -> _Reading:
        build = read_build(parse(source, known.document if known else None), known)
        ignored, wishes = ignored_rules(build.document), wished_rules(build.document)
        return _Reading(build, self._facts(build, 0), ignored, wishes, source.text.lower(), [])

    def project(self) -> Project | None:
        """The project of the first build; nothing of any is read before somebody asks."""
        return self._opened(0)

    def _opened(self, index: int) -> Project | None:
        self.asked = True
        project = self.projects()[index]
        if project is not None and index not in self._followed:
            self._followed[index] = project.follows(self.first.build)
        return project

    def _facts(self, build: Build, index: int) -> Facts:
        opened = partial(self._opened, index)
        chosen = self.options
        return Facts(build, chosen.lock, chosen.today, opened, chosen.account, chosen.templates, chosen.supposed or ())

    def _replaced(self) -> tuple[str, str] | None:
        self.asked = True
        return replaced([self._facts(self.first.build, index) for index in range(len(self.projects()))])

    def _proposed(self, one: Pass, reading: _Reading) -> Iterable[Change | Remark]:
        """What the pass *one* proposes, where it is right for the base images that the builds really have."""
        found = self._wanted(one, reading)
        return on_bases(found, self.replaced) if one.code.startswith(BY_BASE) else found

    def _wanted(self, one: Pass, reading: _Reading) -> Iterable[Change | Remark]:
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
        rests = {phase.name: Rest() for phase in self.phases}
        for _ in range(MAX_ROUNDS):
            start = outcome.text
            for phase in self.phases:
                rest = rests[phase.name]
                if rest.text != outcome.text and not rest.taken_back:
                    reading = self._phase(phase, rest, reading, outcome, banned)
            if outcome.text == start:
                break
        acted = {change.rule for change in outcome.changes}
        outcome.remarks = [remark for rest in rests.values() for remark in rest.said(acted)]
        return outcome

    def _phase(
        self,
        phase: Phase,
        rest: Rest,
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
                outcome.changes.append(self._original.changed(change, outcome.patch, reading.build))
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
        joined: list[Lines] = []
        waiting = False
        build = reading.build
        for one in phase.passes:
            if not one.concerns(reading.lowered):
                continue
            for proposal in self._proposed(one, reading):
                edits = () if isinstance(proposal, Remark) else proposal.edits
                if reading.ignored and self._comments.ignores(reading.ignored, one, edits, proposal.line, build):
                    continue
                if self._comments.ignores_part(one, proposal.line, build, outcome.patch, self.first.build):
                    continue
                if not isinstance(proposal, Remark) and in_substitution(proposal, reading.facts.substituted):
                    reason = f"{proposal.title}: {_SUBSTITUTED}"
                    proposal = Remark(RemarkKind.MISSED, reason, proposal.line, rule=one.code)
                wish = wish_for(reading.wishes, one, edits, proposal.line, build)
                if not isinstance(proposal, Remark) and wish is not None:
                    reason = f'{proposal.title}: not done, a comment speaks of what it changes: "{shown(wish.text)}"'
                    proposal = Remark(RemarkKind.MISSED, reason, proposal.line, rule=one.code)
                if isinstance(proposal, Remark) and is_inserted(proposal.line, build, outcome.patch):
                    remarks += self._said_before(one, self._original.remark(proposal, build, outcome.patch))
                    continue
                if not isinstance(proposal, Remark):
                    proposal = _as_proved(proposal, reading.facts)
                if isinstance(proposal, Remark) or proposal.safety > self.level:
                    remarks.append(self._original.remark(proposal, build, outcome.patch))
                    continue
                if self._accepted and self._is_accepted(proposal, build, outcome):
                    continue
                reader = self._misled(proposal, build)
                if reader is not None:
                    reason = f"{proposal.title}: {reader.where} looks for this line as it is written"
                    held = Remark(RemarkKind.MISSED, reason, proposal.line, rule=one.code)
                    remarks.append(self._original.remark(held, build, outcome.patch))
                    continue
                key = (proposal.rule, outcome.patch.shift(edits[0].span.start), proposal.title)
                if key in banned or key in self.unreadable:
                    continue
                whole = joined_lines(proposal, build)
                if meets(taken, edits) or (whole is not None and any(map(whole.meets, joined))):
                    waiting = True
                    continue
                if whole is not None:
                    joined.append(whole)
                for edit in edits:
                    insort(taken, edit)
                accepted.append((proposal, key))
        return accepted, list(dict.fromkeys(remarks)), waiting

    @cached_property
    def _line_readers(self) -> tuple[LineReader, ...]:
        found = (project.usage.readers for project in self.projects() if project is not None)
        return tuple(dict.fromkeys(chain.from_iterable(found)))

    def _misled(self, change: Change, build: Build) -> LineReader | None:
        """The first command that would not find in the lines that *change* makes what it finds in *build*'s."""
        if self.options.builds is None or not self._line_readers:
            return None
        text = build.document.source.text
        old, new = Counter(text.splitlines()), Counter(Patch.of(change.edits).apply(text).splitlines())
        gone, added = old - new, new - old
        return next((one for one in self._line_readers if one.loses(gone, added)), None)

    def _is_accepted(self, proposal: Change, build: Build, outcome: Outcome) -> bool:
        line = self._original.line_of(build, outcome.patch)(proposal.line)
        return self._accepted.holds(proposal.rule, line)

    @property
    def _ran(self) -> list[Pass]:
        return [one for phase in self.phases for one in phase.passes]

    def unmet(self) -> Known:
        """The accepted findings of the rules that ran which are no longer there."""
        return self._accepted.unmet(one.code for one in self._ran)

    def notes(self) -> list[Remark]:
        """Remarks on ignore comments, and on accepted findings of the rules that ran, that nothing answers to; and on a
        context that is not followed.
        """
        beyond = [] if all(self._followed.values()) else [context_beyond_budget()]
        return [*self._comments.unheeded(self._ran), *self._accepted.stale([one.code for one in self._ran]), *beyond]

    def _said_before(self, one: Pass, remark: Remark) -> list[Remark]:
        """What the pass *one* says of the original, where it now says *remark* of a line of this program's own: for the
        same reason, or for the only one.
        """
        if one.code not in self._first_remarks:
            first = self.first
            found = (each for each in self._proposed(one, first) if isinstance(each, Remark))
            self._first_remarks[one.code] = [
                self._original.remark(each, first.build, Patch())
                for each in found
                if not self._comments.ignores(first.ignored, one, (), each.line, first.build)
            ]
        said = self._first_remarks[one.code]
        return [first for first in said if first.reason == remark.reason or len(said) == 1][:1]


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
