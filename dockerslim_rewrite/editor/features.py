"""The requests and notifications that the server answers, each in a few lines: the work is done elsewhere."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ..pipeline import unified_diff
from . import hints, outline, renaming
from .actions import KINDS, actions
from .analysis import Analysis, laid_out
from .diagnostics import diagnostics
from .documents import Document
from .hints import APPLY, PREVIEW
from .hover import hover
from .lines import Encoding
from .protocol import Server
from .ranges import text_edits
from .session import Session

T = TypeVar("T")
_REQUEST_FAILED = -32803
_ENCODINGS: dict[str, Encoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}


class Refusal(JsonRpcException):
    """A request that is answered with the reason why nothing is done."""

    CODE = _REQUEST_FAILED
    MESSAGE = "refused"


def register(server: Server, session: Session) -> None:
    """Teach *server* all that it answers."""
    _lifecycle(server, session)
    _documents(server, session)
    _diagnostics(server, session)
    _actions(server, session)
    _reading(server, session)
    _names(server, session)


def _guarded(server: Server, otherwise: object = None) -> Callable[[Callable[..., Awaitable[T]]], Callable[..., Any]]:
    """A handler whose mistakes are lines in the client's log; the answer is then *otherwise*."""

    def decorate(handler: Callable[..., Awaitable[T]]) -> Callable[..., Any]:
        @functools.wraps(handler)
        async def guarded(*arguments: Any) -> Any:
            try:
                return await handler(*arguments)
            except (JsonRpcException, asyncio.CancelledError):
                raise
            except Exception as error:  # noqa: BLE001 - the rim of the server: no text of anybody may end it
                server.report_server_error(error, type(error))
                return otherwise

        return guarded

    return decorate


def _lifecycle(server: Server, session: Session) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        # What is in the protocol's own list comes as a member of it, and as text otherwise.
        agreed = server.workspace.position_encoding
        session.documents.encoding = _ENCODINGS[str(getattr(agreed, "value", agreed))]
        session.start(params)
        if session.preferences.formatting:
            _formatting(server, session)

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        await _guarded(server)(_settings)(server, session)
        await _guarded(server)(_watch)(server, session)
        await session.run(_warm_up)

    @server.feature(types.SHUTDOWN)
    def shutdown(_: None) -> None:
        session.end()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configured(params: types.DidChangeConfigurationParams) -> None:
        if not await _guarded(server)(_settings)(server, session):
            session.prefer(params.settings)
        session.refresh()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        session.remove_folders([one.uri for one in params.event.removed])
        session.add_folders([one.uri for one in params.event.added])
        session.refresh()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        session.changed_files([one.uri for one in params.changes])


async def _settings(server: Server, session: Session) -> bool:
    """Ask the client for its settings; whether it can be asked."""
    workspace = server.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return False
    item = types.ConfigurationItem(section="dockerslim")
    sent = await server.workspace_configuration_async(types.ConfigurationParams([item]))
    if sent and sent[0] is not None:
        session.prefer(sent[0])
    return True


async def _watch(server: Server, session: Session) -> None:
    """Let the client tell of changed files: any may be part of a build context."""
    workspace = server.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace is not None else None
    if watching is None or not watching.dynamic_registration:
        return
    options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    registration = types.Registration("dockerslim-files", method, options)
    await server.client_register_capability_async(types.RegistrationParams([registration]))
    session.watch()


def _warm_up() -> None:
    """Load all that the first text needs, before there is one."""
    from ..pipeline import rewrite

    rewrite("FROM debian:12\nRUN apt-get update && apt-get install -y curl\n")


def _documents(server: Server, session: Session) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        session.touched(session.documents.open(params.text_document))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        document = session.documents.get(params.text_document.uri)
        if document is not None:
            document.change(params.text_document.version, params.content_changes)
            session.touched(document)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        document = session.documents.close(params.text_document.uri)
        if document is not None and session.pushes:
            server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document.uri, []))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        # A client that watches files tells of this one as well.
        if not session.watches:
            session.changed_files([params.text_document.uri])


async def _found(session: Session, item: types.TextDocumentIdentifier) -> tuple[Document, Analysis] | None:
    """The document that a request is about, and what is known of its newest text."""
    document = session.documents.get(item.uri)
    found = None if document is None else await session.analysed(document)
    return None if document is None or found is None else (document, found)


