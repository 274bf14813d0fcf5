"""A comment for a pull request: a table, and for each file what changes, folded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..pipeline import Result, unified_diff
from .findings import Finding, clean, findings, page_of, shown_path
from .picture import picture
from .text import counted, failing, printable, size

#: Forges refuse comments with more characters.
LIMIT = 65_000
#: So many failures are told above the table.
_FAILURES = 50
_CUT = "\n\n(cut: too many files)\n"
#: Room for the line that counts what is left out.
_ROOM = 60


def markdown(results: Sequence[Result], limit: int = LIMIT) -> str:
    """The comment for *results*, of at most *limit* characters. What fails comes first; files whose details would make
    it too long are only in the table.
    """
    ordered = sorted((one for one in results if one.changed or findings(one)), key=shown_path)
    changes = sum(len(one.changes) for one in ordered)
    if not ordered:
        return "### dockerslim: nothing to change\n"
    broken = sum(one.breaks for result in ordered for one in findings(result))
    saving = sum(one.saving for one in ordered)
    saved = f", about {size(saving)} less in the images" if saving else ""
    head = [f"### dockerslim: {failing(broken, ',')}{counted(changes, 'change')}{saved}", ""]
    head += _failures(ordered)
    head += ["| file | changes | notes | saves about |", "|---|---:|---:|---:|"]
    for result in ordered:
        notes = sum(not (one.change or one.breaks) for one in findings(result))
        saves = size(result.saving) if result.saving else "–"
        head.append(f"| {code(shown_path(result))} | {len(result.changes)} | {notes} | {saves} |")
    text = "\n".join(head) + "\n"
    if len(text) > limit:
        return text[: limit - len(_CUT)].rsplit("\n", 1)[0] + _CUT
    left = 0
    told = [one for _, one in _told_first(ordered)]
    for result in ordered:
        fold = _fold(result, told)
        if len(text) + len(fold) > limit - _ROOM:
            left += 1
        else:
            text += fold
    return text + (f"\nNo room for the details of {counted(left, 'file')}.\n" if left else "")


def _failures(ordered: Sequence[Result]) -> list[str]:
    """A line for each error, as far as anybody reads so many."""
    failures = [
        f"- **the build fails:** {code(shown_path(result))}, line {one.line}, {one.rule}: {plain(one.message)}"
        for result, one in _told_first(ordered)
    ]
    more = sum(one.breaks for result in ordered for one in findings(result)) - len(failures)
    return [*failures, *([f"- and {more} more"] if more else []), ""] if failures else []


def _told_first(ordered: Sequence[Result]) -> list[tuple[Result, Finding]]:
    """The errors that are told above the table, and not again below it."""
    return [(result, one) for result in ordered for one in findings(result) if one.breaks][:_FAILURES]


def _fold(result: Result, told: Collection[Finding]) -> str:
    """The details of *result* but what was *told*; nothing where that is all."""
    name = shown_path(result)
    lines = ["", f"<details><summary>{_html(name)}</summary>", ""]
    found = [one for one in findings(result) if one not in told]
    if not found and not result.changed:
        return ""
    for one in found:
        page = page_of(one.rule)
        rule = one.rule if page is None else f"[{one.rule}]({page})"
        lines.append(f"- {'**the build fails:** ' if one.breaks else ''}line {one.line}, {rule}: {plain(one.message)}")
    if result.changed:
        shown = picture(result)
        if shown:
            lines += ["", fenced(shown, "text")]
        diff = unified_diff(result.original, result.text, name)
        lines += ["", fenced(diff, "diff")]
    return "\n".join([*lines, "", "</details>", ""])


def fence(text: str) -> str:
    """A fence that nothing in *text* ends: longer than every run of backticks in it."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return "`" * max(3, longest + 1)


def fenced(text: str, kind: str) -> str:
    """*text* as a block of code of this kind."""
    mark = fence(text)
    text = clean(text)
    return f"{mark}{kind}\n{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{mark}"


def plain(text: str) -> str:
    """*text* on one line, in which nothing is markup, mentions a person or names an issue."""
    text = printable(clean(text).replace("\n", " "))
    for character in "\\`*_[]<>|~":
        text = text.replace(character, f"\\{character}")
    return text.replace("@", "@\u2060").replace("#", "#\u2060")


def code(text: str) -> str:
    """*text* as code within a line."""
    text = printable(clean(text)).replace("\n", " ").replace("|", "\\|")
    mark = "`" * (len(fence(text)) - 2 if "`" in text else 1)
    return f"{mark} {text} {mark}" if "`" in text else f"{mark}{text}{mark}"


def _html(text: str) -> str:
    text = printable(clean(text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
