"""The action that adds what is told of an instruction to the project's baseline: an edit of that file, for review."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path

from ..pipeline.baseline import FILE_NAME, BaselineError, accepted_at, line_of, write_baseline
from ..text import Span
from ..workspace.accepted import baseline_text
from .analysis import Analysis
from .touching import changes_at

#: A character behind the end of a line stands for that end, whatever the positions count.
_LINE_END = 2**31 - 1


def accepting(
    found: Analysis,
    path: Path,
    span: Span,
    shown: Sequence[types.Diagnostic],
    able: types.WorkspaceEditClientCapabilities | None,
) -> Iterator[types.CodeAction]:
    """For each rule that changes something at *span* of the Dockerfile *path* the action that accepts it as it is.

    *able* is what the client can do with edits of the workspace. Nothing where the baseline cannot be read.
    """
    try:
        before = baseline_text(path.parent)
    except BaselineError:
        return
    for piece in found.pieces if found.kind == "dockerfile" else ():
        lines = {one.rule: one.line for one in reversed(changes_at(piece, span))}
        for rule, line in lines.items():
            entry = line_of(path.name, accepted_at(rule, line, piece.build))
            yield types.CodeAction(
                f"Add {rule} here to the baseline",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[one for one in shown if one.code == rule],
                edit=_edit(path.parent / FILE_NAME, before, entry, able),
            )


def _edit(
    file: Path, before: str | None, line: str, able: types.WorkspaceEditClientCapabilities | None
) -> types.WorkspaceEdit:
    """The edit that puts *line* where it belongs among the lines of *before*; None is a file that is not there."""
    uri = str(from_fs_path(str(file)))
    place = types.Position(0, 0)
    if before is None:
        text = write_baseline({}) + f"{line}\n"
    else:
        lines = before.splitlines()
        at = bisect_right(lines, line, lo=sum(one.startswith("#") for one in lines))
        if at < len(lines) or not before or before.endswith("\n"):
            place, text = types.Position(at, 0), f"{line}\n"
        else:
            place, text = types.Position(at - 1, _LINE_END), f"\n{line}\n"
    edit = types.TextEdit(types.Range(place, place), text)
    if able is None or not able.document_changes:
        return types.WorkspaceEdit(changes={uri: [edit]})
    item = types.OptionalVersionedTextDocumentIdentifier(uri, None)
    made: list[types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile] = []
    if before is None and types.ResourceOperationKind.Create in (able.resource_operations or ()):
        made.append(types.CreateFile(uri, options=types.CreateFileOptions(ignore_if_exists=True)))
    return types.WorkspaceEdit(document_changes=[*made, types.TextDocumentEdit(item, [edit])])
