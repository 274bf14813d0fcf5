"""What comments of the file ask for: findings to leave alone, and forms that are meant to stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from ..change import Remark, RemarkKind
from ..ignores import Ignored, Wish, holding
from ..ir.build import Build
from ..passes import Pass, rules
from ..text import Edit, Patch
from .inserted import divided_line


class Comments:
    """The ignore comments *ignored* of the original *text*, and which of them have held something back."""

    def __init__(self, ignored: Ignored, text: str) -> None:
        self._ignored = ignored
        self._text = text
        self._heeded: set[tuple[frozenset[str], str]] = set()

    def ignores(self, ignored: Ignored, one: Pass, edits: Sequence[Edit], line: int, build: Build) -> bool:
        """Whether the user asked, near the place, to leave the rule or a finding that it answers alone."""
        return self._holds(ignored, one, {line, *(build.document.line_of(edit.span.start) for edit in edits)}, build)

    def ignores_part(self, one: Pass, line: int, build: Build, patch: Patch, first: Build) -> bool:
        """Whether the user asked to leave the rule alone at the instruction of *first*, the original, of which the one
        on *line* of *build*, to which *patch* led, is a part: the comment stands above the other part.
        """
        at = divided_line(line, build, patch, first) if self._ignored else None
        return at is not None and self._holds(self._ignored, one, {at}, first)

    def _holds(self, ignored: Ignored, one: Pass, at: set[int], build: Build) -> bool:
        codes = _words(one) | {word.lower() for word in one.held_by}
        found = list(holding(ignored, codes, at))
        if found:
            lines = build.document.source.text.splitlines()
            self._heeded.update((entry.rules, lines[entry.line - 1]) for entry in found)
        return bool(found)

    def unheeded(self, ran: Iterable[Pass]) -> list[Remark]:
        """Remarks on comments for this program that name unknown rules, or that held none of those that *ran* back."""
        known = {word for one in rules() for word in _words(one)}
        running = {word for one in ran for word in _words(one)}
        lines = self._text.splitlines()
        found: list[Remark] = []
        for entry in self._ignored:
            if not entry.ours:
                continue
            unknown = sorted(entry.rules - known - {"all"})
            if unknown:
                near = get_close_matches(unknown[0], sorted(known), 1)
                hint = f"; did you mean {_shown(near[0])}?" if near else ""
                reason = f"unknown rule {_shown(unknown[0])} in an ignore comment{hint}"
                found.append(Remark(RemarkKind.ANALYSIS, reason, entry.line, rule="DS000"))
            elif ("all" in entry.rules or entry.rules & running) and (
                entry.rules,
                lines[entry.line - 1],
            ) not in self._heeded:
                reason = "this ignore comment holds nothing back here; drop it"
                found.append(Remark(RemarkKind.ANALYSIS, reason, entry.line, rule="DS000"))
        return found


def _words(one: Pass) -> set[str]:
    """The words by which a comment may name the rule, in lower case."""
    return {one.code.lower(), one.name, *(answer.lower() for answer in one.answers)}


def _shown(word: str) -> str:
    """A rule's code as people write it; a name as it is."""
    return word.upper() if word.startswith("ds") and word[2:].isdigit() else word


def wish_for(wishes: Sequence[Wish], one: Pass, edits: Sequence[Edit], line: int, build: Build) -> Wish | None:
    """The comment that asks to leave alone what *edits* of the pass *one* change; None where there is none."""
    if not wishes:
        return None
    lines = {line, *(build.document.line_of(at) for edit in edits for at in (edit.span.start, edit.span.end))}
    codes = {one.code.lower(), "all"}
    held = (wish for wish in wishes if codes & wish.rules)
    return next((wish for wish in held if any(wish.first <= at <= wish.last for at in lines)), None)
