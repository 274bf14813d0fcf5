"""The journal as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..change import Change, Remark, RemarkKind, Safety
from ..patterns import re
from ..pipeline import Result

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

#: So many of a kind are named in one line.
_SHOWN = 10


def printable(text: str) -> str:
    """*text* in one line, without anything that a terminal would obey: line ends, control and direction characters
    become escapes.
    """
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]) & 0xFFFF:02x}", text)


def lines_shown(text: str) -> str:
    """The lines of *text* without anything that a terminal would obey, but for where they end."""
    return "\n".join(printable(line.removesuffix("\r")) for line in text.split("\n"))


def size(count: int) -> str:
    """A number of bytes for people: ``900 B``, ``3.2 MB``."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def change_lines(name: str, changes: Iterable[Change]) -> Iterator[str]:
    """*changes* of the file *name*, those that are alike together, in two lines: where and what; why."""
    alike: dict[tuple[str, str, str, Safety], list[Change]] = {}
    for change in sorted(changes, key=lambda change: change.line):
        alike.setdefault((change.rule, change.title, change.reason, change.safety), []).append(change)
    for first, *others in alike.values():
        count = sum(one.saving or 0 for one in (first, *others))
        saving = f", about {size(count)} less" if count else ""
        again = _again(first.line, others)
        often = "" if again else _often(1 + len(others))
        yield f"{name}:{first.line}: {first.rule} {first.title}{often} [{first.safety.label}{saving}]{again}"
        yield f"    {first.reason}"


def _again(line: int, others: Iterable[Change | Remark]) -> str:
    """On which other lines than *line* the same is said, for people; empty where on none."""
    lines = [one for one in dict.fromkeys(other.line for other in others) if one != line]
    return f" (also on {'line' if len(lines) == 1 else 'lines'} {listing(lines)})" if lines else ""


def _often(times: int) -> str:
    return "" if times == 1 else ", twice" if times == 2 else f", {times} times"


#: Of so many files the same is told.
_TOLD = 3
_COUNTED = (RemarkKind.MISSED, RemarkKind.ANALYSIS)
_WORDS = {RemarkKind.MISSED: "skipped", RemarkKind.ANALYSIS: "note", RemarkKind.BUG: "BUG"}


def remark_lines(name: str, remarks: Iterable[Remark]) -> Iterator[tuple[int, str]]:
    """*remarks* on the file *name*, those that are alike in one: where it is said first, and the line that says it."""
    causes: dict[tuple[RemarkKind, str, str], list[Remark]] = {}
    for remark in remarks:
        causes.setdefault((remark.kind, remark.rule, remark.reason), []).append(remark)
    for first, *others in causes.values():
        also = _again(first.line, others)
        word = "error" if first.breaks else _WORDS[first.kind]
        yield first.line, f"{name}:{first.line}: {first.rule} {word}: {first.reason}{also}"


def listing(numbers: Sequence[int]) -> str:
    """Numbers for people: ``3``, ``3 and 4``, ``3, 4 and 5``; of many the first ten and how many more there are."""
    shown = [str(number) for number in numbers[:_SHOWN]]
    return f"{', '.join(shown)} and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else listed(shown)


def listed(words: Sequence[str]) -> str:
    """*words*, of which there is one at least, for people: ``a``, ``a and b``, ``a, b and c``."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def counted(count: int, word: str, many: str | None = None) -> str:
    """``1 file``, ``2 files``; *many* is the plural where that is no ``s`` more."""
    return f"{count} {word}" if count == 1 else f"{count:,} {many or f'{word}s'}"


def failing(errors: int, mark: str) -> str:
    """How many *errors* make builds fail, with *mark* and a blank behind it; nothing where there is none."""
    return f"{counted(errors, 'error')}{mark} " if errors else ""


def held_lines(name: str, remarks: Sequence[Remark]) -> Iterator[str]:
    """What a higher level would do, one line a level."""
    for level in Safety:
        alike = Counter(f"{one.rule} {one.reason}" for one in remarks if one.needs is level)
        held = [f"{one}{_often(times)}" for one, times in alike.items()]
        if held:
            more = f"; and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
            yield f"{name}: with --level {level.label}: {'; '.join(held[:_SHOWN])}{more}"


def summary_line(result: Result) -> str:
    """How much was changed, in one line."""
    name = result.path or "<stdin>"
    count = len(result.changes)
    saved = f", about {size(result.saving)} less in the image" if result.saving else ""
    return printable(f"{name}: {counted(count, 'change')}{saved}" if count else f"{name}: nothing to change")


class Told:
    """Which remarks were told of a few files: in others, the same words are counted and not told again."""

    def __init__(self) -> None:
        self._times: Counter[tuple[RemarkKind, str, str]] = Counter()

    def new(self, remarks: Iterable[Remark]) -> list[Remark]:
        """Those of one file's *remarks* that few files had before, and all that make builds fail or are bugs."""
        remarks = list(remarks)
        earlier = {key for key, times in self._times.items() if times >= _TOLD}
        keys = {(one.kind, one.rule, one.reason) for one in remarks if one.kind in _COUNTED and not one.breaks}
        self._times.update(keys)
        return [one for one in remarks if (one.kind, one.rule, one.reason) not in keys & earlier]

    def lines(self) -> Iterator[str]:
        """What was not told any more: once each, with of how many files."""
        for (kind, rule, reason), times in self._times.items():
            if times > _TOLD:
                yield printable(f"{rule} {_WORDS[kind]} in {counted(times - _TOLD, 'more file')}: {reason}")


def report_lines(result: Result, told: Told | None = None) -> Iterator[str]:
    """The journal of one file, in the order of its lines, with a closing line; remarks that were *told* of another file
    are left out.
    """
    name = result.path or "<stdin>"
    for line in change_lines(name, result.changes):
        yield printable(line)
    remarks = [remark for remark in result.remarks if remark.kind is not RemarkKind.HELD]
    for _, line in remark_lines(name, remarks if told is None else told.new(remarks)):
        yield printable(line)
    for line in held_lines(name, result.remarks):
        yield printable(line)
    yield summary_line(result)


def total_line(results: Sequence[Result]) -> str:
    """How much was changed over several files, in one line."""
    changed = sum(result.changed for result in results)
    saving = sum(result.saving for result in results)
    saved = f", about {size(saving)} less in the images" if saving else ""
    changes = sum(len(result.changes) for result in results)
    return f"{changed} of {counted(len(results), 'file')} changed, {counted(changes, 'change')}{saved}"


def statistics_lines(results: Sequence[Result]) -> Iterator[str]:
    """How often each rule acted, and in how many files, most often first."""
    acted = Counter(change.rule for result in results for change in result.changes)
    files = Counter(rule for result in results for rule in {change.rule for change in result.changes})
    bytes_ = Counter[str]()
    for result in results:
        for change in result.changes:
            bytes_[change.rule] += change.saving or 0
    width = len(str(max(acted.values(), default=0)))
    for code, count in sorted(acted.items(), key=lambda one: (-one[1], one[0])):
        saved = f", about {size(bytes_[code])} less" if bytes_[code] else ""
        yield f"{count:{width}}  {code} in {counted(files[code], 'file')}{saved}"
