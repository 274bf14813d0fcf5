"""Build both Dockerfiles, compare what comes out: the judge of what a rewrite is worth and of what it broke."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .archive import Image, LayerCache, read_archive
from .bases import external_images
from .choose import choose
from .compare import ConfigDifference, PathDifference, compare_configs, compare_files
from .context import copy_context, source_file, touched
from .expectations import Expectation, catalogue
from .interface import BuildRequest, Engine, EngineError, RunOutcome, RunRequest
from .process import ended_politely
from .workspace import workspace

#: Receives a line about what is going on, for people.
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How to build and what to expect.

    ``engine`` is a name, a path to the executable, or None for the first that works. ``smoke`` is the argument vector
    of a command to run in both images. ``expected`` and ``expected_config`` name differences that are wanted, beside
    the catalogue of volatile files and caches. ``control`` builds BEFORE twice, so that what differs from build to
    build is known. ``warm`` builds once more with one source file changed: ``touch``, relative to the context, or one
    that is found. ``estimate`` is the saving that was promised, in bytes. Times are in seconds.
    """

    engine: str | None = None
    target: str | None = None
    build_args: tuple[tuple[str, str | None], ...] = ()
    network: str | None = None
    smoke: tuple[str, ...] | None = None
    expected: tuple[Expectation, ...] = ()
    expected_config: frozenset[str] = frozenset()
    control: bool = True
    warm: bool = True
    touch: Path | None = None
    estimate: int | None = None
    build_timeout: float = 3600.0
    smoke_timeout: float = 300.0
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two images: the Dockerfile, what it built, how long that took, and how the smoke command ended."""

    dockerfile: Path
    image: Image
    cold_seconds: float
    warm_seconds: float | None
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
        before, after = self.before.smoke, self.after.smoke
        if before is None or after is None:
            return before is after
        return before.status is not None and (before.status, before.stdout) == (after.status, after.stdout)

    @property
    def equivalent(self) -> bool:
        """Nothing unexpected differs."""
        return not self.unexpected and not self.unexpected_config and self.smoke_agrees

    @property
    def saved(self) -> int:
        """Bytes by which the image became smaller, uncompressed."""
        return self.before.image.size - self.after.image.size


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
    before: Path, after: Path, context: Path, options: VerifyOptions, progress: Progress = lambda line: None
) -> Verification:
    """Build the Dockerfiles *before* and *after* in copies of *context*, and compare the images.

    Raises ``BuildFailed`` if one of them cannot be built, ``EngineError`` if there is no engine. The context stays as
    it is, and nothing of the builds remains but the log file, if ``options.log`` names one.
    """
    with ended_politely(), ExitStack() as stack:
        folder = stack.enter_context(workspace())
        engine = choose(options.engine, folder)
        stack.callback(engine.close)
        return _Verifier(engine, folder, options, progress, stack).verify(before, after, context)


class _Verifier:
    def __init__(
        self, engine: Engine, folder: Path, options: VerifyOptions, progress: Progress, stack: ExitStack
    ) -> None:
        self._engine = engine
        self._options = options
        self._progress = progress
        self._stack = stack
        self._folder = folder
        self._context = folder / "context"
        self._log = options.log or folder / "build.log"
        self._run = secrets.token_hex(8)
        self._layers = LayerCache()

    def verify(self, before: Path, after: Path, context: Path) -> Verification:
        copy_context(context, self._context)
        to_touch = self._to_touch()
        files = [self._copy(path, name) for path, name in ((before, "before"), (after, "after"))]
        self._fetch(files)
        cold = [self._build(file, file.name, fresh=True) for file in files]
        images = [self._read(file.name) for file in files]
        unstable = self._unstable(files[0], images[0])
        smokes = [self._smoke(file.name) for file in files]
        warm = self._warm(files, to_touch)
        sides = [
            Side(path, image, seconds, again, smoke)
            for path, image, seconds, again, smoke in zip((before, after), images, cold, warm, smokes, strict=True)
        ]
        expectations = (*self._options.expected, *catalogue())
        return Verification(
            engine=self._engine.version(),
            before=sides[0],
            after=sides[1],
            config=compare_configs(images[0].config, images[1].config, self._options.expected_config),
            files=compare_files(images[0].files, images[1].files, expectations, unstable),
            touched=to_touch,
            estimate=self._options.estimate,
        )

    def _copy(self, dockerfile: Path, name: str) -> Path:
        """Beside the copied context, with the ignore file that belongs to the Dockerfile by name."""
        copy = self._folder / name
        shutil.copyfile(dockerfile, copy)
        own_ignore = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
        if own_ignore.is_file():
            shutil.copyfile(own_ignore, copy.with_name(f"{name}.dockerignore"))
        return copy

    def _fetch(self, files: list[Path]) -> None:
        arguments = {name: value for name, value in self._options.build_args if value is not None}
        for image in {image: None for file in files for image in external_images(file, arguments)}:
            self._progress(f"fetching {image}")
            self._engine.fetch(image)

    def _tag(self, name: str) -> str:
        return f"localhost/dockerslim-verify-{self._run}:{name}"

    def _build(self, file: Path, name: str, *, fresh: bool) -> float:
        """Build; the time it took. The image goes when all is done."""
        options = self._options
        request = BuildRequest(
            dockerfile=file,
            context=self._context,
            tag=self._tag(name),
            target=options.target,
            build_args=options.build_args,
            network=options.network,
            fresh=fresh,
            timeout=options.build_timeout,
        )
        self._stack.callback(self._engine.remove, request.tag)
        start = time.monotonic()
        self._engine.build(request, self._log, lambda line: self._progress(f"building {name}: {line}"))
        return time.monotonic() - start

    def _read(self, name: str) -> Image:
        self._progress(f"reading {name}")
        archive = self._folder / f"{name}.tar"
        try:
            self._engine.export(self._tag(name), archive)
            return read_archive(archive, self._layers)
        finally:
            archive.unlink(missing_ok=True)

    def _unstable(self, file: Path, image: Image) -> frozenset[str]:
        """Paths that are not the same when the same Dockerfile is built again."""
        if not self._options.control:
            return frozenset()
        self._build(file, "control", fresh=True)
        control = self._read("control")
        return frozenset(difference.path for difference in compare_files(image.files, control.files))

    def _smoke(self, name: str) -> RunOutcome | None:
        options = self._options
        if options.smoke is None:
            return None
        self._progress(f"running the smoke command in {name}")
        return self._engine.run(RunRequest(self._tag(name), options.smoke, options.network, options.smoke_timeout))

    def _to_touch(self) -> Path | None:
        if not self._options.warm:
            return None
        named = self._options.touch
        if named is not None and not (self._context / named).is_file():
            raise EngineError(f"{named}: no such file in the build context to touch for the warm build")
        return named or source_file(self._context)

    def _warm(self, files: list[Path], file: Path | None) -> list[float | None]:
        """Build again with the cache, one source file changed."""
        if file is None:
            return [None for _ in files]
        with touched(self._context, file):
            return [self._build(path, f"{path.name}-warm", fresh=False) for path in files]
