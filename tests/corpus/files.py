"""The corpus: a folder ``SET/ID/Dockerfile`` of real files that the environment names."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

#: The environment variable that names the corpus folder.
VARIABLE = "DOCKERSLIM_CORPUS"


class NoCorpusError(RuntimeError):
    """The environment names no corpus."""


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file: ``name`` is ``SET/ID``; ``negative`` says that it must be refused."""

    name: str
    text: bytes
    negative: bool


def corpus_files() -> list[CorpusFile]:
    """All files of the corpus, by name. Raises ``NoCorpusError`` when there is none."""
    root = os.environ.get(VARIABLE)
    if not root:
        raise NoCorpusError(f"{VARIABLE} names no folder of Dockerfiles")
    paths = sorted(Path(root).glob("*/*/Dockerfile"))
    if not paths:
        raise NoCorpusError(f"{VARIABLE}={root} holds no SET/ID/Dockerfile")
    return [
        CorpusFile(
            f"{path.parent.parent.name}/{path.parent.name}",
            path.read_bytes(),
            path.parent.parent.name.endswith("-negative"),
        )
        for path in paths
    ]


def corpus_or_exit() -> list[CorpusFile]:
    """``corpus_files()`` for a program: ends it with 2 and one line when there is none."""
    try:
        return corpus_files()
    except NoCorpusError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def corpus_or_skip() -> list[CorpusFile]:
    """``corpus_files()`` for a test: skips it when there is none."""
    try:
        return corpus_files()
    except NoCorpusError as error:
        pytest.skip(str(error))


def sample(files: list[CorpusFile], size: int) -> list[CorpusFile]:
    """*size* of *files*, the same ones on every machine and whatever else the corpus holds.

    A hash of the text decides, so files that join the corpus take places but change no one's order.
    """
    chosen = sorted(files, key=lambda file: sha256(b"sample" + file.text).digest())[:size]
    return sorted(chosen, key=lambda file: file.name)
