"""Literate fixtures: a rule's examples, which are its documentation and its tests.

A fixture file is Markdown: ``# DS201 apt-lists``, then a ``##`` heading per case, prose, a ``dockerfile`` block, and a
``dockerfile after`` block, or none when the file must stay as it is. A ``remark`` block lists what must be said, one
``RULE: part of the reason`` a line. ``key=value`` words behind ``dockerfile`` set options of the case (``level``,
``select``, ``pin``, ``today``). A ``lock`` block is the lock file of the case, and ``file NAME`` blocks are the files
of its build context (``file NAME MODE`` with octal permission bits).
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from ..patterns import re
from ..record import record

_BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```[ \t]*$", re.M | re.S)
_HEADING = re.compile(r"^## +(.*)$", re.M)


@record
class Case:
    """One example: ``after`` equals ``before`` when nothing may change; ``remarks`` are (rule, part of the reason)."""

    title: str
    prose: str
    before: str
    after: str
    remarks: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    lock: str = ""
    files: tuple[tuple[str, int, str], ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the rule acts on this example."""
        return self.before != self.after


@record
class Fixture:
    """All examples of the rule ``code``."""

    code: str
    cases: tuple[Case, ...]


def read_fixture(text: str) -> Fixture:
    """Parse a fixture file. Raises ``ValueError`` where it has no heading or a case has no ``dockerfile`` block."""
    heading = re.match(r"# +(DS\d+)\b", text)
    if heading is None:
        raise ValueError("a fixture starts with '# DSnnn name'")
    starts = [match.start() for match in _HEADING.finditer(text)] + [len(text)]
    cases = tuple(_case(text[a:b]) for a, b in pairwise(starts))
    return Fixture(heading[1], cases)


def _case(text: str) -> Case:
    title = text.split("\n", 1)[0].lstrip("# ").strip()
    before = after = None
    lock = ""
    files: list[tuple[str, int, str]] = []
    remarks: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    for info, body in _BLOCK.findall(text):
        words = info.split()
        if words[:2] == ["dockerfile", "after"]:
            after = body
        elif words[:1] == ["dockerfile"]:
            before = body
            options += [(k, v) for k, _, v in (word.partition("=") for word in words[1:])]
        elif words[:1] == ["lock"]:
            lock = body
        elif words[:1] == ["file"]:
            files.append((words[1], int(words[2], 8) if len(words) > 2 else 0o644, body))
        elif words[:1] == ["remark"]:
            for line in body.splitlines():
                rule, _, reason = line.partition(":")
                remarks.append((rule.strip(), reason.strip()))
    if before is None:
        raise ValueError(f"case {title!r} has no dockerfile block")
    prose = _BLOCK.sub("", text.split("\n", 1)[1] if "\n" in text else "").strip()
    unchanged = before if after is None else after
    return Case(title, prose, before, unchanged, tuple(remarks), tuple(options), lock, tuple(files))


def fixture_folder() -> Path | None:
    """Where the fixtures are: beside an installed package, or in the source tree."""
    package = Path(__file__).parent.parent
    for folder in (package / "fixtures", package.parent / "tests" / "passes"):
        if folder.is_dir():
            return folder
    return None


def fixture_of(code: str) -> Fixture | None:
    """The fixture of rule *code*, if there is one."""
    folder = fixture_folder()
    if folder is None:
        return None
    for path in sorted(folder.glob("*.md")):
        text = path.read_text("utf-8")
        if text.startswith(f"# {code} "):
            return read_fixture(text)
    return None
