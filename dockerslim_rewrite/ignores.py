"""Comments by which users ask to be left alone: ours, hadolint's, and BuildKit's ``check`` directive."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from .knowledge.wishes import wished
from .syntax import Document

_OURS = re.compile(r"#\s*dockerslim:\s*(?P<file>file-)?ignore(?:=(?P<rules>[A-Za-z0-9_,\-]+))?", re.I)
_HADOLINT = re.compile(
    r"#\s*hadolint\s+(?P<file>global\s+)?ignore\s*=\s*(?P<rules>[A-Za-z0-9_]+(?:\s*,\s*[A-Za-z0-9_]+)*)", re.I
)
_CHECK = re.compile(r"(?:\A|;)\s*skip=(?P<rules>[A-Za-z,\s]+)", re.I)

Ignored = tuple[frozenset[str], tuple[tuple[int, int, frozenset[str]], ...]]


def ignored_rules(document: Document) -> Ignored:
    """Rules switched off for the whole file, and ``(first line, last line, rules)`` for single instructions.

    Rules are lower case; ``all`` stands for every rule. A comment counts for the instruction that follows it or
    that it stands in.
    """
    if "ignore" not in document.source.text and "skip" not in document.source.text:
        return frozenset(), ()
    everywhere: set[str] = set()
    single: list[tuple[int, int, frozenset[str]]] = []
    for name, value in document.directives:
        match = _CHECK.search(value) if name == "check" else None
        if match:
            everywhere |= _split(match["rules"])
    ends = [instruction.span.end for instruction in document.instructions]
    for comment in document.comments:
        text = comment.text.strip()
        match = _OURS.match(text) or _HADOLINT.match(text)
        if match is None:
            continue
        rules = _split(match["rules"] or "all")
        if match["file"]:
            everywhere |= rules
            continue
        index = bisect_right(ends, comment.span.start)
        if index < len(ends):
            instruction = document.instructions[index]
            line = document.line_of(comment.span.start)
            single.append((min(line, instruction.line_number), instruction.end_line, frozenset(rules)))
    return frozenset(everywhere), tuple(single)


def wished_rules(document: Document) -> tuple[tuple[int, int, frozenset[str]], ...]:
    """Rules that comments ask to leave an instruction alone, in other words than ``ignore``: as ``ignored_rules`` has
    them for single instructions. The lines of a comment belong together; they stand right above it, or in it.
    """
    found: list[tuple[int, int, frozenset[str]]] = []
    ends = [instruction.span.end for instruction in document.instructions]
    blocks: list[tuple[int, int, list[str]]] = []
    for comment in document.comments:
        line = document.line_of(comment.span.start)
        text = comment.text.strip().lstrip("#").strip()
        if blocks and blocks[-1][1] == line - 1:
            first, _, texts = blocks[-1]
            blocks[-1] = (first, line, [*texts, text])
        else:
            blocks.append((line, line, [text]))
    starts = document.source.line_starts
    for first, last, texts in blocks:
        rules = wished(" ".join(texts))
        if not rules:
            continue
        index = bisect_right(ends, starts[first - 1])
        if index == len(ends):
            continue
        instruction = document.instructions[index]
        if instruction.line_number <= last + 1:
            found.append((min(first, instruction.line_number), instruction.end_line, frozenset(map(str.lower, rules))))
    return tuple(found)


def ignored_at(line: int, single: Sequence[tuple[int, int, frozenset[str]]]) -> Iterator[frozenset[str]]:
    """The rules that the entries *single* of ``ignored_rules`` switch off on *line*."""
    index = bisect_right(single, line, key=lambda entry: entry[0]) - 1
    while index >= 0 and single[index][1] >= line:
        yield single[index][2]
        index -= 1


def _split(rules: str) -> set[str]:
    return {rule.strip().lower() for rule in rules.split(",") if rule.strip()}
