"""Packages of npm and PyPI that stand-ins are made of, fetched once by this machine's own clients and kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_PLATFORM = ("--only-binary", ":all:", "--platform", "manylinux1_x86_64", "--python-version", "39")


class UnobtainableError(Exception):
    """A package cannot be had here; says which and why."""


def fetch(npm: tuple[str, ...], wheels: tuple[str, ...], folder: Path) -> list[Path]:
    """The archives of the packages *npm* (``name@version``) and *wheels* (``name==version``), kept below *folder*.

    Raises ``UnobtainableError`` where a client is missing or fails.
    """
    found = [_kept(name, ["npm", "pack", "--silent", name], folder) for name in npm]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *_PLATFORM, "--dest", "."]
    return found + [_kept(name, [*pip, name], folder) for name in wheels]


def _kept(name: str, command: list[str], folder: Path) -> Path:
    """The one file that *command* puts into the folder in which it runs; what it put there before is taken again."""
    kept = folder / name.replace("/", "_")
    if not kept.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.which(command[0]) is None:
            raise UnobtainableError(f"{name} cannot be fetched: {command[0]} is not installed")
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False)
            if done.returncode:
                raise UnobtainableError(f"{name} cannot be fetched: {(done.stderr or done.stdout).strip()[-300:]}")
            Path(fresh).chmod(0o755)
            shutil.copytree(fresh, kept)
    (archive,) = kept.iterdir()
    return archive
