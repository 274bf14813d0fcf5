"""``batch --verify``: what building showed, kept by everything that the builds were made of."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ..pipeline import Result
from ..regular import read_regular, read_text
from .builds import BuildRequest

#: A context may hold files of any size.
_ANY = 2**40


class Proving:
    """Builds a file and its rewrite as *request* says; results of earlier builds lie in *folder*, where there is one.

    Travels to other processes as its arguments.
    """

    def __init__(self, request: BuildRequest, folder: Path | None) -> None:
        self._request = request
        self._folder = folder

    def __call__(self, path: str, data: bytes, result: Result) -> tuple[dict[str, Any], str | None, int]:
        """What building showed, why nothing may be written (None if it may), and the exit code.

        Raises ``ValueError`` with one line for options that are wrong.
        """
        from .proof import EQUIVALENT, prove

        known = self._entry(path, data, result)
        if known is not None and known.is_file():
            with contextlib.suppress(OSError, ValueError):
                return json.loads(read_text(known)), None, EQUIVALENT
        proof = prove(path, data, result, self._request, report=False)
        if known is not None and proof.refusal is None:
            _keep(known, proof.document)
        return proof.document, proof.refusal, proof.code

    def _entry(self, path: str, data: bytes, result: Result) -> Path | None:
        if self._folder is None:
            return None
        from ..batch.cache import program
        from ..batch.outcome import digest

        context = self._request.folder(path)
        parts = [program(), repr(self._request), digest(data), digest(result.to_bytes()), _content(context)]
        key = digest("\0".join(parts).encode("utf-8", "surrogateescape"))
        return self._folder / key[:2] / f"{key[2:]}.built"


def _content(folder: Path) -> str:
    """A digest of all that *folder* holds: a build may read any of it."""
    from ..batch.outcome import digest
    from ..context.tree import ContextTree

    lines = []
    for one in ContextTree(folder).files:
        try:
            content = digest(read_regular(folder / one.path, _ANY))
        except OSError as error:
            content = str(error)
        lines.append(f"{one.path}\0{one.mode}\0{content}")
    return digest("\n".join(lines).encode("utf-8", "surrogateescape"))


def _keep(path: Path, document: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file)
        os.replace(temporary, path)
