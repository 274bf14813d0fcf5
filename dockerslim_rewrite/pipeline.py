"""The whole compiler: read, let the passes propose, gate, apply, read again; validate; withdraw what is not proven."""

from __future__ import annotations

import difflib
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .analysis.facts import ACCOUNT, Facts
from .analysis.locked import NO_LOCK, Lock
from .change import Change, Layout, Remark, RemarkKind, Safety
from .ignores import Ignored, ignored_at, ignored_rules
from .ir.build import Build, read_build
from .passes import PIPELINE, Pass, Phase
from .record import evolve, record
from .syntax import ParseError, parse
from .text import Edit, Patch, Source, Span
from .text.source import encode

if TYPE_CHECKING:
    from .analysis.project import Project
    from .passes.splitting import Draft
    from .validate import Judgement

#: What each value of ``Options.pin`` switches on; the other rules of them it switches off.
PINS = {"tag": ("DS301",), "digest": ("DS302",), "both": ("DS301", "DS302"), "none": ()}
#: What ``Options.cleanup`` may be: caches are deleted where they were filled, or kept out by cache mounts.
CLEANUPS = ("delete", "cache-mount")
#: The rule that makes one layer of an image, which is then not split in the same run.
FLATTEN = "DS107"
_SUBSTITUTED = "left alone inside a substitution, whose output another command reads"
_PINNING = frozenset(("DS301", "DS302", "DS303"))

#: A phase, and the whole pipeline, that has not come to rest after so many rounds is taken back.
MAX_ROUNDS = 10


@record
class Options:
    """What a caller may choose.

    ``level`` is ``safe``, ``standard`` or ``aggressive``; ``select`` and ``ignore`` hold rule codes, prefixes of them
    (``DS2``), rule names, or codes of hadolint, BuildKit or tally that a rule answers. ``style`` is ``keep`` (edit in
    place) or ``canonical`` (render the whole file). ``templates`` is a folder whose templates take precedence.
    ``pin`` says what base images are pinned to: ``tag``, ``digest``, ``both`` or ``none``; None leaves it to the
    rules selected. ``lock`` holds what tags stand for, ``today`` is the day that ends of life are compared with
    (None: the day of the data). ``context`` is the build context: its folder, or a project that was read otherwise;
    without one, or where it does not hold what COPY names, nothing rests on it. ``cleanup`` says what becomes of
    package managers' caches: ``delete`` or ``cache-mount``. ``flatten`` asks for an image of one layer. ``account``
    are name and number of a user that has to be created. ``dockerignore`` asks for a .dockerignore, among the
    companions of the result. ``validate`` may be switched off only to measure its cost.
    """

    level: str | Safety = Safety.STANDARD
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    style: str = "keep"
    templates: Path | None = None
    validate: bool = True
    pin: str | None = None
    lock: Lock = NO_LOCK
    today: date | None = None
    context: Path | str | Project | None = None
    cleanup: str = "delete"
    flatten: bool = False
    account: tuple[str, int] = ACCOUNT
    dockerignore: bool = False

    @property
    def safety(self) -> Safety:
        """``level`` as a ``Safety``. Raises ``ValueError`` for an unknown name."""
        return self.level if isinstance(self.level, Safety) else Safety.of(self.level)


@record
class Companion:
    """A file beside the Dockerfile: its path, its text before (None: there is none) and as it should be, and why.

    ``left_out`` are the paths, relative to the build context, that a build is no longer sent.
    """

    path: Path
    before: str | None
    text: str
    reason: str
    left_out: tuple[str, ...] = ()


