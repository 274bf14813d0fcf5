"""Build both Dockerfiles, compare what comes out: the judge of what a rewrite is worth and of what it broke."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from .announced import Announced
from .archive import Image, LayerCache, read_archive
from .bases import external_images, shipped_image
from .choose import choose
from .compare import UNSTABLE, ConfigDifference, PathDifference, compare_configs, compare_files
from .context import copy_context, source_file, touched
from .expectations import catalogue, traces_of_packages
from .inherited import inherited_config, inherited_files
from .interface import BuildFailed, BuildRequest, Engine, EngineError, ImageConfig, RunOutcome, RunRequest
from .packages import departed
from .process import ended_politely
from .rootfs import RootFilesystem
from .workspace import workspace

#: Receives a line about what is going on, for people.
Progress = Callable[[str], None]

#: How often a smoke command that did not agree is run again.
_SMOKE_AGAIN = 2
#: What the name of a side's second build ends in.
_WARM = "-warm"


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How to build and what to expect.

    ``engine`` is a name, a path to the executable, or None for the first that works. ``smoke`` is the argument vector
    of a command to run in both images. ``control`` builds BEFORE twice, so that what differs from build to build is
    known. ``warm`` builds once more with one source file changed: ``touch``, relative to the context, or one that is
    found. Times are in seconds.
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
    """

    dockerfile: Path
    image: Image
    cold_seconds: float
    warm_seconds: float | None
    warm_runs: tuple[str, ...] | None
    smoke: RunOutcome | None


@dataclass(frozen=True, slots=True)
class Verification:
    """What was measured. ``touched`` is the file that was changed for the warm builds."""

    engine: str
    before: Side
    after: Side
    config: tuple[ConfigDifference, ...]
    files: tuple[PathDifference, ...]
    touched: Path | None
    estimate: int | None

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
    def equivalent(self) -> bool:
        """Nothing unexpected differs."""
        return not self.unexpected and not self.unexpected_config and self.smoke_agrees

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
        verifier = _Verifier(engine, folder, options, progress, stack, layers or LayerCache())
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
    def __init__(
        self,
        engine: Engine,
        folder: Path,
        options: VerifyOptions,
        progress: Progress,
        stack: ExitStack,
        layers: LayerCache,
    ) -> None:
        self._engine = engine
        self._options = options
        self._progress = progress
        self._stack = stack
        self._folder = folder
        self._context = folder / "context"
        self._log = options.log.absolute() if options.log else folder / "build.log"
        self._run = secrets.token_hex(8)
        self._layers = layers
        self._touch: Path | None = None
        self._arguments = {name: value for name, value in options.build_args if value is not None}

    def prepare(self, dockerfiles: Sequence[Path], context: Path) -> None:
        """Copy the context, choose the file to touch, fetch base images."""
        copy_context(context, self._context)
        named = self._options.touch
        if named is not None and not (self._context / named).is_file():
            raise EngineError(f"{named}: no such file in the build context to touch for the warm build")
        if self._options.warm:
            self._touch = named or source_file(self._context)
        for image in {image: None for file in dockerfiles for image in external_images(file, self._arguments)}:
            self._progress(f"fetching {image}")
            self._engine.fetch(image)

    def original(self, dockerfile: Path) -> tuple[Side, dict[str, str]]:
        """BEFORE, and the paths that are not the same when it is built again, with that as the reason."""
        side = self.side(dockerfile, "before")
        if not self._options.control:
            return side, {}
        self._build(dockerfile, "control", fresh=True)
        control = self._read("control", squeezed=False)
        return side, {one.path: UNSTABLE for one in compare_files(side.image.files, control.files)}

    def side(self, dockerfile: Path, name: str) -> Side:
        """One image: built cold, read, tried, built warm."""
        cold, _ = self._build(dockerfile, name, fresh=True)
        image = self._read(name)
        smoke = self._smoke(name)
        warm, again = None, None
        if self._touch is not None:
            with touched(self._context, self._touch):
                warm, again = self._build(dockerfile, f"{name}{_WARM}", fresh=False)
        return Side(dockerfile, image, cold, warm, again, smoke)

    def asked_again(self, before: Side, after: Side, name: str) -> tuple[Side, Side]:
        """Both sides, the smoke command run anew in both where it did not agree.

        buildah's chroot isolation has been seen to lose the end of a command's output on a busy machine; what really
        differs does so every time.
        """
        for _ in range(_SMOKE_AGAIN):
            if smoke_agrees(before.smoke, after.smoke):
                break
            before = replace(before, smoke=self._smoke("before"))
            after = replace(after, smoke=self._smoke(name))
        return before, after

    def judged(self, before: Side, after: Side, candidate: Candidate, unstable: dict[str, str]) -> Verification:
        """What differs between the two, and what of it is expected."""
        announced = candidate.announced
        known, config = unstable, announced.config
        if announced.other_base:
            bases = self._base(before.dockerfile), self._base(after.dockerfile)
            known = inherited_files(before.image, after.image, *bases) | unstable
            config |= inherited_config(before.image, after.image, *bases)
        expectations = (*announced.expected, *catalogue())
        gone: frozenset[str] = frozenset()
        if announced.fewer_packages:
            gone = departed(before.image.packages, after.image.packages)
            expectations += traces_of_packages(before.image.packages.keys() - after.image.packages.keys())
        return Verification(
            engine=self._engine.version(),
            before=before,
            after=after,
            config=compare_configs(before.image.config, after.image.config, config),
            files=compare_files(before.image.files, after.image.files, expectations, known, gone),
            touched=self._touch,
            estimate=candidate.estimate,
        )

    def _build(self, dockerfile: Path, name: str, *, fresh: bool) -> tuple[float, tuple[str, ...]]:
        """Build; the seconds it took, and the RUN instructions it carried out. The image goes when all is done."""
        options = self._options
        request = BuildRequest(
            dockerfile=dockerfile.absolute(),
            context=self._context,
            tag=self._tag(name),
            target=options.target,
            build_args=options.build_args,
            network=options.network,
            fresh=fresh,
            series=name.removesuffix(_WARM),
            timeout=options.build_timeout,
        )
        self._stack.callback(self._engine.remove, request.tag)
        start = time.monotonic()
        executed = self._engine.build(request, self._log, lambda line: self._progress(f"building {name}: {line}"))
        return time.monotonic() - start, executed

    def _tag(self, name: str) -> str:
        return f"localhost/dockerslim-verify-{self._run}:{name}"

    def _read(self, name: str, *, squeezed: bool = True) -> Image:
        self._progress(f"reading {name}")
        return self._exported(self._tag(name), squeezed=squeezed)

    def _base(self, dockerfile: Path) -> Image:
        """The image that *dockerfile* builds on; an empty one if that is ``scratch``."""
        image = shipped_image(dockerfile, self._arguments, self._options.target)
        if image is None:
            return Image((), ImageConfig(), RootFilesystem(), {})
        self._progress(f"reading {image}")
        return self._exported(image, squeezed=False)

    def _exported(self, image: str, *, squeezed: bool) -> Image:
        archive = self._folder / "image.tar"
        try:
            self._engine.export(image, archive)
            return read_archive(archive, self._layers, squeezed=squeezed)
        finally:
            archive.unlink(missing_ok=True)

    def _smoke(self, name: str) -> RunOutcome | None:
        options = self._options
        if options.smoke is None:
            return None
        self._progress(f"running the smoke command in {name}")
        return self._engine.run(RunRequest(self._tag(name), options.smoke, options.network, options.smoke_timeout))
