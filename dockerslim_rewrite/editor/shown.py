"""Diffs for clients that show a file when they are asked to: each lies in one until the session ends."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

#: What a client says under ``experimental`` that shows what `dockerslim.preview` answers.
_TAKES = "dockerslimPreview"


def takes_previews(experimental: object) -> bool:
    """Whether a client that has these *experimental* capabilities shows previews itself."""
    said = experimental.get(_TAKES) if isinstance(experimental, dict) else getattr(experimental, _TAKES, None)
    return said is True


class Shown:
    """The diffs of one session, by the addresses of their documents."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._numbers: dict[str, int] = {}

    def keep(self, uri: str, name: str, diff: str) -> str:
        """Write *diff* of the document *uri*, a file called *name*, in place of an older one; the file's address.

        Raises ``OSError``.
        """
        if self._folder is None:
            # Nobody else may read it.
            self._folder = Path(tempfile.mkdtemp(prefix="dockerslim-"))
        folder = self._folder / str(self._numbers.setdefault(uri, len(self._numbers)))
        folder.mkdir(exist_ok=True)
        file = folder / f"{name}.diff"
        file.write_bytes(diff.encode("utf-8", "surrogatepass"))
        return file.as_uri()

    def end(self) -> None:
        """Remove all files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
