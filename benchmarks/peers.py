"""Tools that fix Dockerfiles, ours among them, behind one face: each rewrites files in a folder in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from tests.corpus.judges import TALLY_BATCH, JudgeError, files_of, run_in, tally, tool


@dataclass(frozen=True, slots=True)
class Fixer:
    """A tool that fixes Dockerfiles; ``fix`` rewrites the named files of a folder, leaving those it refuses."""

    name: str
    fix: Callable[[Path, Sequence[str]], None]

    def __call__(self, texts: Sequence[bytes], kept: Path | None = None) -> list[bytes]:
        """What the tool makes of *texts*; the folder *kept* remembers it by text, since some tools take their time."""
        if kept is None:
            return self._fixed(texts)
        folder = kept / self.name.replace(" ", "")
        folder.mkdir(parents=True, exist_ok=True)
        places = [folder / sha256(text).hexdigest() for text in texts]
        new = [index for index, place in enumerate(places) if not place.exists()]
        for start in range(0, len(new), TALLY_BATCH):
            batch = new[start : start + TALLY_BATCH]
            for index, fixed in zip(batch, self._fixed([texts[index] for index in batch]), strict=True):
                places[index].write_bytes(fixed)
        return [place.read_bytes() for place in places]

    def _fixed(self, texts: Sequence[bytes]) -> list[bytes]:
        with files_of(texts, ".Dockerfile") as (folder, names):
            self.fix(folder, names)
            return [(folder / name).read_bytes() for name in names]


def ours(level: str, folder: Path, names: Sequence[str]) -> None:
    """Our rewriter, in this process, through its Python API."""
    from dockerslim_rewrite import Options, rewrite
    from dockerslim_rewrite.syntax import ParseError

    options = Options(level=level, extend_select=("lint",))
    for name in names:
        path = folder / name
        try:
            result = rewrite(path.read_bytes(), options)
        except ParseError:
            continue
        if result.changed:
            path.write_bytes(result.to_bytes())


def tally_fix(options: Sequence[str], folder: Path, names: Sequence[str]) -> None:
    """``tally lint --fix`` without the checks that ask the network; *options* go with it."""
    for start in range(0, len(names), TALLY_BATCH):
        tally(folder, names[start : start + TALLY_BATCH], "--fix", *options)


def dockerfile_doctor(options: Sequence[str], folder: Path, names: Sequence[str]) -> None:
    """``dockerfile-doctor --fix``; *options* go with it."""
    done = run_in(folder, tool("dockerfile-doctor"), "--fix", "--format", "json", *options, *names)
    if b"Traceback" in done.stderr:
        raise JudgeError(f"dockerfile-doctor: {done.stderr.decode('utf-8', 'replace')[-500:]}")


def versions() -> dict[str, str]:
    """What the tools say of their own versions, by name."""
    names = ("hadolint", "tally", "dockerfile-doctor")
    with files_of([], "") as (folder, _):
        said = {name: run_in(folder, tool(name), "--version").stdout.decode().strip() for name in names}
    return {name: text.partition("\n")[0] for name, text in said.items()}


OURS = tuple(Fixer(f"ours, {level}", partial(ours, level)) for level in ("safe", "standard", "aggressive"))
PEERS = (
    Fixer("tally --fix", partial(tally_fix, ())),
    Fixer("tally --fix-unsafe", partial(tally_fix, ("--fix-unsafe",))),
    Fixer("doctor --fix", partial(dockerfile_doctor, ())),
    Fixer("doctor --unsafe-fixes", partial(dockerfile_doctor, ("--unsafe-fixes",))),
)
