"""What machine-readable reports tell: one finding a change or note, in the order of files and places."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..change import Change, Remark, RemarkKind, Safety
from ..passes import rules
from ..pipeline import Options, Result
from ..pipeline.parts import Part, parts
from ..record import record
from ..text import Source, Span
from ..workspace.repository import root_of
from .text import size

#: Where rule pages are published, for those who publish them: `DS201.md` and its like are below it.
PAGES = "DOCKERSLIM_RULE_PAGES"


@record
class Finding:
    """A change that could be made, or a note.

    ``span`` is the line that it is about; ``fingerprint`` stays the same when lines move. ``part`` is what has to be
    replaced to make the change, others that it cannot be without included; None for a note, where nobody asked, and
    where an earlier finding has it.
    """

    path: str
    rule: str
    span: Span
    line: int
    message: str
    title: str
    reason: str
    change: bool
    security: bool
    saving: int
    fingerprint: str
    breaks: bool = False
    part: Part | None = None

    @property
    def described(self) -> str:
        """What ``part`` does: the titles of all its changes."""
        return "; ".join(dict.fromkeys(change.title for change in self.part.changes)) if self.part else self.title

    @property
    def severity(self) -> str:
        """``error`` for what breaks a build, ``warning`` for what can be changed, ``note`` for the rest."""
        return "error" if self.breaks else "warning" if self.change else "note"


def findings(result: Result, *, fixes: bool = False) -> tuple[Finding, ...]:
    """What is to be told of *result*, by line and rule: its changes, and remarks on what was seen.

    With *fixes* the first change of each part comes with it.
    """
    cut = parts(result, Options()) if fixes else ()
    part_of = {id(change): part for part in reversed(cut) for change in part.changes}
    source, path = Source(result.original), shown_path(result)
    security = {one.code for one in rules() if one.group == "security"}
    notes = [one for one in result.remarks if one.kind in (RemarkKind.ANALYSIS, RemarkKind.BUG)]
    told: list[Change | Remark] = sorted([*result.changes, *notes], key=lambda one: (one.line, one.rule))
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    given: set[int] = set()
    lines: dict[int, tuple[Span, str]] = {}
    for one in told:
        if one.line not in lines:
            lines[one.line] = _line(source, one.line)
        span, words = lines[one.line]
        key = one.rule, words
        seen[key] += 1
        change = isinstance(one, Change)
        part = part_of.get(id(one))
        if part is not None and id(part) in given:
            # Whoever accepts it twice would make its edits twice.
            part = None
        elif part is not None:
            given.add(id(part))
        found.append(
            Finding(
                path=path,
                rule=one.rule,
                span=span,
                line=one.line,
                message=advice(one),
                title=one.title if isinstance(one, Change) else one.message,
                reason=one.reason,
                change=change,
                security=one.rule in security,
                saving=(one.saving or 0) if isinstance(one, Change) else 0,
                fingerprint=fingerprint(path, *key, seen[key]),
                breaks=isinstance(one, Remark) and one.breaks,
                part=part,
            )
        )
    return tuple(found)


def _line(source: Source, number: int) -> tuple[Span, str]:
    """The line called *number*, and what it is known by when it moves: its words."""
    begin = source.line_starts[min(number, len(source.line_starts)) - 1]
    line_end = source.text.find("\n", begin)
    end = len(source.text) if line_end < 0 else line_end
    line = source.text[begin:end].rstrip("\r")
    return Span(begin, begin + len(line)), " ".join(line.split())


def all_findings(results: Sequence[Result]) -> Iterator[Finding]:
    """The findings of all *results*, sorted by file and place."""
    for result in sorted(results, key=shown_path):
        yield from findings(result)


def shown_path(result: Result) -> str:
    """The path of *result* below the root of its repository, with slashes."""
    if result.path is None:
        return "Dockerfile"
    full = os.path.abspath(result.path)
    root = os.path.realpath(root_of(Path(full)))
    inside = os.path.relpath(os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full)), root)
    return inside.replace(os.sep, "/")


def sentence(one: Change | Remark) -> str:
    """What, why and what it saves, in one sentence."""
    if isinstance(one, Remark):
        return one.message
    saved = f" (about {size(one.saving)} less)" if one.saving else ""
    return f"{one.title}{saved}: {one.reason}"


def advice(one: Change | Remark) -> str:
    """The same with what to look at, where the change rests on an assumption."""
    if isinstance(one, Remark) or one.safety is Safety.SAFE:
        return sentence(one)
    look = next((known.look for known in rules() if known.code == one.rule and known.look), None)
    return sentence(one) if look is None else f"{sentence(one)}; look {look}"


def fingerprint(path: str, rule: str, text: str, ordinal: int) -> str:
    """A name for the *ordinal*th finding of *rule* on the instruction *text*, which does not change with its line."""
    data = "\0".join((path, rule, text, str(ordinal))).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:32]


def page_of(rule: str) -> str | None:
    """The address of the rule's page, where ``DOCKERSLIM_RULE_PAGES`` says where pages are; else None."""
    base = os.environ.get(PAGES, "")
    return f"{base.rstrip('/')}/{rule}" if base.startswith(("https://", "http://")) else None


def clean(text: str) -> str:
    """*text* with bytes that are no UTF-8 shown as such: documents are UTF-8 throughout."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
