"""Comments by which users ask to be left alone: ours, hadolint's, and BuildKit's ``check`` directive."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from .knowledge.wishes import says_generated, wished, wished_of
from .patterns import re
from .record import record
from .syntax import Document

_OURS = re.compile(r"#\s*dockerslim:\s*(?P<file>file-|global\s+)?ignore(?:=(?P<rules>[A-Za-z0-9_,\-]+))?", re.I)
_HADOLINT = re.compile(
    r"#\s*hadolint\s+(?P<file>global\s+)?ignore\s*=\s*(?P<rules>[A-Za-z0-9_]+(?:\s*,\s*[A-Za-z0-9_]+)*)", re.I
)
_CHECK = re.compile(r"(?:\A|;)\s*skip=(?P<rules>[A-Za-z,\s]+)", re.I)


@record
class Ignore:
    """A comment, or directive, that switches *rules* off from line *first* to line *last*, or for the whole *file*.

    Rules are in lower case; ``all`` stands for every rule. ``line`` is where the comment stands; ``ours`` tells that it
    is written for this program.
    """

    rules: frozenset[str]
    first: int
    last: int
    line: int
    file: bool
    ours: bool


Ignored = tuple[Ignore, ...]


def ignored_rules(document: Document) -> Ignored:
    """What the comments and directives of *document* switch off, in the order of the lines that they hold for.

    A comment counts for the instruction that follows it or that it stands in.
    """
    if "ignore" not in document.source.text and "skip" not in document.source.text:
        return ()
    found: list[Ignore] = []
    for name, value in document.directives:
        match = _CHECK.search(value) if name == "check" else None
        if match:
            found.append(Ignore(_split(match["rules"]), 0, 0, 1, file=True, ours=False))
    ends = [instruction.span.end for instruction in document.instructions]
    for comment in document.comments:
        text = _said(comment.text)
        ours = _OURS.match(text)
        match = ours or _HADOLINT.match(text)
        if match is None:
            continue
        rules = _split(match["rules"] or "all")
        line = document.line_of(comment.span.start)
        if match["file"]:
            found.append(Ignore(rules, 0, 0, line, file=True, ours=ours is not None))
            continue
        index = bisect_right(ends, comment.span.start)
        if index < len(ends):
            instruction = document.instructions[index]
            first = min(line, instruction.line_number)
            found.append(Ignore(rules, first, instruction.end_line, line, file=False, ours=ours is not None))
    return tuple(found)


def _said(comment: str) -> str:
    """The text of *comment*, without blanks around it and the byte order mark that a file may begin with."""
    return comment.removeprefix("\ufeff").strip()


def holding(ignored: Ignored, codes: Set[str], lines: Iterable[int]) -> Iterator[Ignore]:
    """Those of *ignored* that switch off, for the whole file or on one of *lines*, a rule known by *codes*."""
    there = set(lines)
    for one in ignored:
        if (one.file or any(one.first <= line <= one.last for line in there)) and (
            "all" in one.rules or codes & one.rules
        ):
            yield one


@record
class Wish:
    """Rules, in lower case, that the comment *text* asks to leave alone what stands from line *first* to *last*."""

    rules: frozenset[str]
    first: int
    last: int
    text: str


def wished_rules(document: Document) -> tuple[Wish, ...]:
    """Rules that comments ask to leave an instruction alone, in other words than ``ignore``.

    The lines of a comment belong together; they stand right above the instruction, or in it. What is said of how the
    container starts may stand above other lines, up to a blank one. What is said of caches above a FROM, or at the
    head of the file, is said of all of the stage.
    """
    found: list[Wish] = []
    ends = [instruction.span.end for instruction in document.instructions]
    blocks: list[tuple[int, int, list[str]]] = []
    for comment in document.comments:
        line = document.line_of(comment.span.start)
        text = _said(comment.text).lstrip("#").strip()
        if blocks and blocks[-1][1] == line - 1:
            first, _, texts = blocks[-1]
            texts.append(text)
            blocks[-1] = (first, line, texts)
        else:
            blocks.append((line, line, [text]))
    starts = document.source.line_starts
    groups, places = _groups(document), dict[str, list[int]]()
    for index, instruction in enumerate(document.instructions):
        places.setdefault(instruction.keyword.upper(), []).append(index)
    for first, last, texts in blocks:
        said = " ".join(texts)
        index = bisect_right(ends, starts[first - 1])
        if index == len(ends):
            continue
        head = document.instructions[index]
        kept = frozenset(map(str.lower, wished_of(said, "FROM")))
        if kept and head.keyword.upper() in ("FROM", "ARG") and (index == 0 or head.line_number == last + 1):
            found.append(Wish(kept, first, _stage_end(document, index), said))
        if document.instructions[index].line_number > last + 1:
            continue
        for at in _firsts(places, index, groups[index]):
            instruction = document.instructions[at]
            rules = wished(said) if at == index else frozenset[str]()
            rules |= wished_of(said, instruction.keyword.upper())
            if rules:
                start = min(first, instruction.line_number)
                found.append(Wish(frozenset(map(str.lower, rules)), start, instruction.end_line, said))
    return tuple(found)


def _stage_end(document: Document, index: int) -> int:
    """The last line of the stage that the instruction at *index*, or the first FROM behind it, begins."""
    begun = False
    for instruction in document.instructions[index:]:
        if instruction.keyword.upper() == "FROM":
            if begun:
                return instruction.line_number - 1
            begun = True
    return len(document.source.line_starts)


def generated(document: Document) -> Wish | None:
    """The comment above the first instruction by which *document* says that a program makes it anew, which holds every
    rule off the whole file; None where it says nothing of the kind.
    """
    head = document.instructions[0].span.start if document.instructions else 0
    comments = [one for one in document.comments if one.span.start < head]
    said = " ".join(_said(one.text).lstrip("#").strip() for one in comments)
    if not says_generated(said):
        return None
    line = document.line_of(comments[0].span.start)
    return Wish(frozenset({"all"}), line, len(document.source.line_starts), said)


def _groups(document: Document) -> list[int]:
    """For each instruction the index of the last that stands below it without a blank line between."""
    instructions = document.instructions
    groups = list(range(len(instructions)))
    for index in range(len(instructions) - 2, -1, -1):
        if instructions[index + 1].line_number <= instructions[index].end_line + 1:
            groups[index] = groups[index + 1]
    return groups


def _firsts(places: Mapping[str, Sequence[int]], index: int, last: int) -> list[int]:
    """The indices from *index* to *last* at which a keyword comes for the first time; *places* has those of each.

    Each keyword is looked up instead of the lines being walked: of a file in which every other line is a comment,
    every comment would walk all the rest.
    """
    found = []
    for indices in places.values():
        nearest = bisect_left(indices, index)
        if nearest < len(indices) and indices[nearest] <= last:
            found.append(indices[nearest])
    return sorted(found)


def _split(rules: str) -> frozenset[str]:
    return frozenset(rule.strip().lower() for rule in rules.split(",") if rule.strip())
