"""Everything that a proof wants to know of one image: its programs, its texts, its packages, and what it does."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

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


def observe(
    bench: Bench, name: str, image: Image, read: Callable[[bytes], Elf | None], places: Iterable[str], trial: Trial
) -> Observed:
    """Look at the *image* that *bench* has built as *name*: read it, try it.

    Of texts those in *places* count, which the file itself put there. Raises ``EngineError``.
    """
    elf: dict[str, Elf] = {}
    texts: dict[str, str] = {}
    plain: dict[str, str] = {}
    cache: frozenset[str] = frozenset()
    wanted = tuple(places)

    def look(path: str, head: bytes, whole: Callable[[], bytes]) -> bool | None:
        nonlocal cache
        if head == _ELF:
            found = read(whole())
            if found is not None:
                elf[path] = found
        elif path == CACHE:
            cache = cached(whole())
        elif path in _ACCOUNTS:
            plain[path] = whole().decode("utf-8", "replace")
        elif any(path == one or path.startswith(f"{one}/") for one in wanted) and is_text(path, head):
            entry = image.files.get(path)
            if entry is not None and entry.size <= LARGEST:
                texts[path] = whole().decode("utf-8", "replace")
        return None

    bench.progress(f"looking into {name}")
    archive = bench.export(bench.tag(name))
    try:
        look_at(archive, image.files, look)
    finally:
        archive.unlink(missing_ok=True)
    environment = image.config.fields.get("Env", {})
    library_path = tuple(filter(None, environment.get("LD_LIBRARY_PATH", "").split(":")))
    # A later layer may have replaced a file that was read.
    elf = {path: one for path, one in elf.items() if path in image.files}
    return Observed(
        image=image,
        programs=Programs(elf, image.files, cache, library_path),
        texts=texts,
        user=account(
            str(image.config.fields.get("User", "")), plain.get(_ACCOUNTS[0], ""), plain.get(_ACCOUNTS[1], "")
        ),
        start=_start(bench, name, image, trial),
        smoke=_smoke(bench, name, image, trial),
        imports=_imports(bench, name, image, trial),
    )


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
