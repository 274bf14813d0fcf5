"""Tools that fix Dockerfiles, ours among them, behind one face: each rewrites files in a folder in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.corpus.judges import TALLY_BATCH, JudgeError, files_of, run_in, tally, tool


@dataclass(frozen=True, slots=True)
class Fixer:
    """A tool that fixes Dockerfiles; ``fix`` rewrites the named files of a folder, leaving those it refuses."""

    name: str
    fix: Callable[[Path, Sequence[str]], None]

    def __call__(self, texts: Sequence[bytes]) -> list[bytes]:
        """What the tool makes of *texts*."""
        with files_of(texts, ".Dockerfile") as (folder, names):
            self.fix(folder, names)
            return [(folder / name).read_bytes() for name in names]


def ours(level: str, folder: Path, names: Sequence[str]) -> None:
    """Our rewriter, in this process, through its Python API."""
    from dockerslim_rewrite import Options, rewrite
    from dockerslim_rewrite.syntax import ParseError

    options = Options(level=level)
    for name in names:
        path = folder / name
        try:
            result = rewrite(path.read_bytes(), options)
        except ParseError:
            continue
        if result.changed:
            path.write_bytes(result.to_bytes())


def tally_fix(folder: Path, names: Sequence[str]) -> None:
    """``tally lint --fix`` without the checks that ask the network."""
    for start in range(0, len(names), TALLY_BATCH):
        tally(folder, names[start : start + TALLY_BATCH], "--fix")


def dockerfile_doctor(options: Sequence[str], folder: Path, names: Sequence[str]) -> None:
    """``dockerfile-doctor --fix``; *options* go with it."""
    done = run_in(folder, tool("dockerfile-doctor"), "--fix", "--format", "json", *options, *names)
    if b"Traceback" in done.stderr:
        raise JudgeError(f"dockerfile-doctor: {done.stderr.decode('utf-8', 'replace')[-500:]}")


OURS = tuple(Fixer(f"ours, {level}", partial(ours, level)) for level in ("safe", "standard", "aggressive"))
PEERS = (
    Fixer("tally --fix", tally_fix),
    Fixer("doctor --fix", partial(dockerfile_doctor, ())),
    Fixer("doctor --unsafe", partial(dockerfile_doctor, ("--unsafe-fixes",))),
)
