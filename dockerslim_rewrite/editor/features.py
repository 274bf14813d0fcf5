"""The requests and notifications that the server answers, each in a few lines: the work is done elsewhere."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from .client_process import end_with
from .lines import Encoding
from .offers import APPLY, FIX, KINDS, PREVIEW, SHOW
from .preferences import wants_formatting
from .protocol import Server
from .session import Session

T = TypeVar("T")
#: The section of the client's configuration that is read.
_SECTION = "dockerslim"
_ENCODINGS: dict[str, Encoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}


#: The function of ``answers`` for each request, and what is said of it at the start.
_ANSWERS: tuple[tuple[str, str, object], ...] = (
    (types.TEXT_DOCUMENT_CODE_ACTION, "act", types.CodeActionOptions(code_action_kinds=KINDS)),
    (types.TEXT_DOCUMENT_HOVER, "hovered", None),
    (types.TEXT_DOCUMENT_INLAY_HINT, "hinted", None),
    (types.TEXT_DOCUMENT_CODE_LENS, "lenses", None),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, "symbols", None),
    (types.TEXT_DOCUMENT_FOLDING_RANGE, "folded", None),
    (types.TEXT_DOCUMENT_DOCUMENT_LINK, "linked", None),
    (types.TEXT_DOCUMENT_DEFINITION, "defined", None),
    (types.TEXT_DOCUMENT_REFERENCES, "referred", None),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, "prepared", None),
    (types.TEXT_DOCUMENT_RENAME, "renamed", types.RenameOptions(prepare_provider=True)),
)


def register(server: Server, session: Session) -> None:
    """Teach *server* all that it answers."""
    _lifecycle(server, session)
    _documents(server, session)
    _requests(server, session)


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
        end_with(params.process_id)
        if wants_formatting(params.initialization_options):
            server.feature(types.TEXT_DOCUMENT_FORMATTING)(_answer(server, session, "formatted"))

    @server.feature(types.INITIALIZED)
    def initialized(_: types.InitializedParams) -> None:
        # Before the first document comes; what the client is asked takes as long as it takes.
        session.begin()
        session.keep(asyncio.ensure_future(_begun()))

    async def _begun() -> None:
        before = session.preferred()
        await _guarded(server)(_settings)(server, session)
        if session.preferred() != before:
            # Documents that came while the client was asked were looked at without.
            session.refresh()
        await _guarded(server)(_hear)(server, session)
        await session.run(_warm_up)

    @server.feature(types.SHUTDOWN)
    def shutdown(_: None) -> None:
        session.end()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configured(params: types.DidChangeConfigurationParams) -> None:
        if not await _guarded(server)(_settings)(server, session) and params.settings is not None:
            session.prefer(params.settings)
        session.refresh()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        session.remove_folders([one.uri for one in params.event.removed])
        session.add_folders([one.uri for one in params.event.added])
        session.refresh()
        before = session.preferred()
        await _guarded(server)(_settings)(server, session)
        if session.preferred() != before:
            session.refresh()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        session.changed_files([one.uri for one in params.changes])


async def _settings(server: Server, session: Session) -> bool:
    """Ask the client for its settings, and for those of each folder; whether it can be asked."""
    workspace = server.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return False
    folders = tuple(session.folders)
    items = [types.ConfigurationItem(section=_SECTION)]
    items += [types.ConfigurationItem(scope_uri=one.uri, section=_SECTION) for one in folders]
    sent = await server.workspace_configuration_async(types.ConfigurationParams(items))
    # A client that has no settings for anybody keeps to what it sent at the start.
    everywhere = sent[0] if sent and sent[0] is not None else session.sent
    session.prefer(everywhere, list(zip(folders, sent[1:], strict=False)))
    return True


async def _hear(server: Server, session: Session) -> None:
    """Let the client tell of changed files, any of which may be part of a build context, and of changed settings."""
    workspace = server.client_capabilities.workspace
    if workspace is None:
        return
    watching, settings = workspace.did_change_watched_files, workspace.did_change_configuration
    wanted = []
    if settings is not None and settings.dynamic_registration:
        section = types.DidChangeConfigurationRegistrationOptions(_SECTION)
        method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
        wanted.append(types.Registration("dockerslim-settings", method, section))
    watches = watching is not None and bool(watching.dynamic_registration)
    if watches:
        files = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
        wanted.append(types.Registration("dockerslim-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files))
    if wanted:
        await server.client_register_capability_async(types.RegistrationParams(wanted))
    if watches:
        session.watch()


def _warm_up() -> None:
    """Load all that the first text needs, before there is one."""
    from ..pipeline import rewrite
    from . import answers  # noqa: F401 - loaded for those who ask later

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


def _answer(server: Server, session: Session, name: str, otherwise: object = None) -> Callable[..., Any]:
    """A handler that answers with the function *name* of ``answers``."""

    async def answer(params: Any) -> Any:
        from . import answers

        return await getattr(answers, name)(session, params)

    return _guarded(server, otherwise)(answer)


def _requests(server: Server, session: Session) -> None:
    for method, name, options in _ANSWERS:
        server.feature(method, options)(_answer(server, session, name))
    # What a file becomes rests on others, such as those of its context.
    pulling = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False)
    nothing = types.RelatedFullDocumentDiagnosticReport([])
    server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, pulling)(_answer(server, session, "pulled", nothing))

    @server.command(APPLY)
    async def apply(uri: str) -> None:
        await _answer(server, session, "apply")(uri)

    @server.command(FIX)
    async def fix(uri: str) -> None:
        await _answer(server, session, "fix")(uri)

    @server.command(SHOW)
    async def show(uri: str) -> None:
        await _answer(server, session, "show")(uri)

    @server.command(PREVIEW)
    async def preview(uri: str) -> Any:
        return await _answer(server, session, "preview")(uri)