def _diagnostics(server: Server, session: Session) -> None:
    # What a file becomes rests on others, such as those of its context.
    options = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False)

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    @_guarded(server, types.RelatedFullDocumentDiagnosticReport([]))
    async def pulled(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        got = await _found(session, params.text_document)
        if got is None:
            return types.RelatedFullDocumentDiagnosticReport([])
        name = str(got[0].edition)
        if params.previous_result_id == name:
            return types.RelatedUnchangedDocumentDiagnosticReport(name)
        return types.RelatedFullDocumentDiagnosticReport(diagnostics(got[1]), result_id=name)


def _actions(server: Server, session: Session) -> None:
    def editing(document: Document) -> Callable[[list[types.TextEdit]], types.WorkspaceEdit]:
        workspace = server.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace is not None else None
        versioned = edits is not None and bool(edits.document_changes)
        version = document.version

        def edit(made: list[types.TextEdit]) -> types.WorkspaceEdit:
            if not versioned:
                return types.WorkspaceEdit(changes={document.uri: made})
            item = types.OptionalVersionedTextDocumentIdentifier(document.uri, version)
            return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(item, list(made))])

        return edit

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=KINDS))
    @_guarded(server)
    async def act(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        got = await _found(session, params.text_document)
        if got is None:
            return None
        document, found = got
        again = functools.partial(session.again, document, found)
        return await actions(found, params, editing(document), again, session.run)

    @server.command(APPLY)
    @_guarded(server)
    async def apply(uri: str) -> None:
        got = await _found(session, types.TextDocumentIdentifier(uri))
        if got is not None and got[1].edits:
            edit = editing(got[0])(text_edits(got[1].lines, got[1].edits))
            await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, label="dockerslim"))

    @server.command(PREVIEW)
    @_guarded(server)
    async def preview(uri: str) -> dict[str, object] | None:
        got = await _found(session, types.TextDocumentIdentifier(uri))
        if got is None:
            return None
        document, found = got
        name = document.path.name if document.path is not None else "Dockerfile"
        diff = unified_diff(found.text, found.rewritten, name) if found.edits else ""
        return {"uri": uri, "version": document.version, "diff": diff, "before": found.text, "text": found.rewritten}


def _reading(server: Server, session: Session) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    @_guarded(server)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        got = await _found(session, params.text_document)
        return None if got is None else hover(got[1], params.position)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    @_guarded(server)
    async def hinted(params: types.InlayHintParams) -> list[types.InlayHint] | None:
        got = await _found(session, params.text_document) if session.preferences.inlay_hints else None
        return None if got is None else hints.inlay_hints(got[1], params.range)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    @_guarded(server)
    async def lenses(params: types.CodeLensParams) -> list[types.CodeLens] | None:
        got = await _found(session, params.text_document) if session.preferences.code_lens else None
        return None if got is None else hints.lenses(got[1], got[0].uri, await session.builds(got[0]))

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    @_guarded(server)
    async def symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
        got = await _found(session, params.text_document)
        return None if got is None else outline.symbols(got[1])

    @server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
    @_guarded(server)
    async def folded(params: types.FoldingRangeParams) -> list[types.FoldingRange] | None:
        got = await _found(session, params.text_document)
        return None if got is None else outline.folds(got[1])

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)
    @_guarded(server)
    async def linked(params: types.DocumentLinkParams) -> list[types.DocumentLink] | None:
        got = await _found(session, params.text_document)
        return None if got is None else outline.links(got[1])


def _formatting(server: Server, session: Session) -> None:
    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    @_guarded(server)
    async def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        got = await _found(session, params.text_document)
        return None if got is None else text_edits(got[1].lines, await session.run(laid_out, got[1]))


def _names(server: Server, session: Session) -> None:
    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    @_guarded(server)
    async def defined(params: types.DefinitionParams) -> list[types.Location] | None:
        got = await _found(session, params.text_document)
        if got is None:
            return None
        return [types.Location(got[0].uri, one) for one in renaming.definition(got[1], params.position)]

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    @_guarded(server)
    async def referred(params: types.ReferenceParams) -> list[types.Location] | None:
        got = await _found(session, params.text_document)
        if got is None:
            return None
        declared = params.context.include_declaration
        found = renaming.references(got[1], params.position, declared=declared)
        return [types.Location(got[0].uri, one) for one in found]

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    @_guarded(server)
    async def prepared(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        got = await _found(session, params.text_document)
        if got is None:
            return None
        try:
            found = renaming.renamable(got[1], params.position)
        except renaming.Refused as error:
            raise Refusal(str(error)) from None
        return None if found is None else types.PrepareRenamePlaceholder(*found)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    @_guarded(server)
    async def renamed(params: types.RenameParams) -> types.WorkspaceEdit | None:
        got = await _found(session, params.text_document)
        if got is None:
            return None
        document, found = got
        try:
            made = renaming.rename(found, params.position, params.new_name)
        except renaming.Refused as error:
            raise Refusal(str(error)) from None
        if made is None:
            return None
        edits, name = made
        if name.kind == "stage":
            targets = [one for one in await session.builds(document) if str(one.target).lower() == name.text.lower()]
            if targets:
                places = ", ".join(str(one.place) for one in targets)
                session.tell(f"the stage {name.text} is named as a target at {places}; change it there as well")
        return types.WorkspaceEdit(changes={document.uri: edits})
