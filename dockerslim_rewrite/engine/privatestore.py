"""A storage for buildah and podman that belongs to one run and lies on top of the user's own.

The user's images can be read in it (``additionalimagestores``); everything that is written, cached layers and working
containers included, goes into our folder and disappears with it. So runs cannot collide, and a cold build is cold.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .interface import EngineError
from .process import TimedOut, capture


@dataclass(frozen=True, slots=True)
class UserStore:
    """Where the user's own images are and how they are kept there."""

    driver: str
    root: str
    mount_program: str | None


def user_store(program: str) -> UserStore:
    """Ask *program* (buildah or podman) for the user's storage. Raises ``EngineError`` if it does not answer."""
    try:
        found = capture([program, "info"] + (["--format", "json"] if "podman" in program else []), 60, os.environ)
    except TimedOut:
        raise EngineError(f"{program} info does not answer") from None
    if found.returncode:
        raise EngineError(f"{program} does not work here: {found.stderr.strip()}")
    store = {key.lower(): value for key, value in json.loads(found.stdout)["store"].items()}
    return UserStore(store["graphdrivername"], store["graphroot"], _mount_program(store.get("graphoptions")))


def _mount_program(options: Any) -> str | None:
    """The ``overlay.mount_program`` of rootless set-ups: buildah lists ``key=value``, podman has a mapping."""
    if isinstance(options, list):
        options = dict(item.partition("=")[::2] for item in options)
    value = (options or {}).get("overlay.mount_program")
    return value.get("Executable") if isinstance(value, dict) else value


def open_store(program: str, folder: Path) -> Mapping[str, str]:
    """Prepare a private store below *folder*; the environment in which *program* uses it.

    Names are short, as podman's clean-up after a container fails where the path of ``runroot`` has more than 50
    characters, and then each container takes 20 s to end. Source: podman, "the specified runroot is longer than 50
    characters".
    """
    theirs = user_store(program)
    text = (
        f'[storage]\ndriver = "{theirs.driver}"\ngraphroot = "{folder}/store"\nrunroot = "{folder}/r"\n'
        f'[storage.options]\nadditionalimagestores = ["{theirs.root}"]\n'
    )
    if theirs.mount_program:
        text += f'[storage.options.overlay]\nmount_program = "{theirs.mount_program}"\n'
    for name in ("store", "r", "tmp"):
        (folder / name).mkdir()
    (folder / "storage.conf").write_text(text)
    # Cache mounts live below TMPDIR: with one of our own they start empty as well.
    return {**os.environ, "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"), "TMPDIR": str(folder / "tmp")}
