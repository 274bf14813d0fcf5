"""Which engine to use: the one that was named, else the first that works here."""

from __future__ import annotations

import shutil
from pathlib import Path

from .buildah import Buildah
from .docker import Docker
from .interface import Engine, EngineError
from .podman import Podman

#: In the order in which they are tried: what most people's builds run on comes first.
NAMES = ("docker", "podman", "buildah")

_HINT = "Install Docker (with buildx), Podman or Buildah; on Debian and Ubuntu for example: apt-get install buildah"


def check_name(wanted: str | None) -> None:
    """Raise ``EngineError`` where *wanted* is neither an engine's name nor a path that ends in one; None is fine."""
    if wanted is not None and Path(wanted).name not in NAMES:
        raise EngineError(f"unknown engine {wanted!r}; known engines: {', '.join(NAMES)}")


def choose(wanted: str | None, folder: Path) -> Engine:
    """The engine *wanted*: a name, a path to an executable of that name, or None for the first that works.

    *folder* is empty, ours alone, and removed by the caller when the engine is no longer used. Raises
    ``EngineError`` that says for every engine tried why not, and what to install.
    """
    check_name(wanted)
    reasons = []
    for name in (wanted,) if wanted else NAMES:
        program = shutil.which(name)
        if program is None:
            reasons.append(f"{name}: not installed")
            continue
        try:
            return _open(Path(name).name, program, folder / Path(name).name)
        except EngineError as error:
            reasons.append(f"{name}: {error}")
    raise EngineError("no container engine works here.\n  " + "\n  ".join(reasons) + f"\n{_HINT}")


def _open(name: str, program: str, folder: Path) -> Engine:
    if name == "docker":
        return Docker(program)
    folder.mkdir()
    return Podman(program, folder) if name == "podman" else Buildah(program, folder)
