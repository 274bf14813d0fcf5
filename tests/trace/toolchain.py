"""What the sandbox is built from: the shells of this machine with their libraries, and the compiled preload library."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

PROGRAMS = {"dash": "dash", "bash": "bash", "ash": "busybox"}
"""The program that plays each shell; busybox is also what the acting commands become."""


class Unavailable(RuntimeError):
    """This machine cannot run the sandbox; the message says why."""


@cache
def files() -> dict[str, bytes]:
    """Content of the files that the sandbox needs, by their name in it.

    Raises Unavailable when a shell or the compiler is missing, or a shell does not load libraries as glibc does.
    """
    content: dict[str, bytes] = {"preload.so": _preload()}
    for program in PROGRAMS.values():
        path = shutil.which(program)
        if path is None:
            raise Unavailable(f"{program} is not installed")
        loader, libraries = _needs(path)
        content[program] = Path(path).read_bytes()
        content["loader"] = Path(loader).read_bytes()
        for library in libraries:
            content[Path(library).name] = Path(library).read_bytes()
    return content


def _needs(program: str) -> tuple[str, list[str]]:
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    loader = re.search(r"^\s*(/\S*/ld-linux\S*) \(", listing, re.MULTILINE)
    if loader is None:
        raise Unavailable(f"{program} is not linked dynamically with glibc, so its commands cannot be replaced")
    return loader[1], re.findall(r"=> (/\S+) \(", listing)


def _preload() -> bytes:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise Unavailable("no C compiler")
    source = Path(__file__).with_name("preload.c")
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory, "preload.so")
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(target), str(source), "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"the preload library does not compile: {done.stderr.strip()}")
        return target.read_bytes()
