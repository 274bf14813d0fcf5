"""The answers to requests about documents. What they need of the compiler is loaded when the first one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ..pipeline import unified_diff
from ..text import Span
from . import actions, diagnostics, hints, outline, renaming
from .accepting import accepting
from .analysis import Analysis, laid_out
from .documents import Document, path_of
from .hover import hover
from .links import links
from .offers import FIX, PREVIEW, SHOW
from .ranges import text_edits
from .session import Session


class Refusal(JsonRpcException):
    """A request that is answered with the reason why nothing is done: the protocol's ``RequestFailed``."""

    CODE = -32803
    MESSAGE = "refused"


async def _found(session: Session, item: types.TextDocumentIdentifier) -> tuple[Document, Analysis] | None:
    """The document that a request is about, and what is known of its newest text."""
    document = session.documents.get(item.uri)
    found = None if document is None else await session.analysed(document)
    return None if document is None or found is None else (document, found)


def _editing(session: Session, document: Document) -> Callable[[list[types.TextEdit]], types.WorkspaceEdit]:
    """Makes of edits of *document* one of the workspace, for this version of it where the client knows of versions."""
    workspace = session.server.client_capabilities.workspace
    edits = workspace.workspace_edit if workspace is not None else None
    versioned = edits is not None and bool(edits.document_changes)
    version = document.version

    def edit(made: list[types.TextEdit]) -> types.WorkspaceEdit:
        if not versioned:
            return types.WorkspaceEdit(changes={document.uri: made})
        item = types.OptionalVersionedTextDocumentIdentifier(document.uri, version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(item, list(made))])

    return edit


async def pulled(session: Session, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    """What is to be told of a document; that it is the same as what the client has, where it is."""
    got = await _found(session, params.text_document)
    if got is None:
        return types.RelatedFullDocumentDiagnosticReport([])
    name = str(got[0].edition)
    if params.previous_result_id == name:
        return types.RelatedUnchangedDocumentDiagnosticReport(name)
    return types.RelatedFullDocumentDiagnosticReport(diagnostics.diagnostics(got[1]), result_id=name)


async def act(session: Session, params: types.CodeActionParams) -> list[types.CodeAction] | list[types.Command] | None:
    """What can be done at a place; a client that knows no actions but commands is offered what fixes all at once."""
    got = await _found(session, params.text_document)
    if got is None:
        return None
    document, found = got
    again = partial(session.again, document, found)
    able = session.able.code_action
    if able is None or able.code_action_literal_support is None:
        if not _applies(session):
            return []
        fixed = await actions.at_chosen_level(found, again)
        return [types.Command(actions.all_title(fixed), FIX, arguments=[document.uri])] if fixed.edits else []
    slowly = partial(session.slowly, document)
    return await actions.actions(
        found, params, _editing(session, document), again, slowly, _accepting(session, document)
    )


def _accepting(session: Session, document: Document) -> actions.Accept:
    """Gives the actions that add to the baseline of *document*; none for one that lies in no folder of the workspace:
    nothing is read of what lies beside it.
    """
    workspace = session.server.client_capabilities.workspace
    able = workspace.workspace_edit if workspace is not None else None
    path = document.path if session.folder_of(document.path) is not None else None

    def accept(found: Analysis, span: Span, shown: Sequence[types.Diagnostic]) -> list[types.CodeAction]:
        return list(accepting(found, path, span, shown, session.documents, able)) if path is not None else []

    return accept


async def apply(session: Session, params: str) -> None:
    """Make all changes of the document *params*."""
    got = await _found(session, types.TextDocumentIdentifier(params))
    if got is not None:
        await _make(session, *got)


async def fix(session: Session, params: str) -> None:
    """Make the changes of the document *params* that ``source.fixAll.dockerslim`` makes."""
    got = await _found(session, types.TextDocumentIdentifier(params))
    if got is not None:
        document, found = got
        await _make(session, document, await actions.at_chosen_level(found, partial(session.again, document, found)))


async def _make(session: Session, document: Document, found: Analysis) -> None:
    """Let the client make all edits of *found*. Raises ``Refusal`` where it cannot, or does not."""
    if not found.edits:
        return
    if not _applies(session):
        raise Refusal("this editor lets no server change a file; its code actions do")
    edit = _editing(session, document)(text_edits(found.lines, found.edits))
    made = await session.server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, label="dockerslim"))
    if not made.applied:
        raise Refusal(f"the editor changed nothing: {made.failure_reason or 'it does not say why'}")


def _applies(session: Session) -> bool:
    """Whether the client lets the server make changes."""
    workspace = session.server.client_capabilities.workspace
    return workspace is not None and bool(workspace.apply_edit)


def _diff_command(session: Session) -> str | None:
    """The command that lets this client show a diff; None where it shows none."""
    if session.previews:
        return PREVIEW
    window = session.server.client_capabilities.window
    shows = window.show_document if window is not None else None
    return SHOW if shows is not None and shows.support else None


async def show(session: Session, params: str) -> None:
    """Let the client show what the document *params* would become, as a diff."""
    answer = await preview(session, params)
    if answer is None or not answer["diff"]:
        session.say("there is nothing to change")
        return
    name = Path(path_of(params) or "Dockerfile").name
    shown = types.ShowDocumentParams(session.shown.keep(params, name, str(answer["diff"])), take_focus=True)
    await session.server.window_show_document_async(shown)


