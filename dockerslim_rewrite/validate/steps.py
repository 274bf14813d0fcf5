"""Step by step through two programs: what is equal, what a claim licenses, what is neither."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from ..change import (
    AddsInstruction,
    AddsMount,
    ChangesFlag,
    ChangesForm,
    DropsInstruction,
    JoinsMetadata,
    MergesRuns,
    MovesInstruction,
    PinsBase,
    ReplacesInstruction,
    RewritesLabels,
    SetsUser,
    SetsWorkdir,
    SlimsBase,
)
from ..ir.build import Build, Stage
from ..ir.steps import (
    Arg,
    Copy,
    Env,
    Exec,
    From,
    Healthcheck,
    Label,
    Listing,
    Onbuild,
    Run,
    Step,
    Value,
)
from ..shell.reader import read_script
from ..shell.script import Script
from .base_images import argument_only_chooses_bases
from .bodies import Bodies
from .claims import Licences
from .observe import Command, units, value
from .program import script_of, source_of
from .verdict import Undecided, Unsound

_URL = re.compile(r"(?:https?|ftp|git|ssh)://|git@|.*\.git(?:#|\Z)", re.I)
_ARCHIVE = re.compile(r".*\.(?:tar|tgz|tbz2?|txz|tlz|tzst|gz|bz2|xz|zst|lzma|Z)\Z|.*\$", re.I)
_OVERRIDDEN = frozenset(("CMD", "ENTRYPOINT", "HEALTHCHECK"))

Fingerprint = tuple[object, ...]


class Matcher:
    """Matches the steps of two builds; raises ``Unsound`` or ``Undecided`` at the first difference without licence."""

    def __init__(self, old: Build, new: Build, licences: Licences) -> None:
        self.old = old
        self.new = new
        self.escape = old.document.escape
        self.licences = licences
        self.bodies = Bodies(licences)
        self.workdir: str | None = None
        self.exported: set[str] = set()

    def head(self, before: From, after: From) -> None:
        """Compare two FROM lines; stages and images are compared elsewhere."""
        self.workdir = None
        self.exported = set()
        if self._flags(before, before) != self._flags(after, before):
            raise Unsound("a flag of FROM changed", before.line, after.line)

    def series(self, before: Sequence[Step], after: Sequence[Step], stage: Stage | None = None) -> None:
        """Walk through the steps of one stage."""
        i = j = 0
        while i < len(before) or j < len(after):
            left = before[i] if i < len(before) else None
            right = after[j] if j < len(after) else None
            if left is not None and right is not None:
                if self._same(left, right):
                    self._advance(left)
                    i, j = i + 1, j + 1
                    continue
                if isinstance(left, Run) and isinstance(right, Run):
                    try:
                        i += self._runs(before, i, right)
                        j += 1
                    except Unsound:
                        if not self._vanishes(left):
                            raise
                        i += 1
                    continue
                if self._replaced(left, right, before):
                    self._advance(left)
                    i, j = i + 1, j + 1
                    continue
                joined = self._joined(before, i, right)
                if joined:
                    for step in before[i : i + joined]:
                        self._advance(step)
                    i, j = i + joined, j + 1
                    continue
            if left is not None and self._dropped(left, before[i + 1 :]):
                i += 1
                continue
            if right is not None and self._added(right):
                j += 1
                continue
            self._fail(left, right)

    def _fail(self, left: Step | None, right: Step | None) -> None:
        lines = (left.line if left else None, right.line if right else None)
        if self.licences.of(MovesInstruction):
            raise Undecided("moved instructions cannot be followed", *lines)
        if left is None:
            raise Unsound(f"{right.keyword if right else 'a step'} was added", *lines)
        if right is None:
            raise Unsound(f"{left.keyword} is gone", *lines)
        raise Unsound(f"{left.keyword} became another {right.keyword}", *lines)

    def _advance(self, step: Step) -> None:
        if isinstance(step, Value) and step.keyword == "WORKDIR":
            path = self._path(step.value)
            self.workdir = path
        elif isinstance(step, Env | Arg):
            self.exported.update(pair.key for pair in step.pairs)

    def _path(self, text: str) -> str | None:
        parts = value(text, self.escape)
        if len(parts) > 1:
            return None
        path = parts[0]
        if path.startswith("/"):
            return posixpath.normpath(path)
        return posixpath.normpath(posixpath.join(self.workdir, path)) if self.workdir else None

    def _same(self, left: Step, right: Step) -> bool:
        if left.origin.logical.text == right.origin.logical.text and _heredocs(left) == _heredocs(right):
            return True
        if isinstance(left, Run) and isinstance(right, Run):
            return False
        return self._print(left, left) == self._print(right, left)

    def _flags(self, step: Step, old: Step) -> tuple[tuple[str, str | None], ...]:
        """The flags of *step* as meant; on the old side (*step* is *old*) with the claimed changes made."""
        flags: list[tuple[str, str | None]] = [(flag.name, flag.value) for flag in step.origin.flags]
        if step is old:
            for claim in self.licences.of(ChangesFlag):
                if not isinstance(claim, ChangesFlag) or claim.keyword != step.keyword:
                    continue
                if claim.before is None and claim.after is not None:
                    pass
                elif (claim.name, claim.before) in flags:
                    at = flags.index((claim.name, claim.before))
                    flags[at : at + 1] = [] if claim.after is None else [(claim.name, claim.after)]
        return tuple(flags)

    def _print(self, step: Step, left: Step) -> Fingerprint:
        """What a build observes of *step*, whichever way it is written."""
        build = self.old if step is left else self.new
        flags = self._copy_flags(step, build)
        escape = self.escape
        if isinstance(step, Env | Label | Arg):
            pairs = tuple(
                ("".join(value(pair.key, escape)), None if pair.value is None else value(pair.value, escape))
                for pair in step.pairs
            )
            return (step.keyword, flags, self._labels(pairs, step is left) if isinstance(step, Label) else pairs)
        if isinstance(step, Copy):
            target = step.destination
            if len(step.sources) > 1 and not target.endswith("/"):
                target += "/"
            return (step.keyword, flags, step.sources, target, step.origin.json is None, _heredocs(step))
        if isinstance(step, Run | Exec):
            text = step.origin.args if step.argv is None else None
            return (step.keyword, flags, step.argv, text, _heredocs(step))
        if isinstance(step, Listing):
            words = tuple(map(_exposed, step.words)) if step.keyword == "EXPOSE" else step.words
            return (step.keyword, flags, words)
        if isinstance(step, Healthcheck):
            return (step.keyword, flags, step.test, step.argv, step.command if step.argv is None else None)
        if isinstance(step, Onbuild):
            return (step.keyword, self._print(step.trigger, step.trigger) if step.trigger else None)
        if isinstance(step, Value):
            return (step.keyword, flags, value(step.value, escape) if step.keyword != "MAINTAINER" else step.value)
        return (step.keyword, flags, step.origin.args)

    def _copy_flags(self, step: Step, build: Build) -> Fingerprint:
        stage = next((s.index for s in build.stages if step in s.steps), len(build.stages))
        found: list[object] = []
        for flag in step.origin.flags:
            if flag.name == "from" and flag.value:
                found.append(("from", source_of(flag.value, stage, build)))
            elif flag.name == "mount" and flag.value:
                parts = [
                    f"from={source_of(part[5:], stage, build)}" if part.lower().startswith("from=") else part
                    for part in flag.value.split(",")
                ]
                found.append(("mount", ",".join(parts)))
            else:
                found.append((flag.name, flag.value))
        return tuple(found)

    def _labels(self, pairs: tuple[tuple[str, object], ...], old: bool) -> Fingerprint:
        if not old:
            return pairs
        keys: dict[str, str] = {}
        for claim in self.licences.of(RewritesLabels):
            if isinstance(claim, RewritesLabels):
                keys.update(claim.keys)
        return tuple((keys.get(key, key), text) for key, text in pairs)

    def _runs(self, before: Sequence[Step], at: int, right: Run) -> int:
        """Match the RUNs of *before* from *at* on against *right*; how many of them it takes."""
        most = 1 + max([c.count for c in self.licences.of(MergesRuns) if isinstance(c, MergesRuns)], default=0) * len(
            self.licences.of(MergesRuns)
        )
        group: list[Run] = []
        matched = 0
        failure: Unsound | None = None
        for step in before[at : at + most]:
            if not isinstance(step, Run):
                break
            group.append(step)
            try:
                self._frame(group, right)
                self.bodies.check(group, right, frozenset(self.exported), self.old)
            except Unsound as unsound:
                failure = unsound
            else:
                matched = len(group)
        if matched:
            return matched
        raise failure or Unsound("a RUN is gone", None, right.line)

    def _frame(self, group: list[Run], right: Run) -> None:
        mounts = {claim.mount for claim in self.licences.of(AddsMount) if isinstance(claim, AddsMount)}
        wanted = self._copy_flags(group[0], self.old)
        flags = tuple(
            flag for flag in self._copy_flags(right, self.new) if not (isinstance(flag, tuple) and flag[1] in mounts)
        )
        if any(self._copy_flags(run, self.old) != wanted for run in group) or wanted != flags:
            raise Unsound("flags of a RUN changed", group[0].line, right.line)

    def _replaced(self, left: Step, right: Step, stage: Sequence[Step]) -> bool:
        """Whether *right* stands for *left* by a claim."""
        if isinstance(left, Onbuild) and isinstance(right, Onbuild):
            if left.trigger is None or right.trigger is None:
                return False
            if isinstance(left.trigger, Run) and isinstance(right.trigger, Run):
                self._frame([left.trigger], right.trigger)
                self.bodies.check([left.trigger], right.trigger, frozenset(), self.old)
                return True
            return self._replaced(left.trigger, right.trigger, ())
        if any(
            isinstance(c, ReplacesInstruction) and (c.before, c.after) == (left.keyword, right.keyword)
            for c in self.licences.claims
        ):
            if isinstance(left, Copy) and isinstance(right, Copy):
                return self._add_to_copy(left, right)
            if left.keyword == "MAINTAINER" and isinstance(left, Value) and isinstance(right, Label):
                return self._maintainer(left, right)
            raise Undecided(f"{left.keyword} → {right.keyword} cannot be followed", left.line, right.line)
        if left.keyword != right.keyword:
            return False
        if isinstance(left, Exec) and isinstance(right, Exec):
            claimed = any(isinstance(c, ChangesForm) and c.keyword == left.keyword for c in self.licences.claims)
            return claimed and self._form(left, right, stage)
        if isinstance(left, Healthcheck) and isinstance(right, Healthcheck):
            claimed = any(isinstance(c, ChangesForm) and c.keyword == left.keyword for c in self.licences.claims)
            return claimed and self._test(left, right)
        if isinstance(left, Value) and isinstance(right, Value):
            return self._value(left, right)
        if isinstance(left, Copy) and isinstance(right, Copy):
            return self._flagged(left, right)
        if isinstance(left, Arg) and isinstance(right, Arg):
            return len(left.pairs) == len(right.pairs) and all(
                a.key == b.key and (a.value == b.value or self._chooses_base(left, a.key))
                for a, b in zip(left.pairs, right.pairs, strict=True)
            )
        return False

    def _chooses_base(self, step: Arg, key: str) -> bool:
        """Whether a new default of *key* shows in base images only, which are compared by themselves."""
        claimed = self.licences.of(PinsBase, SlimsBase)
        return bool(claimed) and step in self.old.preamble and argument_only_chooses_bases(self.old, key)

    def _add_to_copy(self, left: Copy, right: Copy) -> bool:
        if any(_URL.match(source.strip("\"'")) or _ARCHIVE.match(source.strip("\"'")) for source in left.sources):
            raise Unsound("ADD fetches or unpacks here; COPY does not", left.line, right.line)
        same = self._copy_flags(left, self.old) == self._copy_flags(right, self.new)
        same = same and _heredocs(left) == _heredocs(right)
        return same and (left.sources, left.destination) == (right.sources, right.destination)

    def _maintainer(self, left: Value, right: Label) -> bool:
        if len(right.pairs) != 1 or right.pairs[0].value is None:
            return False
        text = left.value
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
            text = text[1:-1]
        key = "".join(value(right.pairs[0].key, self.escape))
        return key in ("org.opencontainers.image.authors", "maintainer") and value(
            right.pairs[0].value, self.escape
        ) == (text,)

    def _form(self, left: Exec, right: Exec, stage: Sequence[Step]) -> bool:
        if left.argv is not None or right.argv is None or left.body is None:
            return False
        script = left.body.script
        if not isinstance(script, Script):
            return False
        others = [one for one in stage if isinstance(one, Exec) and one.keyword != left.keyword]
        if left.keyword == "CMD" and others and others[-1].argv is not None:
            raise Unsound("the words of CMD are arguments of ENTRYPOINT", left.line, right.line)
        if left.keyword == "ENTRYPOINT" and others:
            raise Unsound("CMD would become arguments of ENTRYPOINT", left.line, right.line)
        if right.argv[:2] == ("/bin/sh", "-c") and len(right.argv) == 3:
            return right.argv[2].replace("exec ", "") == script.text.replace("exec ", "")
        return _runs(script, right.argv)

    def _test(self, left: Healthcheck, right: Healthcheck) -> bool:
        """Whether two tests of a container's health run the same."""
        if (left.test, self._flags(left, right)) != (right.test, self._flags(right, left)):
            return False
        if left.argv is not None or right.argv is None:
            return False
        if right.argv == ("/bin/sh", "-c", left.command):
            return True
        script = read_script(left.command)
        return isinstance(script, Script) and _runs(script, right.argv)

    def _value(self, left: Value, right: Value) -> bool:
        if left.keyword == "WORKDIR":
            claimed = {(c.before, c.after) for c in self.licences.of(SetsWorkdir) if isinstance(c, SetsWorkdir)}
            if (left.value, right.value) not in claimed:
                return False
            path = self._path(left.value)
            return path is not None and path == self._path(right.value)
        return False

    def _flagged(self, left: Copy, right: Copy) -> bool:
        if (left.sources, left.destination) != (right.sources, right.destination):
            return False
        if _heredocs(left) != _heredocs(right):
            return False
        added = [flag for flag in self._copy_flags(right, self.new) if flag not in self._copy_flags(left, self.old)]
        kept = tuple(flag for flag in self._copy_flags(right, self.new) if flag not in added)
        claims = {(c.name, c.after) for c in self.licences.of(ChangesFlag) if isinstance(c, ChangesFlag)}
        return kept == self._copy_flags(left, self.old) and all(flag in claims for flag in added)

    def _joined(self, before: Sequence[Step], at: int, right: Step) -> int:
        """How many metadata steps of *before* from *at* on *right* joins by a claim; 0 for none."""
        keywords = {claim.keyword for claim in self.licences.of(JoinsMetadata) if isinstance(claim, JoinsMetadata)}
        if right.keyword not in keywords:
            return 0
        collected: list[object] = []
        wanted = self._content(right)
        for count, step in enumerate(before[at:], 1):
            if step.keyword != right.keyword:
                return 0
            collected += self._content(step)
            if collected == wanted:
                return count if self._independent(before[at : at + count]) else 0
        return 0

    def _content(self, step: Step) -> list[object]:
        if isinstance(step, Env | Label):
            return [(value(p.key, self.escape), value(p.value or "", self.escape)) for p in step.pairs]
        return list(step.words) if isinstance(step, Listing) else [step]

    def _independent(self, steps: Sequence[Step]) -> bool:
        """Within one ENV every value sees the old environment: no value may use a key set before it."""
        known: set[str] = set()
        for step in steps:
            pairs = step.pairs if isinstance(step, Env) else ()
            if any(re.search(rf"\$\{{?{re.escape(k)}\b", pair.value or "") for pair in pairs for k in known):
                return False
            known.update(pair.key for pair in pairs)
        return True

    def _dropped(self, left: Step, rest: Sequence[Step]) -> bool:
        claimed = {claim.keyword for claim in self.licences.of(DropsInstruction) if isinstance(claim, DropsInstruction)}
        if left.keyword in claimed:
            if left.keyword in _OVERRIDDEN:
                return any(step.keyword == left.keyword for step in rest)
            if isinstance(left, Run):
                return self._vanishes(left)
            raise Undecided(f"a dropped {left.keyword} cannot be followed", left.line)
        return isinstance(left, Run) and self._vanishes(left)

    def _vanishes(self, run: Run) -> bool:
        script = script_of(run)
        if script is None:
            return False
        found = units(script)
        return bool(found) and all(isinstance(unit, Command) and self.licences.removes(unit) for unit in found)

    def _added(self, right: Step) -> bool:
        for claim in self.licences.of(AddsInstruction):
            if isinstance(claim, AddsInstruction) and claim.text == right.origin.logical.text.strip():
                return True
        users = {claim.user for claim in self.licences.of(SetsUser) if isinstance(claim, SetsUser)}
        return isinstance(right, Value) and right.keyword == "USER" and right.value in users


def _runs(script: Script, argv: tuple[str, ...]) -> bool:
    """Whether *script* is one plain command of the words *argv*."""
    found = units(script)
    if len(found) != 1 or not isinstance(found[0], Command):
        return False
    words = found[0].words
    if words[:1] == ("exec",):
        words = words[1:]
    plain = not found[0].assignments and not found[0].redirects and not any(w.startswith("\0") for w in words)
    return plain and words == argv


def _exposed(word: str) -> str:
    """The port that an image gets from a word of EXPOSE: the container's, with its protocol in lower case.

    Source: BuildKit ``dispatchExpose``, which drops what stands before the container's port.
    """
    return word if "$" in word else word.rpartition(":")[2].lower()


def _heredocs(step: Step) -> str:
    """The here-documents of *step* as they are written, terminators included."""
    heredocs = step.origin.heredocs
    if not heredocs:
        return ""
    start = heredocs[0].body.start - step.origin.span.start
    return step.origin.text[start:].rstrip("\r\n")
