"""What a text of an editor is: the Dockerfiles in it, each with its result, its parts and its places in the text."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from ..change import Change, Remark, Safety
from ..embedded.literal import View
from ..ir.build import Build, read_build
from ..pipeline import Options, Result, rewrite
from ..record import evolve, record
from ..syntax import Instruction, ParseError, parse
from ..text import Edit, Patch, Source, Span
from ..workspace.templates import template_mark
from .kinds import Kind
from .lines import Lines
from .names import Name, names_in
from .surroundings import Holding

#: As for the command line: no Dockerfile is larger.
MAX_BYTES = 4 * 1024 * 1024


@record
class Problem:
    """Why a text is left alone; ``line`` counts from 1. ``wrong`` tells that it cannot be built as it is."""

    line: int
    reason: str
    wrong: bool = False


@record(eq=False, slots=False)
class Piece:
    """One Dockerfile of a text: all of it, or what the literal behind ``view`` stands for.

    ``edits`` are those of the whole text that make the result; ``problem`` says why there are none. ``raised`` has the
    level of changes that are not made below it, by rule and line: they stand on others of that level.
    """

    result: Result
    options: Options
    edits: tuple[Edit, ...]
    view: View | None = None
    problem: str | None = None
    raised: Mapping[tuple[str, int], Safety] = MappingProxyType({})

    def level(self, change: Change) -> Safety:
        """The lowest level at which *change* is made."""
        return self.raised.get((change.rule, change.line), change.safety)

    @property
    def text(self) -> str:
        """The Dockerfile."""
        return self.result.original

    @cached_property
    def source(self) -> Source:
        """The Dockerfile, with its lines."""
        return Source(self.text, self.result.path)

    @cached_property
    def build(self) -> Build:
        """Its stages and steps."""
        return read_build(parse(self.source))

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """The stages and variables that it names."""
        return names_in(self.build)

    def place(self, offset: int) -> int:
        """Where the code point at *offset* of the Dockerfile stands in the text."""
        return offset if self.view is None else self.view.position(offset)

    def span(self, span: Span) -> Span:
        """Where *span* of the Dockerfile stands in the text."""
        if self.view is None or span.start == span.end:
            return Span(self.place(span.start), self.place(span.end))
        last = self.view.position(span.end - 1)
        return Span(self.place(span.start), max(last + 1, self.place(span.start)))

    def inside(self, offset: int) -> int | None:
        """The offset in the Dockerfile of what stands at *offset* of the text; None for what is no part of it."""
        if self.view is None:
            return offset
        starts = self.view.starts
        if not starts or not starts[0] <= offset <= self.view.end:
            return None
        return max(bisect_right(starts, offset) - 1, 0)

    def written(self, patch: Patch) -> tuple[Edit, ...] | None:
        """*patch* of the Dockerfile as edits of the text; None where they cannot be written there."""
        return patch.edits if self.view is None else self.view.edits(patch)

    def line_span(self, line: int) -> Span:
        """Where the text of *line* (from 1) of the Dockerfile stands in the text, blanks around it left out."""
        starts = self.source.line_starts
        begin = starts[min(line, len(starts)) - 1]
        end = self.text.find("\n", begin)
        whole = self.text[begin : len(self.text) if end < 0 else end]
        first = begin + len(whole) - len(whole.lstrip())
        return self.span(Span(min(first, begin + len(whole.rstrip())), begin + len(whole.rstrip())))

    def instruction_at(self, line: int) -> Instruction | None:
        """The instruction that *line* (from 1) of the Dockerfile belongs to."""
        for instruction in self.build.document.instructions:
            if instruction.line_number <= line <= instruction.end_line:
                return instruction
        return None


@record(eq=False, slots=False)
class Analysis:
    """Everything known of one version of a document. ``remarks`` are on the text, those of pieces are theirs."""

    lines: Lines
    kind: Kind
    holding: Holding
    pieces: tuple[Piece, ...] = ()
    remarks: tuple[Remark, ...] = ()
    problem: Problem | None = None

    @property
    def text(self) -> str:
        """The text of the document."""
        return self.lines.text

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All edits that the rewrite makes."""
        return tuple(edit for piece in self.pieces for edit in piece.edits)

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes that are made."""
        return tuple(change for piece in self.pieces if piece.edits for change in piece.result.changes)

    @property
    def rewritten(self) -> str:
        """The text with all changes made: what the command line writes."""
        return Patch.of(self.edits).apply(self.text)


def analyse(lines: Lines, kind: Kind, path: Path | None, holding: Holding) -> Analysis:
    """Rewrite the text *lines* of the file *path* under what holds for it."""
    found = Analysis(lines, kind, holding)
    if holding.excluded is not None:
        return found
    if len(lines.text) > MAX_BYTES:
        return evolve(found, problem=Problem(1, "larger than 4 MiB, which no Dockerfile is; left alone"))
    try:
        found = _with_levels(_rewritten(found, path), path)
    except ParseError as error:
        return evolve(found, problem=Problem(error.line, error.reason, wrong=True))
    except ValueError as error:
        return evolve(found, problem=Problem(1, str(error)))
    except (RecursionError, MemoryError):
        return evolve(found, problem=Problem(1, "too large, or nested too deeply, to be read; left alone"))
    if not holding.unreadable:
        return found
    # What the project forbids is not known, so nothing is offered; names and outline are there all the same.
    return evolve(found, pieces=tuple(evolve(one, edits=()) for one in found.pieces))


def with_options(found: Analysis, changed: Mapping[str, object]) -> Analysis:
    """*found* with its options replaced, before it is rewritten again."""
    return evolve(found, holding=evolve(found.holding, options=evolve(found.holding.options, **changed)))


def _rewritten(found: Analysis, path: Path | None) -> Analysis:
    return _dockerfile(found, path) if found.kind == "dockerfile" else _hosted(found, path)


def _with_levels(found: Analysis, path: Path | None) -> Analysis:
    """*found* with the level of each change that stands on one of a higher level: it is not made below."""
    levels = sorted({change.safety for change in found.changes})
    if len(levels) < 2:
        return found
    lower = [(level, _rewritten(with_options(found, {"level": level}), path).pieces) for level in levels[:-1]]
    pieces = []
    for at, piece in enumerate(found.pieces):
        raised: dict[tuple[str, int], Safety] = {}
        for level, below in lower:
            higher = next(one for one in levels if one > level)
            for change in _not_made([one for one in piece.result.changes if piece.level(one) <= level], below[at]):
                raised[change.rule, change.line] = higher
            piece = evolve(piece, raised=dict(raised))
        pieces.append(piece)
    return evolve(found, pieces=tuple(pieces))


def _not_made(changes: Sequence[Change], below: Piece) -> list[Change]:
    """Those of *changes* that are not among what a lower level makes of *below*.

    Where steps are joined only above, the same change stands on another line.
    """
    made = Counter((one.rule, one.line) for one in below.result.changes if below.edits)
    left = [one for one in changes if not made[one.rule, one.line]]
    for one in changes:
        made.pop((one.rule, one.line), None)
    elsewhere: Counter[str] = Counter()
    for (rule, _), count in made.items():
        elsewhere[rule] += count
    not_made = []
    for one in left:
        elsewhere[one.rule] -= 1
        if elsewhere[one.rule] < 0:
            not_made.append(one)
    return not_made


def _dockerfile(found: Analysis, path: Path | None) -> Analysis:
    mark = template_mark(path.name if path is not None else "Dockerfile", found.text)
    if mark is not None:
        return evolve(found, problem=Problem(mark[0], f"a template: it holds {mark[1]}; left alone"))
    if not found.text.strip():
        return found
    options = found.holding.options
    result = rewrite(found.text, options, None if path is None else str(path))
    return evolve(found, pieces=(Piece(result, options, result.patch.edits),))


def _hosted(found: Analysis, path: Path | None) -> Analysis:
    from ..embedded.hosts import host_of, may_hold
    from ..embedded.rewrite import read_embedded

    if not may_hold(found.kind, found.text):
        return found
    host = host_of(found.kind)
    options = evolve(found.holding.options, style="keep", context=None, builds=None, dockerignore=False)
    reading = read_embedded(host, Source(found.text, None if path is None else str(path)), options)
    pieces = tuple(Piece(one.result, options, one.edits, one.view, one.problem) for one in reading.pieces)
    whole = evolve(found, pieces=pieces, remarks=reading.remarks)
    if whole.edits and not host.same_elsewhere(found.text, whole.rewritten):
        problem = "another part of the file would be read differently"
        return evolve(whole, pieces=tuple(evolve(one, edits=(), problem=problem) for one in pieces))
    return whole


def laid_out(found: Analysis) -> tuple[Edit, ...]:
    """The edit that sets a Dockerfile anew in the canonical layout; none where nothing changes, or in a string."""
    from ..pipeline.layout import canonical_result

    piece = found.pieces[0] if found.kind == "dockerfile" and found.pieces else None
    if piece is None or found.holding.unreadable:
        return ()
    unchanged = Result(piece.text, piece.text, (), (), Patch(), piece.result.path)
    return canonical_result(unchanged, piece.options).patch.edits
