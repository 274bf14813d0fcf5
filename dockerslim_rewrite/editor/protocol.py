"""The protocol as pygls speaks it, without its copies of documents, and with errors as lines in the client's log."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any, cast

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

from .. import __version__

_TOO_EARLY = types.ResponseError(types.ErrorCodes.ServerNotInitialized, "initialize comes first")
_NO_JSON = types.ResponseError(types.ErrorCodes.ParseError, "the message is no JSON that can be read")
_NO_MESSAGE = types.ResponseError(types.ErrorCodes.InvalidRequest, "the message is no request and no notification")
_TWICE = types.ResponseError(types.ErrorCodes.InvalidRequest, "initialize came already")


class _AnsweredError(JsonRpcException):
    """What is wrong with a message has been answered: nobody else is told of it."""


class Protocol(LanguageServerProtocol):
    """pygls splits lines at characters at which no client does, so the documents are ours alone.

    ``ordered`` tells whether the client asked for the end before it told to exit, or has told neither.
    """

    ordered = True
    _greeted = False

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The message in *data*; a request that is none is answered, for its client waits."""
        try:
            return super().structure_message(data)
        except JsonRpcException:
            if "method" in data and "id" in data:
                self._refuse(data["id"], data["method"])
                raise _AnsweredError from None
            raise JsonRpcInvalidParams("a message of the client cannot be understood, and was dropped") from None

    def _refuse(self, number: Any, method: Any) -> None:
        """Answer the request *number* for *method*, which cannot be read, with what is wrong with it."""
        if isinstance(number, bool) or not isinstance(number, str | int) or not isinstance(method, str):
            self.answer_nobody(_NO_MESSAGE)
        elif not self._greeted and method != types.INITIALIZE:
            self._send_response(number, error=_TOO_EARLY)
        elif self.get_message_type(method) is None:
            unknown = f"there is no method {method[:80]!r}"
            self._send_response(number, error=types.ResponseError(types.ErrorCodes.MethodNotFound, unknown))
        else:
            wrong = "the parameters are not those of the method"
            self._send_response(number, error=types.ResponseError(types.ErrorCodes.InvalidParams, wrong))

    def answer_nobody(self, error: types.ResponseError) -> None:
        """Answer a message of which nobody knows what it asks for, as JSON-RPC has it: with no number."""
        told = {"code": int(error.code), "message": error.message}
        self._send_data({"jsonrpc": "2.0", "id": None, "error": told})

    def _send_response(self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None) -> None:
        """Answer; what an error happened in is nothing that a client shows."""
        if error is not None:
            error = types.ResponseError(error.code, error.message)
        super()._send_response(msg_id, result, error)

    def _execute_handler(self, msg_id: Any, handler: Any, callback: Any, args: Any = None, kwargs: Any = None) -> None:
        """Run *handler*; what it was is forgotten once it is done: pygls keeps that of every notification for ever."""
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def handle_message(self, message: Any) -> None:
        """Handle *message*. What is asked for before the start and after the end is refused, for its client waits."""
        if not hasattr(message, "jsonrpc"):
            # A batch, which the protocol of language servers has none of; a scalar; an object of something else.
            self.answer_nobody(_NO_MESSAGE)
            return
        method = getattr(message, "method", None)
        if not self._greeted and method not in (types.INITIALIZE, types.EXIT):
            if hasattr(message, "id") and method is not None:
                self._send_response(message.id, error=_TOO_EARLY)
            return
        if self._greeted and method == types.INITIALIZE:
            self._send_response(message.id, error=_TWICE)
            return
        self._greeted = True
        if self._shutdown and hasattr(message, "id") and hasattr(message, "method"):
            error = types.ResponseError(types.ErrorCodes.InvalidRequest, "the server was told to shut down")
            self._send_response(message.id, error=error)
            return
        super().handle_message(message)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Generator[Any, Any, Any]:
        """Hand the address of a document on to a command; all commands take that and nothing else."""
        arguments = params.arguments or ()
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command[:80]!r}")
        if len(arguments) != 1 or not isinstance(arguments[0], str):
            raise JsonRpcInvalidParams(f"{params.command} takes one argument, the address of an open document")
        return (yield handler, (arguments[0],), None)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> Generator[Any, Any, None]:
        """End; whether the client said so before is what the exit code tells."""
        self.ordered = self._shutdown
        yield from super().lsp_exit()

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *arguments: Any) -> Generator[Any, Any, None]:
        """Let go of all requests that are open; pygls fails where letting go of one ends another."""
        yield self.fm.features[types.SHUTDOWN], arguments, None
        for number, future in list(self._request_futures.items()):
            if number != self.msg_id and not future.done():
                future.cancel()
        self._shutdown = True

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Generator[Any, Any, None]:
        """Hand *params* on."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        """Hand *params* on."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Generator[Any, Any, None]:
        """Hand *params* on."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None


class Server(LanguageServer):
    """The server: what goes wrong is a line in the client's log, and never more."""

    def __init__(self) -> None:
        super().__init__("dockerslim", __version__, protocol_cls=Protocol)

    def report_server_error(self, error: Exception, source: object) -> None:
        """Tell the client of *error*, unless it is the answer to a request, which the client has."""
        if isinstance(error, _AnsweredError) or (source is FeatureRequestError and isinstance(error, JsonRpcException)):
            return
        if source is JsonRpcException and isinstance(error, ValueError | RecursionError):
            cast(Protocol, self.protocol).answer_nobody(_NO_JSON)
            return
        self.log(error.message if isinstance(error, JsonRpcException) else f"{type(error).__name__}: {error}")

    def log(self, message: str, kind: types.MessageType = types.MessageType.Error) -> None:
        """One line in the client's log."""
        line = " ".join(message.split())[:1000]
        self.window_log_message(types.LogMessageParams(kind, line))


class Forwarding(logging.Handler):
    """Leads what libraries log to the client, a line a message."""

    def __init__(self, server: Server) -> None:
        super().__init__(logging.ERROR)
        self._server = server

    def emit(self, record: logging.LogRecord) -> None:
        """Tell the client of *record*, the exception's last line in place of where it was raised."""
        error = record.exc_info[1] if record.exc_info else None
        self._server.log(record.getMessage() if error is None else f"{type(error).__name__}: {error}")
