"""Everything that a proof wants to know of one image: its programs, its texts, its packages, and what it does."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from ...record import record
from ..archive import Image
from ..bench import Bench
from ..interface import ALONE, EngineError, RunOutcome, StartOutcome
from .access import Account, account
from .contents import look_at
from .elf import CACHE, Elf, Programs, cached
from .follow import follow
from .imports import PROBES, answer
from .names import LARGEST, is_text

_ELF = b"\x7fELF"
_ACCOUNTS = ("/etc/passwd", "/etc/group")


@record
class Trial:
    """How the containers are tried: ``smoke`` is a command or None, ``network`` None cuts them off; seconds."""

    smoke: tuple[str, ...] | None = None
    network: str | None = None
    start_timeout: float = 20.0
    smoke_timeout: float = 300.0
    probe_timeout: float = 600.0


@record(eq=False)
class Observed:
    """One image. ``imports`` holds by language, for each package, why it does not load; ``user`` is None if unknown."""

    image: Image
    programs: Programs
    texts: dict[str, str]
    user: Account | None
    start: StartOutcome | None
    smoke: RunOutcome | None
    imports: dict[str, dict[str, str]]

    def owner(self, path: str) -> str | None:
        """The package of the distribution to which *path* belongs, without its architecture."""
        real = follow(path, self.image.files) or path
        for name, paths in self.image.packages.items():
            if path in paths or real in paths:
                return name.partition(":")[0]
        return None


#: What is kept of a file: its dynamic section, the paths of the loader's cache, or its text.
Kept = Elf | frozenset[str] | str


class Observer:
    """Looks at images that *bench* builds, reads programs with *read* and tries containers as *trial* says."""

    def __init__(self, bench: Bench, read: Callable[[bytes], Elf | None], trial: Trial) -> None:
        self._bench = bench
        self._read = read
        self._trial = trial
        self._layers: dict[str, dict[str, Kept]] = {}

    def observe(self, name: str, measure: Callable[[Image], tuple[str, ...]]) -> tuple[Observed, tuple[str, ...]]:
        """Read the image *name* and try it; and what *measure* makes of it: the places whose texts count.

        These places have to be the same for all images. Raises ``EngineError``.
        """
        bench, trial = self._bench, self._trial
        with bench.opened(name) as (image, archive):
            places = measure(image)
            bench.progress(f"looking into {name}")
            kept = look_at(archive, image.files, lambda *file: self._look(places, *file), self._layers)
        elf = {path: one for path, one in kept.items() if isinstance(one, Elf)}
        texts = {path: one for path, one in kept.items() if isinstance(one, str)}
        accounts = [texts.pop(path, "") for path in _ACCOUNTS]
        cache = kept.get(CACHE)
        environment = image.config.fields.get("Env", {})
        library_path = tuple(filter(None, environment.get("LD_LIBRARY_PATH", "").split(":")))
        seen = Observed(
            image=image,
            programs=Programs(elf, image.files, cache if isinstance(cache, frozenset) else frozenset(), library_path),
            texts=texts,
            user=account(str(image.config.fields.get("User", "")), *accounts),
            start=_start(bench, name, image, trial),
            smoke=_smoke(bench, name, image, trial),
            imports=_imports(bench, name, image, trial),
        )
        return seen, places

    def _look(self, places: tuple[str, ...], path: str, head: bytes, whole: Callable[[], bytes]) -> Kept | None:
        if head == _ELF:
            return self._read(whole())
        if path == CACHE:
            return cached(whole())
        ships = any(path == one or path.startswith(f"{one}/") for one in places)
        if path in _ACCOUNTS or (ships and is_text(path, head)):
            data = whole()
            return data.decode("utf-8", "replace") if len(data) <= LARGEST else None
        return None


def _start(bench: Bench, name: str, image: Image, trial: Trial) -> StartOutcome | None:
    if not image.config.command:
        return None
    return bench.start(name, image.config, trial.network, trial.start_timeout, trace=True)


def _smoke(bench: Bench, name: str, image: Image, trial: Trial) -> RunOutcome | None:
    if trial.smoke is None:
        return None
    return bench.smoke(name, trial.smoke, image.config.ports, trial.network or ALONE, trial.smoke_timeout)


def _imports(bench: Bench, name: str, image: Image, trial: Trial) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    commands = {posixpath.basename(path) for path in image.files.paths() if "/bin/" in path}
    for probe in PROBES:
        if probe.command[0] not in commands or not any(
            mark in path for path in image.files.paths() for mark in probe.marks
        ):
            continue
        bench.progress(f"loading packages of {probe.language} in {name}")
        try:
            told = answer(bench.command(name, probe.command, trial.network or ALONE, trial.probe_timeout))
        except EngineError:
            told = None
        if told is not None:
            found[probe.language] = told
    return found
