"""The action that adds what is told of an instruction to the project's baseline: an edit of that file, for review."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path

from ..pipeline.baseline import FILE_NAME, BaselineError, accepted_at, line_of, read_baseline, write_baseline
from ..record import record
from ..text import Span
from ..workspace.accepted import baseline_text
from .analysis import Analysis
from .documents import Documents
from .lines import Lines
from .touching import changes_at


@record
class Baseline:
    """The file *path* as the client has it: *lines* is None where there is none, *version* where it is not open."""

    path: Path
    lines: Lines | None
    version: int | None = None


def baseline_for(path: Path, documents: Documents) -> Baseline:
    """The baseline of the Dockerfile *path*: what an editor has open counts, not what it has yet to save.

    Raises ``BaselineError``.
    """
    file = path.parent / FILE_NAME
    for document in documents.all():
        if document.path == file:
            return Baseline(file, document.lines, document.version)
    text = baseline_text(path.parent)
    return Baseline(file, None if text is None else Lines(text, documents.encoding))


def accepting(
    found: Analysis,
    path: Path,
    span: Span,
    shown: Sequence[types.Diagnostic],
    documents: Documents,
    able: types.WorkspaceEditClientCapabilities | None,
) -> Iterator[types.CodeAction]:
    """For each rule that changes something at *span* of the Dockerfile *path* the action that accepts it as it is.

    *able* is what the client can do with edits of the workspace. Nothing where the baseline cannot be read, or has the
    entry already and is only not saved.
    """
    try:
        before = baseline_for(path, documents)
        known = read_baseline("" if before.lines is None else before.lines.text, str(path)).get(path.name, frozenset())
    except BaselineError:
        return
    for piece in found.pieces if found.kind == "dockerfile" else ():
        lines = {one.rule: one.line for one in reversed(changes_at(piece, span))}
        for rule, line in lines.items():
            entry = accepted_at(rule, line, piece.build)
            if entry.key in known:
                continue
            yield types.CodeAction(
                f"Add {rule} here to the baseline",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[one for one in shown if one.code == rule],
                edit=_edit(before, line_of(path.name, entry), able),
            )


def _edit(before: Baseline, line: str, able: types.WorkspaceEditClientCapabilities | None) -> types.WorkspaceEdit:
    """The edit that puts *line* where it belongs among the lines of the baseline *before*."""
    uri = str(from_fs_path(str(before.path)))
    place, text = _insertion(before.lines, line)
    edit = types.TextEdit(types.Range(place, place), text)
    if able is None or not able.document_changes:
        return types.WorkspaceEdit(changes={uri: [edit]})
    item = types.OptionalVersionedTextDocumentIdentifier(uri, before.version)
    made: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    if before.lines is None and types.ResourceOperationKind.Create in (able.resource_operations or ()):
        made.append(types.CreateFile(uri, options=types.CreateFileOptions(ignore_if_exists=True)))
    return types.WorkspaceEdit(document_changes=[*made, types.TextDocumentEdit(item, [edit])])


def _insertion(before: Lines | None, line: str) -> tuple[types.Position, str]:
    """Where *line* goes in *before*, and with which line ends."""
    if before is None or not before.text:
        return types.Position(0, 0), write_baseline({}) + f"{line}\n"
    ends = "\r\n" if "\r\n" in before.text else "\n"
    numbers = range(len(before.starts))
    lines = [before.text[before.starts[number] : before.end_of(number)] for number in numbers]
    # Behind the last line end there is no line.
    open_ended = lines[-1] != ""
    if not open_ended:
        lines.pop()
    at = bisect_right(lines, line, lo=sum(one.startswith("#") for one in lines))
    if at == len(lines) and open_ended:
        return types.Position(*before.position(len(before.text))), f"{ends}{line}{ends}"
    return types.Position(at, 0), f"{line}{ends}"
