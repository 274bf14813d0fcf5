"""What became of one text, and how it differs."""

from __future__ import annotations

import difflib
from pathlib import Path

from ..change import Change, Remark, RemarkKind
from ..patterns import re
from ..record import record
from ..text import Patch
from ..text.source import encode
from .baseline import Known


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
    ``unmet`` are findings that the project has accepted and that are not there.
    """

    original: str
    text: str
    changes: tuple[Change, ...]
    remarks: tuple[Remark, ...]
    patch: Patch
    path: str | None = None
    companions: tuple[Companion, ...] = ()
    unmet: Known = frozenset()

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


#: What a name has to be in quotes for: control characters, quotes, and bytes that are no text.
_UNPLAIN = re.compile('[\x00-\x1f\x7f"\\\\\ud800-\udfff\u0085\u2028\u2029]')
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def unified_diff(before: str | None, after: str, name: str, context: int = 3) -> str:
    """A unified diff of the file *name*; *before* is None for a new one."""
    name = name.lstrip("/")
    source = "/dev/null" if before is None else quoted_path(f"a/{name}")
    out = []
    for line in difflib.unified_diff(_lines(before or ""), _lines(after), source, quoted_path(f"b/{name}"), n=context):
        out.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(out)


def quoted_path(path: str) -> str:
    """*path* as Git writes it in a header: in quotes where it has characters that would end or change the line.

    Source: Git documentation, git-config(1), core.quotePath.
    """
    if not _UNPLAIN.search(path):
        return path
    plain = path.encode("utf-8", "surrogateescape")
    return '"' + "".join(_ESCAPES.get(one) or (chr(one) if 31 < one < 127 else f"\\{one:03o}") for one in plain) + '"'


def _lines(text: str) -> list[str]:
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return lines + ([parts[-1]] if parts[-1] else [])
