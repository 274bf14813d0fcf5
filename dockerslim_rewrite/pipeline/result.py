"""What became of one text, and how it differs."""

from __future__ import annotations

import difflib
from pathlib import Path

from ..change import Change, Remark, RemarkKind
from ..record import record
from ..text import Patch
from ..text.source import encode


@record
class Companion:
    """A file beside the Dockerfile: its path, its text before (None: there is none) and as it should be, and why.

    ``left_out`` are the paths, relative to the build context, that a build is no longer sent.
    """

    path: Path
    before: str | None
    text: str
    reason: str
    left_out: tuple[str, ...] = ()


@record(slots=False)
class Result:
    """What became of one text.

    ``changes`` were made (their ``line`` and ``edits`` refer to the original text; edits of several rounds may touch),
    ``remarks`` tell what was declined (their lines refer to the original too). ``patch`` holds the disjoint edits
    that lead from the original to ``text``. ``companions`` are other files that were asked for, such as .dockerignore.
    """

    original: str
    text: str
    changes: tuple[Change, ...]
    remarks: tuple[Remark, ...]
    patch: Patch
    path: str | None = None
    companions: tuple[Companion, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether ``text`` differs from the original."""
        return self.text != self.original

    @property
    def saving(self) -> int:
        """The estimated bytes that the image loses, over all changes that carry an estimate."""
        return sum(change.saving or 0 for change in self.changes)

    @property
    def bugs(self) -> tuple[Remark, ...]:
        """Remarks on changes that the validator refused and that were withdrawn."""
        return tuple(remark for remark in self.remarks if remark.kind is RemarkKind.BUG)

    def to_bytes(self) -> bytes:
        """The rewritten file."""
        return encode(self.text)

    def diff(self, context: int = 3) -> str:
        """A unified diff that ``git apply`` and ``patch`` take; empty when nothing changed."""
        if not self.changed:
            return ""
        return unified_diff(self.original, self.text, self.path or "Dockerfile", context)


def unified_diff(before: str | None, after: str, name: str, context: int = 3) -> str:
    """A unified diff of the file *name*; *before* is None for a new one."""
    name = name.lstrip("/")
    source = "/dev/null" if before is None else f"a/{name}"
    out = []
    for line in difflib.unified_diff(_lines(before or ""), _lines(after), source, f"b/{name}", n=context):
        out.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(out)


def _lines(text: str) -> list[str]:
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return lines + ([parts[-1]] if parts[-1] else [])