@record(slots=False)
class Result:
    """What became of one text.

    ``changes`` were made (their ``line`` and ``edits`` refer to the original text; edits of several rounds may touch),
    ``remarks`` tell what was declined (their lines refer to the original too). ``patch`` holds the disjoint edits
    that lead from the original to ``text``. ``companions`` are other files that were asked for, such as .dockerignore.
    """

    original: str
    text: str
    changes: tuple[Change, ...]
    remarks: tuple[Remark, ...]
    patch: Patch
    path: str | None = None
    companions: tuple[Companion, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether ``text`` differs from the original."""
        return self.text != self.original

    @property
    def saving(self) -> int:
        """The estimated bytes that the image loses, over all changes that carry an estimate."""
        return sum(change.saving or 0 for change in self.changes)

    @property
    def bugs(self) -> tuple[Remark, ...]:
        """Remarks on changes that the validator refused and that were withdrawn."""
        return tuple(remark for remark in self.remarks if remark.kind is RemarkKind.BUG)

    def to_bytes(self) -> bytes:
        """The rewritten file."""
        return encode(self.text)

    def diff(self, context: int = 3) -> str:
        """A unified diff that ``git apply`` and ``patch`` take; empty when nothing changed."""
        if not self.changed:
            return ""
        return unified_diff(self.original, self.text, self.path or "Dockerfile", context)


def unified_diff(before: str | None, after: str, name: str, context: int = 3) -> str:
    """A unified diff of the file *name*; *before* is None for a new one."""
    name = name.lstrip("/")
    source = "/dev/null" if before is None else f"a/{name}"
    out = []
    for line in difflib.unified_diff(_lines(before or ""), _lines(after), source, f"b/{name}", n=context):
        out.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(out)


def _lines(text: str) -> list[str]:
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return lines + ([parts[-1]] if parts[-1] else [])


def rewrite(text: str | bytes, options: Options | None = None, path: str | None = None) -> Result:
    """Rewrite one Dockerfile.

    *text* is its content, *path* its name in diffs. Raises ``ParseError`` (line and reason) for what is no Dockerfile,
    ``ValueError`` for an unknown level or rule in *options*. Free of global state; safe in threads and processes.
    """
    options = options or Options()
    source = Source.from_bytes(text, path) if isinstance(text, bytes) else Source(text, path)
    passes = selected(options)
    engine = _Engine(source, options, passes)
    outcome = engine.run()
    bugs: list[Remark] = []
    if options.validate and outcome.changes:
        outcome, bugs = _proven(engine, outcome)
    bugs.extend(engine.unreadable.values())
    result = Result(
        source.text,
        outcome.text,
        tuple(outcome.changes),
        tuple(sorted([*outcome.remarks, *bugs], key=lambda remark: (remark.line, remark.rule))),
        outcome.patch,
        path,
        _companions(options, engine.project, outcome.text),
    )
    if options.style == "canonical":
        return _canonical(result, options)
    return result


def suggest(text: str, options: Options | None = None, path: str | None = None) -> tuple[Draft, ...]:
    """The splits of stages that the recipes would make of *text* if what is in the way was not there.

    Drafts are for people: nothing proves them, and they are in no result. Raises as ``rewrite`` does.
    """
    from .passes.drafts import drafts

    options = options or Options()
    chosen = {one.code for phase in selected(options) for one in phase.passes}
    reading = _Engine(Source(text, path), options, ()).first
    return tuple(draft for draft in drafts(reading.build, reading.facts) if draft.rule in chosen)


def selected(options: Options) -> tuple[Phase, ...]:
    """The phases with the passes that *options* leave on. Raises ``ValueError`` for a name that no pass has."""
    known = [one for phase in PIPELINE for one in phase.passes]
    wanted = {one.code for one in known if not one.optional}
    if options.select:
        wanted = {one.code for word in options.select for one in _named(word, known)}
    if options.pin is not None:
        if options.pin not in PINS:
            raise ValueError(f"unknown pin {options.pin!r}; known: {', '.join(PINS)}")
        kept = {"DS303"} if options.pin in ("tag", "both") else set()
        wanted = (wanted - (_PINNING - kept)) | set(PINS[options.pin])
    if options.cleanup not in CLEANUPS:
        raise ValueError(f"unknown cleanup {options.cleanup!r}; known: {', '.join(CLEANUPS)}")
    if options.cleanup == "cache-mount":
        wanted.add("DS210")
    if options.flatten:
        wanted.add(FLATTEN)
    if FLATTEN in wanted:
        wanted -= {one.code for phase in PIPELINE if phase.name == "split" for one in phase.passes}
    wanted -= {one.code for word in options.ignore for one in _named(word, known)}
    return tuple(phase._replace(passes=tuple(one for one in phase.passes if one.code in wanted)) for phase in PIPELINE)


def _named(word: str, known: list[Pass]) -> list[Pass]:
    """The passes that *word* names: by code or its prefix, by name, or by a code of another tool."""
    bare = word.strip().lower()
    found = [
        one
        for one in known
        if one.code.lower() == bare
        or one.name == bare
        or (bare.startswith("ds") and len(bare) < 5 and one.code.lower().startswith(bare) and not one.optional)
        or any(answer.lower() == bare for answer in one.answers)
    ]
    if not found:
        raise ValueError(f"unknown rule {word!r}; `dockerslim rules` lists the known ones")
    return found


Key = tuple[str, int, str]


class _Outcome:
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


class _Engine:
    """Runs the phases on one source; ``banned`` changes are not made again, ``limit`` stops after so many changes."""

    def __init__(self, source: Source, options: Options, phases: tuple[Phase, ...]) -> None:
        self.source = source
        self.level = options.safety
        self.options = options
        self.phases = phases
        self.project = cache(lambda: _project(options, source.path))
        self.unreadable: dict[Key, Remark] = {}
        self.first = self._read(source)

    def _read(self, source: Source, known: Build | None = None) -> _Reading:
        build = read_build(parse(source, known.document if known else None), known)
        facts = Facts(build, self.options.lock, self.options.today, self.project, self.options.account)
        return _Reading(build, facts, ignored_rules(build.document), source.text.lower())

    def run(self, banned: frozenset[Key] = frozenset(), limit: int | None = None) -> _Outcome:
        outcome = _Outcome(self.source.text)
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
        outcome: _Outcome,
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
                outcome.changes.append(_on_original(change, key, outcome.patch, self.source))
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
        rest.remarks = [Remark(RemarkKind.BUG, rules[0] if rules else "DS000", reason, 1)]
        return reading

    def _disown(self, accepted: list[tuple[Change, Key]], text: str) -> None:
        """Make none of *accepted* again that by itself leaves *text* no Dockerfile; none at all where no one does."""
        guilty = [(change, key) for change, key in accepted if not _parses(Patch.of(change.edits).apply(text))]
        for change, key in guilty or accepted:
            reason = f"withdrawn, not proven: {change.title}: the result does not parse"
            line = self.source.position(key[1]).line
            self.unreadable[key] = Remark(RemarkKind.BUG, change.rule, reason, line)

    def _proposals(
        self,
        phase: Phase,
        reading: _Reading,
        outcome: _Outcome,
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
                    proposal = Remark(RemarkKind.MISSED, one.code, f"{proposal.title}: {_SUBSTITUTED}", proposal.line)
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

    def _remark(self, proposal: Change | Remark, build: Build, outcome: _Outcome) -> Remark:
        """*proposal* as a remark on the original text: a change above the level is held back, not lost."""
        starts = build.document.source.line_starts
        offset = starts[min(proposal.line, len(starts)) - 1]
        line = self.source.position(outcome.patch.shift(offset)).line
        if isinstance(proposal, Remark):
            return proposal if proposal.line == line else evolve(proposal, line=line)
        reason = f"{proposal.title} (needs --level {proposal.safety.label})"
        return Remark(RemarkKind.HELD, proposal.rule, reason, line, proposal.evidence)


def _project(options: Options, path: str | None) -> Project | None:
    """The project in the build context of *options*; nothing of it is read before a pass asks."""
    if options.context is None or not isinstance(options.context, Path | str):
        return options.context
    from .context.locate import locate
    from .context.project import FolderProject

    dockerfile = Path(path) if path else None
    return FolderProject(locate(dockerfile, Path(options.context)), dockerfile.name if dockerfile else "Dockerfile")


def _parses(text: str) -> bool:
    try:
        read_build(parse(text))
    except ParseError:
        return False
    return True


def _companions(options: Options, opened: Callable[[], Project | None], text: str) -> tuple[Companion, ...]:
    """The .dockerignore that belongs to the Dockerfile *text*, if it was asked for and has to be written."""
    if not options.dockerignore:
        return ()
    from .context.project import FolderProject

    project = opened()
    if not isinstance(project, FolderProject):
        return ()
    from .context.ignore_file import ignore_file

    found = ignore_file(read_build(parse(text)), project)
    if found is None:
        return ()
    reason = f"keeps {found.files} files, {found.size} bytes, out of the build"
    left_out = tuple(item.path for item in found.items)
    return (Companion(project.ignore_file, found.before, found.text, reason, left_out),)


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


def _on_original(change: Change, key: Key, patch: Patch, source: Source) -> Change:
    edits = tuple(
        Edit(Span(patch.shift(edit.span.start), patch.shift(edit.span.end)), edit.text) for edit in change.edits
    )
    return evolve(change, edits=edits, line=source.position(key[1]).line)


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


def _proven(engine: _Engine, outcome: _Outcome) -> tuple[_Outcome, list[Remark]]:
    """Withdraw changes until the validator accepts the rest; each withdrawn one is reported as a bug."""
    from .validate import Verdict

    bugs: list[Remark] = []
    banned: set[Key] = set()
    judgement = _judge(engine, outcome)
    while judgement.verdict is not Verdict.OK and outcome.changes:
        low, high = 0, len(outcome.changes)
        while high - low > 1:
            middle = (low + high) // 2
            if _judge(engine, engine.run(frozenset(banned), middle)).verdict is Verdict.OK:
                low = middle
            else:
                high = middle
        guilty = engine.run(frozenset(banned), high)
        change, key = guilty.changes[-1], guilty.keys[-1]
        why = _judge(engine, guilty).violations
        reason = why[0].reason if why else "the validator could not decide"
        bugs.append(
            Remark(RemarkKind.BUG, change.rule, f"withdrawn, not proven: {change.title}: {reason}", change.line)
        )
        banned.add(key)
        outcome = engine.run(frozenset(banned))
        judgement = _judge(engine, outcome)
    return outcome, bugs


def _judge(engine: _Engine, outcome: _Outcome) -> Judgement:
    from .validate import validate

    return validate(engine.source.text, outcome.text, outcome.changes, outcome.patch)


def _canonical(result: Result, options: Options) -> Result:
    """*result* set anew from its program; left as it is, with a bug remark, where the layout changed the program."""
    from .render.canonical import canonical
    from .validate import Verdict, validate

    text = canonical(read_build(parse(result.text)), options.templates)
    judgement = validate(result.text, text, ())
    if judgement.verdict is not Verdict.OK:
        reason = f"the canonical layout is not proven: {judgement.violations[0].reason}"
        return evolve(result, remarks=(*result.remarks, Remark(RemarkKind.BUG, "DS000", reason, 1)))
    whole = Patch() if text == result.original else Patch((Edit(Span(0, len(result.original)), text),))
    return evolve(result, text=text, patch=whole)
