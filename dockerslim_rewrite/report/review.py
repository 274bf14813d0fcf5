"""A review as comments of a pull request: suggestions with their reasons, and what needs more than a click."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..change import Change, Remark, Safety
from ..pipeline import unified_diff
from ..pipeline.parts import MOST_PARTS, Part
from ..record import evolve
from ..review.reviewed import Reviewed, Suggestion
from ..review.run import Review
from ..text import Patch
from .findings import advice, clean, fingerprint, page_of
from .json import SCHEMA, result_object
from .markdown import LIMIT, code, fence, fenced, markdown, plain
from .text import counted, failing, listed, remark_lines

#: What the program knows its own comments by; a fingerprint follows.
MARK = "<!-- dockerslim:"
SUMMARY = f"{MARK}summary -->"
#: GitHub answers a review with many more comments with a refusal; the rest is in the summary.
COMMENTS = 30
#: So many files get a comment of their own.
FILES = 10
#: GitLab applies suggestions of at most so many lines above the commented one.
_ABOVE = 100
#: So many digits name a commit for people.
_SHORT = 12
#: More changes of one reason than this are told as one.
_ALIKE = 2
#: A part of more places than this holds what was not told apart: no change has as many.
_TOLD_APART = 10
#: So many lines of each text does a dry run show.
_READ = 80
#: A terminal shows no more lines at once.
_SCREEN = 40
#: So much of what a change rests on is shown.
_EVIDENCE = 3


def marks(file: Reviewed) -> dict[Suggestion, str]:
    """What names each suggestion from one run to the next: its file, rules, and what becomes of which text.

    Of suggestions that are alike in all of that, each counts.
    """
    lines = file.result.original.split("\n")
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for one in file.suggestions:
        rules = " ".join(sorted({change.rule for change in one.changes}))
        replaced = one.replacement
        text = "\n".join((*lines[replaced.first - 1 : replaced.last], "", replaced.text or ""))
        seen[rules, text] += 1
        found[one] = f"{MARK}{fingerprint(file.path, rules, text, seen[rules, text])} -->"
    return found


def why(changes: Iterable[Change]) -> str:
    """A sentence a change, each with its rule."""
    lines = []
    alike: dict[tuple[str, str], list[Change]] = {}
    for one in changes:
        alike.setdefault((one.rule, one.reason), []).append(one)
    for (code_, _), several in alike.items():
        page = page_of(code_)
        rule = f"**{code_}**" if page is None else f"[**{code_}**]({page})"
        if len({one.title for one in several}) > _ALIKE:
            several = [evolve(several[0], title=f"{several[0].title}, and {len(several) - 1} more like it")]
        for one in several:
            shown = _rests_on(one) if one.safety is not Safety.SAFE else ""
            lines.append(f"{rule} {plain(advice(one))}" + (f" (rests on: {plain(shown)})" if shown else ""))
    # Rules that did the same in several places of the suggestion say it once.
    return "\n\n".join(dict.fromkeys(lines))


def _rests_on(one: Change) -> str:
    """The beginning of what *one* rests on, each clause once."""
    return "; ".join(dict.fromkeys(clause for told in one.evidence[:_EVIDENCE] for clause in told.split("; ")))


def comment(suggestion: Suggestion, mark: str, info: str = "suggestion") -> str:
    """The text of a comment on the lines that *suggestion* replaces, which is known by its *mark*."""
    text = suggestion.replacement.text
    block = f"```{info}\n```" if text is None else _block(text, info)
    return f"{why(suggestion.changes)}\n\n{block}\n\n{mark}"


def _block(text: str, info: str) -> str:
    # Verbatim: what stands between the fences takes the place of the lines.
    ticks = fence(text)
    return f"{ticks}{info}\n{clean(text)}\n{ticks}"


def github_comments(files: Sequence[Reviewed]) -> list[dict[str, Any]]:
    """The comments of a review as GitHub takes them: what breaks a build, and the suggestions that save most."""
    failures = [
        {"path": file.path, "body": body, "line": line, "side": "RIGHT"} for file, line, body in _failures(files)
    ]
    return [*failures, *(_github(file.path, one, mark) for file, one, mark in _chosen(files))]


def _failures(files: Sequence[Reviewed]) -> Iterator[tuple[Reviewed, int, str]]:
    """What breaks a build on lines that the diff shows: the file, the line and the text of the comment."""
    shown = (
        (file, note)
        for file in files
        for note in _failing(file)
        if any(hunk.holds(note.line, note.line) for hunk in file.hunks)
    )
    seen: Counter[tuple[str, str, str]] = Counter()
    for file, note in list(shown)[:COMMENTS]:
        key = file.path, note.rule, f"error: {note.message}"
        seen[key] += 1
        mark = f"{MARK}{fingerprint(*key, seen[key])} -->"
        yield file, note.line, f"**The build fails:** {plain(note.message)}\n\n{mark}"


def _chosen(files: Sequence[Reviewed]) -> list[tuple[Reviewed, Suggestion, str]]:
    """The suggestions that are posted, with their marks, in order: at most so many, and none that is too long."""
    found = [(file, one, mark) for file in files for one, mark in marks(file).items()]
    found = [entry for entry in found if len(entry[1].replacement.text or "") < LIMIT // 2]
    most = sorted(found, key=lambda entry: -_saving(entry[1].changes))[:COMMENTS]
    kept = {mark for _, _, mark in most}
    return [entry for entry in found if entry[2] in kept]


def _saving(changes: Iterable[Change]) -> int:
    return sum(one.saving or 0 for one in changes)


def _github(path: str, one: Suggestion, mark: str) -> dict[str, Any]:
    first, last = one.replacement.first, one.replacement.last
    entry: dict[str, Any] = {"path": path, "body": comment(one, mark), "line": last, "side": "RIGHT"}
    return entry if first == last else entry | {"start_line": first, "start_side": "RIGHT"}


def github_review(review: Review, root: Path) -> str:
    """The body of the request that makes one review, as JSON."""
    body = {
        "commit_id": review.head,
        "event": "COMMENT",
        "body": summary(review, root),
        "comments": github_comments(review.files),
    }
    return json.dumps(body, indent=2) + "\n"


def gitlab_discussions(review: Review) -> list[dict[str, Any]]:
    """The discussions of a merge request as GitLab takes them."""
    found = [{"body": body, "position": _position(review, file, line)} for file, line, body in _failures(review.files)]
    for file, one, mark in _chosen(review.files):
        above = one.replacement.last - one.replacement.first
        if above > _ABOVE:
            continue
        body = comment(one, mark, f"suggestion:-{above}+0")
        found.append({"body": body, "position": _position(review, file, one.replacement.last)})
    return found


def _position(review: Review, file: Reviewed, line: int) -> dict[str, Any]:
    """Where *line* of *file* is, as GitLab wants to know it."""
    position = {
        "position_type": "text",
        "base_sha": review.base,
        "start_sha": review.base,
        "head_sha": review.head,
        "new_path": file.path,
        "old_path": file.before or file.path,
        "new_line": line,
    }
    # On a line that is not new GitLab wants its number before as well.
    old = file.old_line(line)
    return position if old is None else position | {"old_line": old}


def file_comments(review: Review) -> list[dict[str, Any]]:
    """For files of the pull request with parts that no suggestion can be, one comment with a patch each.

    There are at most so many, for those where it saves most: each is a request of its own. The summary has the rest.
    """
    found = [
        (file, body) for file in review.files if file.in_diff and file.parts and len(body := _patch_of(file)) < LIMIT
    ]
    most = sorted(found, key=lambda one: -sum(_saving(part.changes) for part in one[0].parts))[:FILES]
    kept = {file.path for file, _ in most}
    return [
        {"path": file.path, "subject_type": "file", "commit_id": review.head, "body": body}
        for file, body in found
        if file.path in kept
    ]


def _patch_of(file: Reviewed) -> str:
    changes = [change for part in file.parts for change in part.changes]
    diff = _diff(file, file.parts)
    name = fingerprint(file.path, "patch", diff, 1)
    said = "This changes several places, or lines that the diff does not show, so it is a patch:"
    if _crowded(file):
        said = "Of this many changes those that save most are suggestions; the others are this patch:"
        if not file.suggestions:
            said = "These are more changes than can be told apart in a file of this size, so they are one patch:"
    return f"{said}\n\n{why(changes)}\n\n{fenced(diff, 'diff')}\n\n{MARK}{name} -->"


def _crowded(file: Reviewed) -> bool:
    """Whether *file* has more changes than can be suggestions each, so that the others are one patch."""
    return any(len(part.replacements) > _TOLD_APART for part in file.parts) or (
        len(file.suggestions) + len(file.parts) >= MOST_PARTS
    )


def _crowds(review: Review) -> Iterator[str]:
    """A sentence for each file of which not all changes can be accepted by themselves."""
    for file in review.files:
        if _crowded(file):
            rest = len({change for part in file.parts for change in part.changes})
            some = counted(len(file.suggestions), "suggestion")
            alone = f"{some} for those that save most, and " if file.suggestions else ""
            many = counted(len(file.changes), "change")
            yield f"{file.path}: {many} are too many to tell apart: {alone}one patch for {rest}"


def _diff(file: Reviewed, parts: Sequence[Part]) -> str:
    original = file.result.original
    return unified_diff(original, Patch.of(edit for part in parts for edit in part.patch).apply(original), file.path)


def summary(review: Review, root: Path) -> str:
    """The comment that there is one of in a pull request."""
    text = ""
    suggested = sum(len(one.suggestions) for one in review.files)
    if suggested > COMMENTS:
        text += (
            f"\nOf {counted(suggested, 'suggestion')} the {COMMENTS} that save most stand on the lines themselves, "
            "to be accepted each without the others; `dockerslim rewrite` makes all of them.\n"
        )
    elif suggested:
        # What is too long for a comment cannot be accepted there.
        shown = len(_chosen(review.files))
        if shown:
            text += (
                f"\n{counted(shown, 'suggestion')} can be accepted on the lines themselves, each without the others.\n"
            )
        if shown < suggested:
            pronoun = "it" if suggested - shown == 1 else "them"
            long = counted(suggested - shown, "suggestion")
            text += f"\nNo comment has room for {long}; `dockerslim rewrite` makes {pronoun}.\n"
    for line in _crowds(review):
        text += f"\n{plain(line)}.\n"
    for line in review.skipped:
        text += f"\nSkipped: {code(line)}\n"
    behind = f"{text[: LIMIT // 2]}\n{SUMMARY}\n"
    return markdown([one.narrowed(root) for one in review.files], LIMIT - len(behind)) + behind


def post_lines(comments: Sequence[dict[str, Any]], files: Sequence[dict[str, Any]], summary: str) -> Iterator[str]:
    """What a post would say and where, for a terminal: each comment below a line with its place, then the summary.

    Of a long text the beginning is shown, and how many lines it has more.
    """
    for one in (*comments, *files):
        at = one.get("position", one)
        path, last = at.get("new_path", one.get("path")), at.get("new_line", at.get("line"))
        first = at.get("start_line", last)
        place = "" if last is None else f":{last}" if first == last else f":{first}-{last}"
        yield f"--- {path}{place}"
        yield from _beginning(one["body"])
    yield "--- summary"
    yield from _beginning(summary.rstrip("\n"))


def _beginning(text: str) -> Iterator[str]:
    lines = text.split("\n")
    yield from lines[:_READ]
    if len(lines) > _READ:
        yield f"… and {counted(len(lines) - _READ, 'line')} more"


def review_json(review: Review, root: Path) -> str:
    """Everything that was found, as JSON: suggestions as lines to replace, the rest as patches."""
    files = []
    for file in review.files:
        suggestions = [
            {
                "first_line": one.replacement.first,
                "last_line": one.replacement.last,
                "text": one.replacement.text,
                "rules": sorted({change.rule for change in one.changes}),
                # Several lines that are changed for one reason say it once.
                "message": ". ".join(dict.fromkeys(advice(change) for change in one.changes)),
            }
            for one in file.suggestions
        ]
        patches = [
            {"rules": sorted({one.rule for one in part.changes}), "patch": _diff(file, (part,))} for part in file.parts
        ]
        shown = result_object(file.narrowed(root)) | {"path": file.path}
        files.append(shown | {"suggestions": suggestions, "patches": patches})
    document = {"schema": SCHEMA, "base": review.base, "head": review.head, "files": files}
    return json.dumps(document | {"skipped": list(review.skipped)}, indent=2) + "\n"


def review_lines(review: Review) -> list[str]:
    """The review for a terminal, by file and line; builds that fail are told again at the end where there is much."""
    lines: list[str] = []
    for file in review.files:
        told = [(line, f"{file.path}:{text}") for line, text in (*_suggested(file), *_patched(file))]
        told += remark_lines(file.path, file.notes)
        lines += [text for _, text in sorted(told, key=lambda one: one[0])]
    against = review.base[:_SHORT]
    if not review.base.startswith(review.against):
        against = f"{review.against} ({against})"
    fails = failing(sum(len(_failing(one)) for one in review.files), ";")
    if not review.files:
        return [f"{fails}nothing to suggest, compared with {against}"]
    files = counted(len(review.files), "file")
    suggested = counted(sum(len(one.suggestions) for one in review.files), "suggestion")
    lines.append(f"{fails}{suggested} in {files}, compared with {against}")
    lines[-1:-1] = _crowds(review)
    if len(lines) > _SCREEN:
        lines[-1:-1] = [line for file in review.files for _, line in remark_lines(file.path, _failing(file))]
    patched = sum(bool(one.parts) for one in review.files)
    if patched:
        lines[-1] += f"; {counted(patched, 'patch', 'patches')} for the rest: --format patches"
    return lines


def _failing(file: Reviewed) -> tuple[Remark, ...]:
    return tuple(note for note in file.notes if note.breaks)


def _suggested(file: Reviewed) -> Iterator[tuple[int, str]]:
    for suggestion in file.suggestions:
        first, last = suggestion.replacement.first, suggestion.replacement.last
        place = f"{first}" if first == last else f"{first}-{last}"
        told = (f"{place}: {one.rule} {advice(one)}" for one in suggestion.changes)
        yield from ((first, text) for text in dict.fromkeys(told))


def _patched(file: Reviewed) -> Iterator[tuple[int, str]]:
    for part in file.parts:
        rules = sorted({one.rule for one in part.changes})
        said = set()
        for one in sorted(part.changes, key=lambda one: one.line):
            others = [rule for rule in rules if rule != one.rule]
            text = f"{one.rule} {advice(one)} (as a patch{f', with {listed(others)}' if others else ''})"
            if text not in said:
                yield one.line, f"{one.line}: {text}"
            said.add(text)
