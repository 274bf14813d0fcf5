"""An editor for tests: a client of pytest-lsp and the texts that it has open."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.uris import from_fs_path
from pytest_lsp import ClientServerConfig, LanguageClient

COMMAND = [sys.executable, "-c", "from dockerslim_rewrite.cli import main; main()", "server"]
#: So long a test waits for what has to come.
PATIENCE = 60.0


class Editor:
    """A client with its documents. Ranges are given as ``(line, character)`` pairs, from 0."""

    def __init__(self, client: LanguageClient, started: types.InitializeResult, asked: list[str]) -> None:
        self.client = client
        self.asked = asked
        self.started = started
        self.versions: dict[str, int] = {}

    def open(self, path: Path, text: str | None = None, language: str = "dockerfile") -> str:
        """Open the file *path* with *text*, or what it holds; its address."""
        if text is None:
            text = path.read_bytes().decode()
        uri = str(from_fs_path(str(path)))
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, *changes: tuple[tuple[int, int], tuple[int, int], str] | str) -> int:
        """Send *changes* in one notification; the new version."""
        self.versions[uri] += 1
        made: list[Any] = []
        for one in changes:
            if isinstance(one, str):
                made.append(types.TextDocumentContentChangeWholeDocument(one))
            else:
                range_ = types.Range(types.Position(*one[0]), types.Position(*one[1]))
                made.append(types.TextDocumentContentChangePartial(range_, one[2]))
        item = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(item, made))
        return self.versions[uri]

    async def text(self, uri: str) -> str:
        """What the server takes the text of *uri* for, with all changes made."""
        found = await self.command("dockerslim.preview", uri)
        return str(found["text"])

    async def command(self, name: str, *arguments: Any) -> Any:
        """The answer to the command *name*."""
        params = types.ExecuteCommandParams(name, list(arguments))
        return await asyncio.wait_for(self.client.workspace_execute_command_async(params), PATIENCE)

    async def diagnostics(self, uri: str) -> list[types.Diagnostic]:
        """Ask for what is to be told of *uri*."""
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        report = await asyncio.wait_for(self.client.text_document_diagnostic_async(params), PATIENCE)
        return list(report.items)  # type: ignore[union-attr]

    async def actions(
        self, uri: str, start: tuple[int, int], end: tuple[int, int], only: list[str] | None = None
    ) -> list[types.CodeAction]:
        """What can be done there."""
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(uri),
            types.Range(types.Position(*start), types.Position(*end)),
            types.CodeActionContext([], only=only),
        )
        found = await asyncio.wait_for(self.client.text_document_code_action_async(params), PATIENCE)
        return [one for one in found or [] if isinstance(one, types.CodeAction)]

    async def published(self, uri: str, version: int | None = None) -> list[types.Diagnostic]:
        """Wait for what the server pushes about *uri*, for the given *version*."""
        while True:
            name = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
            params = await asyncio.wait_for(self.client.wait_for_notification(name), PATIENCE)
            if params.uri == uri and version in (None, params.version):
                return list(params.diagnostics)


def applied(text: str, edits: list[types.TextEdit], encoding: str = "utf-16") -> str:
    """*text* with *edits* made as a client makes them."""

    def offset(position: types.Position) -> int:
        lines = text.split("\n")
        before = "\n".join(lines[: position.line]) + ("\n" if position.line else "")
        if position.line >= len(lines):
            return len(text)
        line, units = lines[position.line], 0
        width = {"utf-16": 2, "utf-8": 1, "utf-32": 4}[encoding]
        name = {"utf-16": "utf-16-le", "utf-8": "utf-8", "utf-32": "utf-32-le"}[encoding]
        for at, char in enumerate(line):
            if units >= position.character:
                return len(before) + at
            units += len(char.encode(name)) // width
        return len(before) + len(line)

    for one in sorted(edits, key=lambda edit: offset(edit.range.start), reverse=True):
        text = text[: offset(one.range.start)] + one.new_text + text[offset(one.range.end) :]
    return text


def edits_of(edit: types.WorkspaceEdit | None, uri: str) -> list[types.TextEdit]:
    """The edits of the document *uri* in *edit*."""
    assert edit is not None
    if edit.document_changes:
        (change,) = edit.document_changes
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.uri == uri
        return [one for one in change.edits if isinstance(one, types.TextEdit)]
    assert edit.changes is not None
    return list(edit.changes[uri])


def _noted(asked: list[str], method: str, params: None) -> None:
    asked.append(method)


@asynccontextmanager
async def editor(
    folder: Path | None = None,
    *,
    pulls: bool = True,
    encodings: list[types.PositionEncodingKind | str] | None = None,
    options: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
    under: Sequence[str] = (),
    command: Sequence[str] = COMMAND,
    settings: dict[str, Any] | None = None,
    watches: bool = False,
    registers: bool = False,
    applies: bool = True,
    shows: bool = True,
    previews: bool = False,
    edits: types.WorkspaceEditClientCapabilities | None = None,
    modern: bool = True,
) -> AsyncIterator[Editor]:
    """An editor with *folder* open, which pulls diagnostics or has them pushed; *under* starts the *command*.

    It has *settings* to be asked for, *watches* files, and *registers* who is to be told of other settings.
    It *applies* edits of the server's, *shows* documents, and takes *previews* to show them itself.
    One that is not *modern* knows commands instead of actions, symbols in a row, and plain text.
    """
    client = await ClientServerConfig([*under, *command], server_env=environment).start()
    assert isinstance(client, LanguageClient)
    text = types.TextDocumentClientCapabilities(
        diagnostic=types.DiagnosticClientCapabilities() if pulls else None,
        document_link=types.DocumentLinkClientCapabilities(tooltip_support=True),
        rename=types.RenameClientCapabilities(prepare_support=True),
    )
    if modern:
        kinds = types.ClientCodeActionKindOptions([types.CodeActionKind.QuickFix])
        literals = types.ClientCodeActionLiteralOptions(kinds)
        text.code_action = types.CodeActionClientCapabilities(code_action_literal_support=literals)
        text.document_symbol = types.DocumentSymbolClientCapabilities(hierarchical_document_symbol_support=True)
    else:
        text.hover = types.HoverClientCapabilities(content_format=[types.MarkupKind.PlainText])
    workspace = types.WorkspaceClientCapabilities(
        apply_edit=applies,
        workspace_edit=edits or types.WorkspaceEditClientCapabilities(document_changes=True),
        diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True),
        code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
        inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True),
        configuration=settings is not None,
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=watches),
        did_change_configuration=types.DidChangeConfigurationClientCapabilities(dynamic_registration=registers),
    )
    asked: list[str] = []
    if settings is not None:
        client.set_configuration({"dockerslim": settings})

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)  # type: ignore[untyped-decorator]
    def register(params: types.RegistrationParams) -> None:
        asked.extend(one.method for one in params.registrations)

    for method in (types.WORKSPACE_CODE_LENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH):
        client.feature(method)(partial(_noted, asked, method))
    general = types.GeneralClientCapabilities(position_encodings=encodings)
    uri = None if folder is None else str(from_fs_path(str(folder)))
    started = await client.initialize_session(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(
                text_document=text,
                workspace=workspace,
                general=general,
                window=types.WindowClientCapabilities(show_document=types.ShowDocumentClientCapabilities(shows)),
                experimental={"dockerslimPreview": True} if previews else None,
            ),
            workspace_folders=None if uri is None else [types.WorkspaceFolder(uri, "folder")],
            initialization_options=options,
        )
    )
    try:
        yield Editor(client, started, asked)
        # Whatever went wrong in the server stands here; tests that want it to look before they leave.
        wrong = [one.message for one in client.log_messages if one.type is types.MessageType.Error]
        assert not wrong, wrong
    finally:
        await client.shutdown_session()
        await client.stop()  # type: ignore[no-untyped-call]
