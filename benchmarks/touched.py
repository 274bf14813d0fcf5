"""Lines that a fixer changed although no linter asked for it: what a reviewer has to read for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from tests.corpus.judges import buildkit, finding_lines


def lines_asked_about(texts: Sequence[bytes]) -> list[frozenset[int]]:
    """For each text the lines (from 1) of the instructions in which hadolint or a BuildKit check finds something."""
    asked: list[frozenset[int]] = []
    for text, found in zip(texts, finding_lines(texts), strict=True):
        spans = buildkit(text).spans
        hit = (span for span in spans if any(span[0] <= line <= span[1] for line in found))
        asked.append(frozenset(found.union(*(range(first, last + 1) for first, last in hit))))
    return asked


def changed_without_asking(before: bytes, after: bytes, asked: frozenset[int]) -> int:
    """How many lines of *before* are gone or altered in *after*, and not among those *asked* about."""
    if before == after:
        return 0
    matcher = SequenceMatcher(None, before.split(b"\n"), after.split(b"\n"), autojunk=False)
    gone = (line for tag, start, end, _, _ in matcher.get_opcodes() if tag != "equal" for line in range(start, end))
    return sum(line + 1 not in asked for line in gone)
