"""Proving: build the file as it is and as a rule would like it, look at both, mend what is missing, build again."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from ...analysis.locked import Supposed
from ...change import Change, RemarkKind, SplitsStage
from ...pipeline import Result, rewrite
from ...record import evolve
from ..archive import LayerCache
from ..bench import WARM, Bench, Progress
from ..choose import choose
from ..compare import Seen, seen
from ..context import source_file, touched
from ..interface import BuildFailed, BuildRequest
from ..process import ended_politely
from ..workspace import workspace
from .differences import differences
from .elf import Elf, reader
from .evidence import decisive, shown
from .measure import written
from .observe import Observed, Observer
from .problems import Problem, problems
from .task import LEANER, SPLITS, USER, Attempt, Ladder, Task

#: How often a candidate is mended and built again.
ROUNDS = 4
_SERIES = "prove"


def prove(task: Task, rules: tuple[str, ...], progress: Progress) -> Ladder:
    """Try *rules*, as ``candidates`` names them, on *task*, in this order.

    Raises ``EngineError`` where nothing can be built here at all, ``BuildFailed`` where the file as it is cannot.
    """
    with prover(task, progress) as opened:
        return Ladder(opened.before.image.size, tuple(opened.attempts(rules)))


@contextlib.contextmanager
def prover(task: Task, progress: Progress, layers: LayerCache | None = None) -> Iterator[Prover]:
    """The file of *task* built as it is, and whoever tries rules on it; all images go on leaving. Raises as ``prove``.

    *layers* may be shared between calls, so that a base image is read once.
    """
    read = reader()
    with ended_politely(), ExitStack() as stack:
        folder = stack.enter_context(workspace())
        engine = choose(task.how.engine, folder)
        stack.callback(engine.close)
        yield Prover(task, Bench(engine, folder, stack, layers or LayerCache(), task.how.log, progress), folder, read)


class Prover:
    """Tries rules on one file. ``before`` is what its image showed, ``bench`` has that and those of attempts."""

    def __init__(self, task: Task, bench: Bench, folder: Path, read: Callable[[bytes], Elf | None]) -> None:
        self.task = task
        self.bench = bench
        self._folder = folder
        self._arguments = {name: value for name, value in task.how.build_args if value is not None}
        self._unstable: Seen | None = None
        self._count = 0
        self._observer = Observer(bench, read, task.trial)
        self._original = self._stored("Dockerfile", task.text)
        bench.prepare([self._original], task.context, self._arguments)
        self._build(self._original, "before")
        self._base = bench.base(self._original, self._arguments, task.how.target)
        self.before, self.places = self._observer.observe("before", lambda image: written(image, self._base))

    def attempts(self, rules: tuple[str, ...]) -> Iterator[Attempt]:
        """Each of *rules* tried, and tried again as the same user as before where another one may be in the way.

        At last the smallest of what is proved is tried with the leaner installations that are.
        """
        proved: list[Attempt] = []
        for rule in rules:
            found, by_user = self._attempt(rule, ())
            if not found.proved and by_user and found.result and USER in {one.rule for one in found.result.changes}:
                yield found
                found, _ = self._attempt(rule, (USER,))
            yield found
            proved += [found] if found.proved else []
        leaner = tuple(one.rule for one in proved if one.rule in LEANER)
        others = [one for one in proved if one.rule not in LEANER]
        if leaner and others:
            best = min(others, key=lambda one: one.size or 0)
            yield self._attempt(best.rule, best.ignored, leaner, best.given)[0]
        elif len(leaner) > 1:
            yield self._attempt(leaner[0], (), leaner[1:])[0]

    def _attempt(
        self, rule: str, ignored: tuple[str, ...], also: tuple[str, ...] = (), known: Supposed | None = None
    ) -> tuple[Attempt, bool]:
        """*rule* tried, and whether it may be the user's fault that it is refused."""
        level = self.task.options.safety.name.lower()
        given = known or Supposed(rule, places=self.places if rule in SPLITS else (), level=level)
        attempt = Attempt(rule, rule, 0, None, None, given, ignored, also)
        for number in range(1, ROUNDS + 1):
            result, change = self._rewritten(given, ignored, also)
            if change is None:
                return evolve(attempt, refused=_why_not(result, rule)), False
            attempt = evolve(attempt, title=change.title, rounds=number, result=result, given=given)
            try:
                after = self._built(result)
            except BuildFailed as failure:
                where = failure.instruction or "its start"
                return evolve(attempt, refused=f"does not build: {where[:120]}"), False
            size, count = after.image.size, len(after.image.packages)
            attempt = evolve(attempt, image=f"try-{self._count}", size=size, packages=count)
            found = problems(self.before, after, given.places or self.places, self.task.programs)
            more = _mended(given, found)
            if more is not None and more != given:
                self.bench.progress(f"mending {rule}: {found[0].reason}")
                given = more
                continue
            found = found or self._differences(result, after)
            if not found:
                return self._proved(attempt, after), False
            return evolve(attempt, refused=found[0].reason), any(one.user for one in found)
        return evolve(attempt, refused=f"something is missing still after {ROUNDS} rounds"), False

    def _proved(self, attempt: Attempt, after: Observed) -> Attempt:
        if self.task.unclear is not None and self.task.trial.smoke is None:
            reason = f"{self.task.unclear}: give --smoke a command that does it"
            return evolve(attempt, refused=reason)
        level = "standard" if decisive(self.before, after) else "aggressive"
        told = shown(self.before, after, self.task.when)
        given = evolve(attempt.given, base=_base_of(attempt) or "", level=level, evidence=told)
        result, change = self._rewritten(given, attempt.ignored, attempt.also)
        # The level decides whether the change is made; its text must be the one that was built.
        held = result.text if change is not None else None
        if held is not None and attempt.result is not None and held != attempt.result.text:
            return evolve(attempt, refused="the proven file is not the one that would be written")
        seconds = self._warm() if self.task.how.warm else None
        return evolve(attempt, given=given, result=result if change is not None else attempt.result, warm=seconds)

    def _warm(self) -> float | None:
        """The seconds that a build takes once a source file has changed; None where there is none."""
        file = self.task.how.touch or source_file(self.bench.context)
        if file is None:
            return None
        with touched(self.bench.context, file):
            name = f"try-{self._count}{WARM}"
            return self.bench.build(self._file, name, self._like(self._file), fresh=False, series=_SERIES)[0]

    def _rewritten(
        self, given: Supposed, ignored: tuple[str, ...], also: tuple[str, ...]
    ) -> tuple[Result, Change | None]:
        options = self.task.options
        supposed = (given, *(Supposed(code, level=given.level, evidence=given.evidence) for code in also))
        supposing = evolve(options, supposed=supposed, ignore=tuple(dict.fromkeys((*options.ignore, *ignored))))
        result = rewrite(self.task.text, supposing, str(self.task.path))
        return result, next((one for one in result.changes if one.rule == given.rule), None)

    def _built(self, result: Result) -> Observed:
        self._count += 1
        name = f"try-{self._count}"
        file = self._stored(f"Dockerfile.{name}", result.to_bytes())
        self.bench.fetch([file], self._arguments)
        self._build(file, name)
        self._file = file
        return self._observer.observe(name, lambda image: self.places)[0]

    def _differences(self, result: Result, after: Observed) -> tuple[Problem, ...]:
        """What of the files and of the configuration differs, and no change announces."""
        other = self.bench.base(self._file, self._arguments, self.task.how.target)
        images = self.before.image, after.image
        return tuple(differences(result, images, (self._base, other), self._seen))

    def _seen(self) -> Seen:
        """How the file as it is differs from itself, for which it is built again."""
        if not self.task.how.control:
            return {}
        if self._unstable is None:
            self.bench.build(self._original, "control", self._like(self._original), fresh=True)
            self._unstable = seen(self.before.image.files, self.bench.read("control", squeezed=False).files)
        return self._unstable

    def _build(self, file: Path, name: str) -> None:
        self.bench.build(file, name, self._like(file), fresh=False, series=_SERIES)

    def _like(self, file: Path) -> BuildRequest:
        how = self.task.how
        return BuildRequest(
            file, self.bench.context, "", how.target, how.build_args, how.network, timeout=how.build_timeout
        )

    def _stored(self, name: str, data: bytes) -> Path:
        """A file with *data*, for whose build is ignored what is for the original's."""
        file = self._folder / name
        file.write_bytes(data)
        ignored = self.task.path.with_name(f"{self.task.path.name}.dockerignore")
        if ignored.is_file():
            shutil.copyfile(ignored, file.with_name(f"{name}.dockerignore"))
        return file


def _base_of(attempt: Attempt) -> str | None:
    """The base image that a split has chosen: the lock names it, so that later versions choose the same."""
    changes = attempt.result.changes if attempt.result is not None else ()
    claims = [claim for one in changes if one.rule == attempt.rule for claim in one.claims]
    return next((claim.base for claim in claims if isinstance(claim, SplitsStage)), None)


def _mended(given: Supposed, found: tuple[Problem, ...]) -> Supposed | None:
    """*given* with what cures the problems that can be cured; None where none can."""
    splits = given.rule in SPLITS
    places = {place for one in found for place in one.places} if splits else set()
    packages = {package for one in found if not (splits and one.places) for package in one.packages}
    if not packages and not places:
        return None
    wanted = sorted({*given.places, *places})
    outer = tuple(one for one in wanted if not any(one.startswith(f"{two}/") for two in wanted))
    return evolve(given, packages=tuple(sorted({*given.packages, *packages})), places=outer)


def _why_not(result: Result, rule: str) -> str:
    """Why the rule makes no change even so."""
    told = [one.reason for one in result.remarks if one.rule == rule and one.kind is not RemarkKind.HELD]
    return told[0] if told else "the rule finds nothing to change"