async def preview(session: Session, params: str) -> dict[str, object] | None:
    """What the document *params* would become."""
    got = await _found(session, types.TextDocumentIdentifier(params))
    if got is None:
        return None
    document, found = got
    name = document.path.name if document.path is not None else "Dockerfile"
    diff = unified_diff(found.text, found.rewritten, name) if found.edits else ""
    return {"uri": params, "version": document.version, "diff": diff, "before": found.text, "text": found.rewritten}


async def hovered(session: Session, params: types.HoverParams) -> types.Hover | None:
    """What is known of the instruction at a place."""
    got = await _found(session, params.text_document)
    able = session.able.hover
    formats = able.content_format if able is not None else None
    kind = types.MarkupKind.Markdown if not formats or types.MarkupKind.Markdown in formats else formats[0]
    return None if got is None else hover(got[1], params.position, kind)


async def hinted(session: Session, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    """The bytes that changes save, and those that layers had, behind their instructions."""
    got = await _found(session, params.text_document)
    if got is None or not session.preferences_for(got[0]).inlay_hints:
        return None
    built: hints.Built = await session.run(hints.built, got[1])
    return hints.inlay_hints(got[1], built, params.range)


async def lenses(session: Session, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """What the rewrite does, and who builds which stage."""
    got = await _found(session, params.text_document)
    if got is None or not session.preferences_for(got[0]).code_lens:
        return None
    builds = await session.builds(got[0])
    return hints.lenses(got[1], got[0].uri, builds, applies=_applies(session), diff=_diff_command(session))


async def symbols(
    session: Session, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation] | None:
    """The stages and their instructions: as a tree, or in a row for a client that shows no trees."""
    got = await _found(session, params.text_document)
    if got is None:
        return None
    made = got[0].once(outline.symbols, got[1])
    able = session.able.document_symbol
    if able is not None and able.hierarchical_document_symbol_support:
        return made
    return list(outline.in_a_row(made, got[0].uri))


async def folded(session: Session, params: types.FoldingRangeParams) -> list[types.FoldingRange] | None:
    """What can be folded."""
    got = await _found(session, params.text_document)
    return None if got is None else got[0].once(outline.folds, got[1])


async def linked(session: Session, params: types.DocumentLinkParams) -> list[types.DocumentLink] | None:
    """The pages of images, and those of rules."""
    got = await _found(session, params.text_document)
    return None if got is None else got[0].once(links, got[1])


async def formatted(session: Session, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """The canonical layout."""
    got = await _found(session, params.text_document)
    return None if got is None else text_edits(got[1].lines, await session.run(laid_out, got[1]))


async def defined(session: Session, params: types.DefinitionParams) -> list[types.Location] | None:
    """Where a stage or variable is declared."""
    got = await _found(session, params.text_document)
    if got is None:
        return None
    return [types.Location(got[0].uri, one) for one in renaming.definition(got[1], params.position)]


async def referred(session: Session, params: types.ReferenceParams) -> list[types.Location] | None:
    """Where a stage or variable is named."""
    got = await _found(session, params.text_document)
    if got is None:
        return None
    declared = params.context.include_declaration
    found = renaming.references(got[1], params.position, declared=declared)
    return [types.Location(got[0].uri, one) for one in found]


async def prepared(session: Session, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    """The name at a place, if it can be another."""
    got = await _found(session, params.text_document)
    if got is None:
        return None
    try:
        found = renaming.renamable(got[1], params.position)
    except renaming.Refused as error:
        raise Refusal(str(error)) from None
    return None if found is None else types.PrepareRenamePlaceholder(*found)


async def renamed(session: Session, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """The edits that give a stage or an argument another name."""
    got = await _found(session, params.text_document)
    if got is None:
        return None
    document, found = got
    editing = _editing(session, document)
    try:
        made = await session.run(renaming.rename, found, params.position, params.new_name)
    except renaming.Refused as error:
        raise Refusal(str(error)) from None
    if made is None:
        return None
    edits, name = made
    builds = await session.builds(document)
    if name.kind == "stage":
        named = [one for one in builds if str(one.target).lower() == name.text.lower()]
        told = f"the stage {name.text} is named as a target"
    else:
        named = [one for one in builds if any(key == name.text for key, _ in one.args)]
        told = f"the argument {name.text} is given"
    if named:
        places = [str(one.place) for one in named]
        if name.kind == "stage":
            texts = {one.place.path: await session.text_of(document, one.place.path) for one in named}
            lines = [renaming.target_line(texts[one.place.path], one.place.line, name.text) for one in named]
            places = [f"{one.place} (target on line {line})" for one, line in zip(named, lines, strict=True)]
        session.say(f"{told} at {', '.join(places)}; change it there as well")
    elsewhere = renaming.named_elsewhere(found, edits, name) if found.kind != "dockerfile" else None
    if elsewhere is not None:
        session.say(f"{name.text} stands on line {elsewhere} as well; change it there if it means the same")
    return editing(edits)
