"""Build both Dockerfiles, compare what comes out: the judge of what a rewrite is worth and of what it broke."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from .announced import Announced
from .archive import Image, LayerCache
from .bench import WARM, Bench, Progress
from .choose import choose
from .compare import ConfigDifference, PathDifference, Seen, compare_configs, compare_files, seen
from .context import source_file, touched
from .expectations import catalogue, traces_of_packages
from .inherited import inherited_config, inherited_files
from .interface import BuildFailed, BuildRequest, EngineError, RunOutcome, StartOutcome
from .packages import departed
from .process import ended_politely
from .starts import starts_agree
from .workspace import workspace

#: How often a smoke command that did not agree is run again.
_SMOKE_AGAIN = 2


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How to build and what to expect.

    ``engine`` is a name, a path to the executable, or None for the first that works. ``smoke`` is the argument vector
    of a command to run in both images. ``control`` builds BEFORE twice, so that what differs from build to build is
    known. ``warm`` builds once more with one source file changed: ``touch``, relative to the context, or one that is
    found. Without ``smoke`` the container's own start is watched for ``start_timeout``, unless ``start`` says not to.
    Times are in seconds.
    """

    engine: str | None = None
    target: str | None = None
    build_args: tuple[tuple[str, str | None], ...] = ()
    network: str | None = None
    smoke: tuple[str, ...] | None = None
    control: bool = True
    warm: bool = True
    touch: Path | None = None
    build_timeout: float = 3600.0
    smoke_timeout: float = 300.0
    start: bool = True
    start_timeout: float = 20.0
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A Dockerfile to hold against BEFORE. ``announced`` are differences that are wanted, beside the catalogue of
    volatile files and caches; ``estimate`` is the saving that was promised, in bytes."""

    dockerfile: Path
    announced: Announced = field(default_factory=Announced)
    estimate: int | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two images: the Dockerfile, what it built, how long that took, and how the smoke command ended.

    ``warm_runs`` are the RUN instructions that the warm build carried out again, by its log; None without one.
    ``start`` is what the container did when it was started as the image says; None where nobody watched.
    """

    dockerfile: Path
    image: Image
    cold_seconds: float
    warm_seconds: float | None
    warm_runs: tuple[str, ...] | None
    smoke: RunOutcome | None
    start: StartOutcome | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What was measured. ``touched`` is the file that was changed for the warm builds.

    ``other_base``: the images stand on different ones, so equal files do not tell that the container works.
    """

    engine: str
    before: Side
    after: Side
    config: tuple[ConfigDifference, ...]
    files: tuple[PathDifference, ...]
    touched: Path | None
    estimate: int | None
    other_base: bool = False

    @property
    def unexpected(self) -> tuple[PathDifference, ...]:
        """Differences between the root filesystems that nothing accounts for."""
        return tuple(difference for difference in self.files if difference.expected is None)

    @property
    def unexpected_config(self) -> tuple[ConfigDifference, ...]:
        """Differences between the configurations that nobody announced."""
        return tuple(difference for difference in self.config if not difference.expected)

    @property
    def smoke_agrees(self) -> bool:
        """Same exit status and same standard output in both. Standard error is shown, not judged: it tells times."""
        return smoke_agrees(self.before.smoke, self.after.smoke)

    @property
    def start_agrees(self) -> bool:
        """Same ports or same end, and no file refused that was not refused before."""
        return starts_agree(self.before.start, self.after.start)

    @property
    def tried(self) -> bool:
        """Whether the containers were seen at work: by the smoke command, or by their own start."""
        return self.before.smoke is not None or self.before.start is not None

    @property
    def equivalent(self) -> bool:
        """Nothing unexpected differs; on another base that takes having seen both at work, if they start anything."""
        same = not self.unexpected and not self.unexpected_config and self.smoke_agrees and self.start_agrees
        return same and (self.tried or not self.other_base or not self.after.image.config.command)

    @property
    def saved(self) -> int:
        """Bytes by which the image became smaller, uncompressed."""
        return self.before.image.size - self.after.image.size


def smoke_agrees(before: RunOutcome | None, after: RunOutcome | None) -> bool:
    """Whether the smoke command ended alike: with the same status, after the same standard output."""
    if before is None or after is None:
        return before is after
    return before.status is not None and (before.status, before.stdout) == (after.status, after.stdout)


def smoke_command(text: str) -> tuple[str, ...]:
    """The argument vector for a smoke command as people write it.

    A JSON array of strings is an argument vector, for images without a shell; anything else is a script for
    ``/bin/sh``. Raises ``ValueError`` for other JSON arrays.
    """
    if text.lstrip().startswith("["):
        words = json.loads(text)
        if not words or not all(isinstance(word, str) for word in words):
            raise ValueError("a smoke command in JSON is an array of strings that is not empty")
        return tuple(words)
    return ("/bin/sh", "-c", text)


def verify(
    before: Path, after: Candidate, context: Path, options: VerifyOptions, progress: Progress = lambda line: None
) -> Verification:
    """Build the Dockerfiles *before* and *after* in a copy of *context*, and compare the images.

    Raises ``BuildFailed`` if one of them cannot be built, ``EngineError`` if there is no engine. The context stays as
    it is, and nothing of the builds remains but the log file, if ``options.log`` names one.
    """
    outcome = next(verify_each(before, (after,), context, options, progress))
    if isinstance(outcome, BuildFailed):
        raise outcome
    return outcome


def verify_each(
    before: Path,
    afters: Sequence[Candidate],
    context: Path,
    options: VerifyOptions,
    progress: Progress = lambda line: None,
    layers: LayerCache | None = None,
) -> Iterator[Verification | BuildFailed]:
    """Compare *before* with each of *afters*, building it only once; one outcome for each of them, in order.

    A rewrite that cannot be built is an outcome. Raises ``BuildFailed`` if *before* itself cannot be built. All is
    cleaned up when the iterator ends or is closed; the iterator has to be used in the thread that called. *layers*
    may be shared between calls, so that a large base image is read once.
    """
    with ended_politely(), ExitStack() as stack:
        folder = stack.enter_context(workspace())
        engine = choose(options.engine, folder)
        stack.callback(engine.close)
        bench = Bench(engine, folder, stack, layers or LayerCache(), options.log, progress)
        verifier = _Verifier(bench, options)
        verifier.prepare([before, *(after.dockerfile for after in afters)], context)
        original, unstable = verifier.original(before)
        for number, after in enumerate(afters):
            name = "after" if len(afters) == 1 else f"after-{number + 1}"
            try:
                side = verifier.side(after.dockerfile, name)
            except BuildFailed as failure:
                yield failure
                continue
            yield verifier.judged(*verifier.asked_again(original, side, name), after, unstable)


class _Verifier:
    def __init__(self, bench: Bench, options: VerifyOptions) -> None:
        self._bench = bench
        self._options = options
        self._touch: Path | None = None
        self._arguments = {name: value for name, value in options.build_args if value is not None}
        self._watched = options.start and options.smoke is None

    def prepare(self, dockerfiles: Sequence[Path], context: Path) -> None:
        """Copy the context, choose the file to touch, fetch base images."""
        self._bench.prepare(dockerfiles, context, self._arguments)
        named = self._options.touch
        if named is not None and not (self._bench.context / named).is_file():
            raise EngineError(f"{named}: no such file in the build context to touch for the warm build")
        if self._options.warm:
            self._touch = named or source_file(self._bench.context)

    def original(self, dockerfile: Path) -> tuple[Side, Seen]:
        """BEFORE, and how it differs from itself when it is built again."""
        side = self.side(dockerfile, "before")
        if not self._options.control:
            return side, {}
        self._build(dockerfile, "control", fresh=True)
        control = self._bench.read("control", squeezed=False)
        return side, seen(side.image.files, control.files)

    def side(self, dockerfile: Path, name: str) -> Side:
        """One image: built cold, read, tried, built warm."""
        cold, _ = self._build(dockerfile, name, fresh=True)
        image = self._bench.read(name)
        smoke = self._smoke(name, image)
        start = self._start(name, image)
        warm, again = None, None
        if self._touch is not None:
            with touched(self._bench.context, self._touch):
                warm, again = self._build(dockerfile, f"{name}{WARM}", fresh=False)
        return Side(dockerfile, image, cold, warm, again, smoke, start)

    def asked_again(self, before: Side, after: Side, name: str) -> tuple[Side, Side]:
        """Both sides, the smoke command run anew in both where it did not agree.

        buildah's chroot isolation has been seen to lose the end of a command's output on a busy machine; what really
        differs does so every time.
        """
        for _ in range(_SMOKE_AGAIN):
            if smoke_agrees(before.smoke, after.smoke):
                break
            before = replace(before, smoke=self._smoke("before", before.image))
            after = replace(after, smoke=self._smoke(name, after.image))
        if not starts_agree(before.start, after.start):
            # A busy machine may not have let it come as far in time.
            before = replace(before, start=self._start("before", before.image))
            after = replace(after, start=self._start(name, after.image))
        return before, after

    def judged(self, before: Side, after: Side, candidate: Candidate, unstable: Seen) -> Verification:
        """What differs between the two, and what of it is expected."""
        announced = candidate.announced
        known: dict[str, str] = {}
        config = announced.config
        if announced.other_base:
            bases = self._base(before.dockerfile), self._base(after.dockerfile)
            known = inherited_files(before.image, after.image, *bases)
            config |= inherited_config(before.image, after.image, *bases)
        expectations = (*announced.expected, *catalogue())
        gone: frozenset[str] = frozenset()
        if announced.fewer_packages:
            gone = departed(before.image.packages, after.image.packages)
            expectations += traces_of_packages(before.image.packages.keys() - after.image.packages.keys())
        return Verification(
            engine=self._bench.engine.version(),
            before=before,
            after=after,
            config=compare_configs(before.image.config, after.image.config, config),
            files=compare_files(before.image.files, after.image.files, expectations, known, gone, unstable),
            touched=self._touch,
            estimate=candidate.estimate,
            other_base=announced.other_base,
        )

    def _build(self, dockerfile: Path, name: str, *, fresh: bool) -> tuple[float, tuple[str, ...]]:
        options = self._options
        like = BuildRequest(
            dockerfile, self._bench.context, "", options.target, options.build_args, options.network,
            timeout=options.build_timeout,
        )  # fmt: skip
        return self._bench.build(dockerfile, name, like, fresh=fresh)

    def _base(self, dockerfile: Path) -> Image:
        return self._bench.base(dockerfile, self._arguments, self._options.target)

    def _smoke(self, name: str, image: Image) -> RunOutcome | None:
        options = self._options
        if options.smoke is None:
            return None
        return self._bench.smoke(name, options.smoke, image.config.ports, options.network, options.smoke_timeout)

    def _start(self, name: str, image: Image) -> StartOutcome | None:
        """What the container does; None where it starts nothing, or where nobody can watch."""
        options = self._options
        if not self._watched or not image.config.command:
            return None
        try:
            return self._bench.start(name, image.config, options.network, options.start_timeout, trace=True)
        except EngineError as reason:
            self._bench.progress(f"not watched: {reason}")
            self._watched = False
            return None
