"""What a running server holds: open documents, the workspace's folders, and what was found out, none of it stale."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types

from ..knowledge.repository import excluded_folders, is_noise
from .documents import Document, Documents, path_of
from .lines import Lines
from .preferences import DEFAULT, Preferences, read_preferences
from .protocol import Server
from .shown import Shown, takes_previews
from .surroundings import Folder, Holding, alone

if TYPE_CHECKING:
    from ..workspace.builds.found import FoundBuild
    from .analysis import Analysis

T = TypeVar("T")

#: So long, in seconds, a text has to rest before it is looked at without anybody asking.
REST = 0.03
#: So long after the last of changed files what rests on them is found out anew, and at most so long after the first.
_SETTLE, _LONGEST = 0.2, 1.0


class Session:
    """One client's session.

    All methods run in the event loop; reading and rewriting runs in a thread beside it, what takes longer in another.
    """

    def __init__(self, server: Server, clock: Callable[[], datetime]) -> None:
        self.server = server
        self._clock = clock
        self.documents = Documents()
        self.folders: list[Folder] = []
        self.preferences = DEFAULT
        self.able = types.TextDocumentClientCapabilities()
        self.pushes = True
        self.previews = False
        self.shown = Shown()
        self.watches = False
        self.sent: object = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()
        self._thread = ThreadPoolExecutor(1, "rewrite")
        self._slow = ThreadPoolExecutor(1, "parts")
        self._settling: asyncio.Task[None] | None = None
        self._unsettled = 0.0

    # What the client says

    def start(self, params: types.InitializeParams) -> None:
        """Take over what the client can do, its settings and its folders."""
        self.able = params.capabilities.text_document or self.able
        self.pushes = self.able.diagnostic is None
        self.previews = takes_previews(params.capabilities.experimental)
        folders = [one.uri for one in params.workspace_folders or ()]
        if not folders and params.root_uri:
            folders = [params.root_uri]
        self.add_folders(folders)
        self.sent = params.initialization_options

    def begin(self) -> None:
        """Take over what was sent at the start, which has been answered by now: reading it loads the compiler."""
        self.prefer(self.sent)

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold on to *task* until it is done: the event loop does not."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def prefer(self, sent: object, by_folder: Sequence[tuple[Folder, object]] = ()) -> None:
        """Take over the editor's settings *sent*, and what it has *by_folder* in their place; each that cannot be used
        is told, and counts for nothing.
        """
        self.preferences = self._read(sent, self.preferences)
        own = dict(by_folder)
        for folder in self.folders:
            said = own.get(folder)
            folder.preferences = None if said is None else self._read(said, self.preferences)

    def _read(self, sent: object, otherwise: Preferences) -> Preferences:
        try:
            return read_preferences(sent, self.tell)
        except ValueError as error:
            self.tell(str(error))
            return otherwise

    def preferred(self) -> list[Preferences | None]:
        """What the editor prefers, for documents of no folder and for those of each."""
        return [self.preferences, *(one.preferences for one in self.folders)]

    def preferences_for(self, document: Document) -> Preferences:
        """What the editor prefers for *document*."""
        folder = self.folder_of(document.path)
        return self.preferences if folder is None or folder.preferences is None else folder.preferences

    def add_folders(self, uris: Iterable[str]) -> None:
        """Add the folders *uris* to the workspace."""
        known = {one.path for one in self.folders}
        for uri in uris:
            name = path_of(uri)
            if name is not None and Path(os.path.realpath(name)) not in known:
                folder = Folder(name, uri)
                folder.watched = self.watches
                self.folders.append(folder)

    def remove_folders(self, uris: Iterable[str]) -> None:
        """Take the folders *uris* out of the workspace."""
        gone = {Path(os.path.realpath(name)) for uri in uris if (name := path_of(uri)) is not None}
        self.folders = [one for one in self.folders if one.path not in gone]

    def watch(self) -> None:
        """From now on the client tells of changed files."""
        self.watches = True
        for one in self.folders:
            one.watched = True

    def tell(self, message: str) -> None:
        """Show *message* to the user, once."""
        if message not in self._told:
            self._told.add(message)
            self.say(message)

    def say(self, message: str) -> None:
        """Show *message* to the user, who has asked for something just now."""
        line = " ".join(message.split())
        self.server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"dockerslim: {line}"))

    # What changes

    def touched(self, document: Document) -> None:
        """The text of *document* is another one: look at it as soon as it rests."""
        if document.waiting is not None:
            document.waiting.cancel()
        if self.pushes and document.kind is not None:
            document.waiting = asyncio.ensure_future(self._push(document, REST))

    def changed_files(self, uris: Sequence[str]) -> None:
        """The files *uris* changed; what is other people's code in a folder of the workspace counts for nothing."""
        if all(self._is_others(uri) for uri in uris):
            return
        now = time.monotonic()
        if self._settling is None or self._settling.done():
            self._unsettled = now
        else:
            self._settling.cancel()
        wait = min(_SETTLE, max(self._unsettled + _LONGEST - now, 0))
        self._settling = asyncio.ensure_future(self._settle(wait))

    def _is_others(self, uri: str) -> bool:
        """Whether the file *uri* is other people's code and configures nothing, wherever the workspace itself lies, or
        is written all the time and never read.
        """
        from ..workspace.configuration.load import NAMES

        parts = uri.split("/")
        if is_noise(parts[-1]):
            return True
        if excluded_folders().isdisjoint(parts[:-1]) or parts[-1] in NAMES:
            return False
        name = path_of(uri)
        if name is None:
            return True
        path = Path(os.path.realpath(name))
        above = [len(one.path.parts) for one in self.folders if path.is_relative_to(one.path)]
        return not excluded_folders().isdisjoint(path.parts[max(above, default=0) : -1])

    def refresh(self) -> None:
        """Find out everything anew: something that holds for all documents changed."""
        self._told.clear()
        for folder in self.folders:
            folder.forget()
        for document in self.documents.all():
            document.outdate()
            self.touched(document)
        self._ask_again()

    async def _settle(self, wait: float) -> None:
        await asyncio.sleep(wait)
        self.refresh()

    def _ask_again(self) -> None:
        """Let the client ask anew for what it shows, where it offers that."""
        workspace = self.server.client_capabilities.workspace
        if workspace is None:
            return
        if workspace.diagnostics is not None and workspace.diagnostics.refresh_support and not self.pushes:
            self.server.workspace_diagnostic_refresh(None)
        if workspace.code_lens is not None and workspace.code_lens.refresh_support:
            self.server.workspace_code_lens_refresh(None)
        if workspace.inlay_hint is not None and workspace.inlay_hint.refresh_support:
            self.server.workspace_inlay_hint_refresh(None)

    async def _push(self, document: Document, delay: float, before: Analysis | None = None) -> None:
        """Publish what is found in *document*. Where that is the same as was found *before*, and the client shows it
        already, nothing is published.
        """
        await asyncio.sleep(delay)
        try:
            from .diagnostics import diagnostics

            found = await self.analysed(document)
            told = [] if found is None else diagnostics(found)
            same = before is not None and told == diagnostics(before)
        except Exception as error:  # noqa: BLE001 - the rim of the server: no text of anybody may end it
            self.server.report_server_error(error, type(error))
            return
        if self.documents.get(document.uri) is not document:
            return
        if not self.pushes:
            if not same:
                self._ask_again()
        elif not same or document.published != document.version:
            document.published = document.version
            params = types.PublishDiagnosticsParams(document.uri, told, document.version)
            self.server.text_document_publish_diagnostics(params)

    # What is found out

    async def analysed(self, document: Document) -> Analysis | None:
        """What is known of the newest text of *document*; None for one that is closed, or none of ours."""
        fresh = None
        while document.kind is not None and self.documents.get(document.uri) is document:
            if document.found is not None:
                folder = self.folder_of(document.path)
                # What was found while this waited is new enough, however long that took.
                if document.found is fresh or folder is None or not folder.outlived(document.found.holding):
                    return document.found
                before = document.found
                document.outdate()
                # Nobody told of a changed file, so what the client shows may be old as well.
                self.keep(asyncio.ensure_future(self._push(document, 0, before)))
            if document.work is None or document.work.done():
                document.work = asyncio.ensure_future(self._work(document))
            # Whoever asked may lose interest; others still wait for the same.
            fresh = await asyncio.shield(document.work)
        return None

    async def _work(self, document: Document) -> Analysis | None:
        edition, lines = document.edition, document.lines
        found: Analysis = await self.run(self._analyse, document, lines)
        for problem in found.holding.problems:
            self.tell(problem)
        if document.edition == edition:
            document.found = found
        return found

    async def again(self, document: Document, found: Analysis, changed: dict[str, object]) -> Analysis:
        """*found* rewritten anew under other options; each only once for a text."""
        key = repr(sorted(changed.items()))
        if key not in document.again:
            made: Analysis = await self.run(self._again, document, found, changed)
            if document.found is not found:
                return made
            document.again[key] = made
        return document.again[key]

    async def builds(self, document: Document) -> Sequence[FoundBuild]:
        """The builds of *document* that the workspace asks for."""
        folder = self.folder_of(document.path)
        if folder is None or document.path is None:
            return ()
        found: Sequence[FoundBuild] = await self.run(lambda: folder.workspace(document.path).builds_of(document.path))
        return found

    async def text_of(self, document: Document, path: str) -> str:
        """The text of the file at *path* of the repository of *document*; empty where it cannot be had."""
        folder = self.folder_of(document.path)
        if folder is None or document.path is None:
            return ""
        found: str | None = await self.run(lambda: folder.workspace(document.path).repository.read(path))
        return found or ""

    async def run(self, work: Any, *arguments: Any) -> Any:
        """Do *work* beside the event loop, one at a time."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def slowly(self, document: Document, work: Callable[..., list[T]], *arguments: Any) -> list[T]:
        """Do *work* on *document* without keeping those waiting who ask for less; nothing once its text has changed."""
        edition = document.edition

        def unless_stale() -> list[T]:
            return work(*arguments) if document.edition == edition else []

        return await asyncio.get_running_loop().run_in_executor(self._slow, unless_stale)

    def _analyse(self, document: Document, lines: Lines) -> Analysis:
        from .analysis import analyse

        assert document.kind is not None
        return analyse(lines, document.kind, document.path, self._holding(document, lines.text))

    @staticmethod
    def _again(document: Document, found: Analysis, changed: dict[str, object]) -> Analysis:
        from .analysis import analyse, with_options

        other = with_options(found, changed)
        return analyse(other.lines, other.kind, document.path, other.holding)

    def _holding(self, document: Document, text: str) -> Holding:
        today = self._clock().date()
        folder = self.folder_of(document.path)
        preferences = self.preferences_for(document)
        if folder is None or document.path is None:
            return alone(preferences, today)
        return folder.holding(document.path, text, preferences, today)

    def folder_of(self, path: Path | None) -> Folder | None:
        """The innermost folder of the workspace that *path* lies in; None where there is none."""
        holding = [one for one in self.folders if path is not None and one.holds(path)]
        return max(holding, key=lambda one: len(one.path.parts), default=None)

    def end(self) -> None:
        """Begin no more work, and leave no file behind."""
        self.shown.end()
        for thread in (self._thread, self._slow):
            thread.shutdown(wait=False, cancel_futures=True)
