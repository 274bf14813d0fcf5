"""Which files a container opens when a test runs a command in it, and which of them another image lacks."""

from __future__ import annotations

import re
from pathlib import Path

from dockerslim_rewrite.engine.prove.follow import follow
from dockerslim_rewrite.engine.rootfs import RootFilesystem
from dockerslim_rewrite.engine.traces import Traced, under_strace
from dockerslim_rewrite.engine.traces import read_trace as read

_WRAPPER = """\
#!/bin/sh
[ "$1" = run ] || exec buildah "$@"
exec {strace} "$@"
"""
_COMPILED = re.compile(r"(/.*/)__pycache__/([^/]+)\.cpython-\d+\.pyc\Z")


def tracing(folder: Path) -> str:
    """The path of a program that does what buildah does, and writes a trace into *folder* for each run."""
    program = folder / "buildah"
    command = under_strace(["buildah"], Path(f"{folder}/$(date +%s%N).trace"))
    program.write_text(_WRAPPER.format(strace=" ".join(f'"{word}"' for word in command)))
    program.chmod(0o755)
    return str(program)


def traces(folder: Path) -> list[Path]:
    """The traces in *folder*, the oldest first."""
    return sorted(folder.glob("*.trace"))


def read_trace(trace: Path) -> Traced:
    """What the container of *trace* did."""
    return read(trace.read_text("utf-8", "replace"))


def absent(before: Traced, files: RootFilesystem) -> list[str]:
    """What the container opened *before* and is not among *files*, but for modules of Python that it compiles anew."""
    return sorted(path for path in before.found if not there(path, files) and not there(_source(path), files))


def missing(before: Traced, after: Traced, files: RootFilesystem) -> list[str]:
    """What is absent and the container asks for *after* as well: a statically linked program asks for less."""
    return [path for path in absent(before, files) if path in after.sought]


def _source(path: str) -> str:
    """The source of a compiled module of Python; any other path as it is."""
    return _COMPILED.sub(r"\1\2.py", path)


def there(path: str, files: RootFilesystem) -> bool:
    """Whether *path* leads to something, through symbolic links."""
    return follow(path, files) is not None
