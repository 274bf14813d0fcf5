"""What goes wrong is a line in the client's log: no traceback, no end of the server, no answer that has grown old."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from dockerslim_rewrite.editor import answers
from dockerslim_rewrite.editor.documents import path_of
from dockerslim_rewrite.editor.features import register
from dockerslim_rewrite.editor.names import Name, names_in
from dockerslim_rewrite.editor.protocol import Server
from dockerslim_rewrite.editor.session import Session
from dockerslim_rewrite.ir.build import Build

from .client import COMMAND, editor

TEXT = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"


def message(body: dict[str, Any] | bytes) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps({"jsonrpc": "2.0", **body}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


START: dict[str, Any] = {
    "id": 0,
    "method": "initialize",
    "params": {"capabilities": {}, "processId": None, "rootUri": None},
}
END = message({"id": 99, "method": "shutdown", "params": None}) + message({"method": "exit", "params": None})


def talk(
    *messages: dict[str, Any] | bytes, command: list[str] = COMMAND, last: int | None = None
) -> tuple[list[dict[str, Any]], str]:
    """Say all *messages* at once, and goodbye as soon as *last* is answered; what the server says on both streams."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"".join(map(message, (START, *messages))))
        process.stdin.flush()
        rest = b""
        while last is not None and b'"id": %d' % last not in rest:
            new = os.read(process.stdout.fileno(), 65536)
            assert new, "the server has ended"
            rest += new
        process.stdin.write(END)
        process.stdin.close()
        rest += process.stdout.read()
        errors = process.stderr.read().decode()
    found = []
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        found.append(json.loads(rest[:length]))
        rest = rest[length:]
    return found, errors


def opened(uri: str, text: str) -> dict[str, Any]:
    item = {"uri": uri, "languageId": "dockerfile", "version": 1, "text": text}
    return {"method": "textDocument/didOpen", "params": {"textDocument": item}}


def test_nothing_comes_before_the_start() -> None:
    """Requests are refused with the protocol's code for that; notifications count for nothing."""
    greeting = message(START)
    hover = {"textDocument": {"uri": "file:///Dockerfile"}, "position": {"line": 0, "character": 0}}
    asked = ({"id": 7, "method": "textDocument/hover", "params": hover}, {"id": 8, "method": "no/such", "params": {}})
    early = b"".join(map(message, (opened("file:///Dockerfile", TEXT), *asked)))
    done = subprocess.run(COMMAND, input=early + greeting + END, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    answers_ = [one for one in done.stdout.split(b"Content-Length") if b'"id": 7' in one or b'"id": 8' in one]
    assert ["-32002" in one.decode() for one in answers_] == [True, True]
    assert b"positionEncoding" in done.stdout


def test_nonsense_is_answered_in_a_line() -> None:
    found, errors = talk(
        {"id": 1, "method": "no/such", "params": {}},
        {"id": 2, "method": "textDocument/hover", "params": {"wrong": True}},
        {"id": 3, "method": "workspace/executeCommand", "params": {"command": "dockerslim.apply", "arguments": []}},
        {"id": 4, "method": "workspace/executeCommand", "params": {"command": "rm", "arguments": ["-rf"]}},
        {
            "method": "textDocument/didChange",
            "params": {"textDocument": {"uri": "x:", "version": 2}, "contentChanges": []},
        },
        opened("untitled:one", "FROM debian:12\nRUN \ud800\n"),
        {
            "id": 5,
            "method": "workspace/executeCommand",
            "params": {"command": "dockerslim.preview", "arguments": ["untitled:one"]},
        },
        last=5,
    )
    assert "Traceback" not in errors
    assert "Traceback" not in json.dumps(found)
    answers = {one["id"]: one for one in found if "id" in one}
    assert all("error" in answers[one] for one in (1, 2, 3, 4))
    assert answers[5]["result"]["before"] == "FROM debian:12\nRUN \ud800\n"
    assert 99 in answers


@pytest.mark.parametrize("arguments", [{}, {"arguments": []}, {"arguments": [5]}, {"arguments": ["a", "b"]}])
def test_a_command_without_its_argument_is_one_error(arguments: dict[str, Any]) -> None:
    params = {"command": "dockerslim.preview", **arguments}
    found, _ = talk({"id": 1, "method": "workspace/executeCommand", "params": params}, last=1)
    (answer,) = [one for one in found if one.get("id") == 1]
    assert answer["error"]["code"] == -32602
    assert "dockerslim.preview takes one argument" in answer["error"]["message"]
    assert not [one for one in found if one.get("method", "").startswith("window/")]


def test_a_request_behind_the_end_is_refused() -> None:
    end = {"id": 50, "method": "shutdown", "params": None}
    hover = {"textDocument": {"uri": "x:"}, "position": {"line": 0, "character": 0}}
    found, _ = talk(end, {"id": 1, "method": "textDocument/hover", "params": hover}, last=1)
    answers = {one["id"]: one for one in found if "id" in one}
    assert answers[50]["result"] is None
    assert answers[1]["error"]["code"] == -32600


@pytest.mark.parametrize("ordered", [True, False])
def test_the_exit_code_tells_whether_the_client_asked_for_the_end(ordered: bool) -> None:
    end = END if ordered else message({"method": "exit", "params": None})
    made = subprocess.run(COMMAND, input=message(START) + end, capture_output=True, timeout=60, check=False)
    assert made.returncode == (0 if ordered else 1)
    assert made.stderr == b""


def test_notifications_are_forgotten() -> None:
    server = Server()
    register(server, Session(server, lambda: datetime(2026, 1, 1, tzinfo=UTC)))
    item = {"uri": "x:", "version": 1}
    change = {"method": "textDocument/didChange", "params": {"textDocument": item, "contentChanges": []}}
    for _ in range(3):
        server.protocol.handle_message(server.protocol.structure_message({"jsonrpc": "2.0", **change}))
    assert not server.protocol._request_futures


def test_bytes_that_are_no_message_end_nothing() -> None:
    found, errors = talk(b"{not json", {"id": 1, "method": "no/such", "params": {}})
    assert "Traceback" not in errors
    assert "Traceback" not in json.dumps(found)
    assert 1 in [one.get("id") for one in found]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{not json", -32700),
        (b'{"jsonrpc": "2.0", "method": "\xff"}', -32700),
        (b"[" * 100_000, -32700),
        (b'{"jsonrpc": "2.0", "id": %s}' % (b"9" * 5000), -32700),
        (b"[]", -32600),
        (b'[{"jsonrpc": "2.0", "id": 7, "method": "shutdown"}]', -32600),
        (b"5", -32600),
        (b"null", -32600),
        (b'"text"', -32600),
        (b'{"id": 7, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "no/such"}', -32600),
        (b'{"jsonrpc": "2.0", "id": [1], "method": "no/such"}', -32600),
    ],
)
def test_what_is_no_message_is_answered_as_json_rpc_has_it(body: bytes, code: int) -> None:
    found, errors = talk(body, {"id": 1, "method": "no/such", "params": {}})
    assert errors == ""
    (answer,) = [one for one in found if "error" in one and one["id"] is None]
    assert answer["error"]["code"] == code
    assert 1 in [one.get("id") for one in found]
    # No popup, and no words of Python's.
    assert not [one for one in found if one.get("method", "").startswith("window/")]


@pytest.mark.parametrize("body", [{}, {"params": {}}, {"params": [1]}])
def test_a_method_that_nobody_knows_is_none_whatever_it_is_given(body: dict[str, Any]) -> None:
    found, _ = talk({"id": 1, "method": "no/such", **body})
    (answer,) = [one for one in found if one.get("id") == 1]
    assert answer["error"]["code"] == -32601


@pytest.mark.parametrize("there", [True, False])
def test_the_server_ends_with_the_process_of_its_client(there: bool) -> None:
    client = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    if not there:
        client.communicate()
    start = {**START, "params": {**START["params"], "processId": client.pid}}
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(message(start))
        server.stdin.flush()
        assert server.stdout.read(20)
        if there:
            client.communicate()
            assert server.wait(30) == 1
        else:
            # One that was never there is somewhere else, as where the server runs in a container.
            with pytest.raises(subprocess.TimeoutExpired):
                server.wait(5)
            server.kill()


def test_what_libraries_print_is_no_part_of_the_protocol(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from dockerslim_rewrite.editor import analysis\n"
        "before = analysis.analyse\n"
        "def noisy(*a):\n    print('noise'); import os; os.system('echo more noise'); return before(*a)\n"
        "analysis.analyse = noisy\n"
        "from dockerslim_rewrite.cli import main; main()\n"
    )
    uri = (tmp_path / "Dockerfile").as_uri()
    preview = {"command": "dockerslim.preview", "arguments": [uri]}
    found, errors = talk(
        opened(uri, TEXT),
        {"id": 1, "method": "workspace/executeCommand", "params": preview},
        command=[sys.executable, "-c", code, "server"],
        last=1,
    )
    assert "noise" not in json.dumps(found)
    assert "noise\n" in errors
    assert "more noise\n" in errors


def test_open_requests_end_with_the_server() -> None:
    preview = {"command": "dockerslim.preview", "arguments": ["untitled:one"]}
    many = [{"id": at, "method": "workspace/executeCommand", "params": preview} for at in range(1, 20)]
    found, errors = talk(opened("untitled:one", TEXT), *many)
    assert "Traceback" not in errors
    answers = {one["id"]: one for one in found if "id" in one}
    assert set(answers) == {0, 99, *range(1, 20)}
    assert answers[99]["result"] is None
    assert all("result" in one or one["error"]["code"] == -32800 for one in answers.values())


@pytest.mark.asyncio
async def test_a_mistake_of_ours_is_a_line_in_the_log(tmp_path: Path) -> None:
    code = (
        "import dockerslim_rewrite.editor.outline as outline\n"
        "def fail(found): raise RuntimeError('broken\\nin two lines')\n"
        "outline.symbols = fail\n"
        "from dockerslim_rewrite.cli import main; main()\n"
    )
    async with editor(tmp_path, command=[sys.executable, "-c", code, "server"]) as ed:
        uri = ed.open(tmp_path / "Dockerfile", TEXT)
        params = types.DocumentSymbolParams(types.TextDocumentIdentifier(uri))
        assert await ed.client.text_document_document_symbol_async(params) is None
        assert await ed.diagnostics(uri)
        assert [one.message for one in ed.client.log_messages] == ["RuntimeError: broken in two lines"]
        ed.client.log_messages.clear()


@pytest.mark.asyncio
async def test_a_cancelled_request_is_answered_as_such_and_others_get_theirs(tmp_path: Path) -> None:
    async with editor(tmp_path) as ed:
        many = "FROM debian:12\n" + "".join(f"RUN apt-get update && apt-get install -y p{at}\n" for at in range(300))
        uri = ed.open(tmp_path / "Dockerfile", many)
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        first = ed.client.protocol.send_request_async(  # type: ignore[no-untyped-call]
            types.TEXT_DOCUMENT_DIAGNOSTIC, params, msg_id="first"
        )
        task = asyncio.ensure_future(first)
        await asyncio.sleep(0.05)
        ed.client.cancel_request(types.CancelParams("first"))
        with pytest.raises(Exception, match="cancel"):
            await asyncio.wait_for(task, 60)
        assert await ed.diagnostics(uri)


@pytest.mark.asyncio
async def test_a_flood_of_changes_is_told_of_once_and_last(tmp_path: Path) -> None:
    async with editor(tmp_path, pulls=False) as ed:
        uri = ed.open(tmp_path / "Dockerfile", TEXT)
        for _ in range(200):
            version = ed.change(uri, ((0, 0), (0, 0), "# a\n"))
        told: list[types.PublishDiagnosticsParams] = []
        while not told or told[-1].version != version:
            waiting = ed.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            told.append(await asyncio.wait_for(waiting, 60))
        assert [one.range.start.line for one in told[-1].diagnostics if one.code == "DS201"] == [201]
        assert len(told) < 20
        assert [one.version for one in told] == sorted(one.version or 0 for one in told)


@pytest.mark.asyncio
async def test_many_requests_for_all_of_a_text_are_one_piece_of_work(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(Server(), lambda: datetime.now(UTC))
    document = session.documents.open(types.TextDocumentItem("untitled:one", "dockerfile", 1, TEXT))
    read: list[Build] = []

    def counted(build: Build) -> tuple[Name, ...]:
        read.append(build)
        return names_in(build)

    monkeypatch.setattr("dockerslim_rewrite.editor.analysis.names_in", counted)
    trees = types.DocumentSymbolClientCapabilities(hierarchical_document_symbol_support=True)
    session.able = types.TextDocumentClientCapabilities(document_symbol=trees)
    one = types.TextDocumentIdentifier("untitled:one")
    first = await answers.symbols(session, types.DocumentSymbolParams(one))
    assert await answers.symbols(session, types.DocumentSymbolParams(one)) is first
    for line in range(3):
        await answers.defined(session, types.DefinitionParams(one, types.Position(1, line)))
    assert len(read) == 1
    document.change(2, [types.TextDocumentContentChangeWholeDocument("FROM debian:12\n")])
    assert await answers.symbols(session, types.DocumentSymbolParams(one)) != first
    session.end()


@pytest.mark.asyncio
async def test_what_takes_long_is_not_begun_for_a_text_that_has_changed() -> None:
    session = Session(Server(), lambda: datetime.now(UTC))
    document = session.documents.open(types.TextDocumentItem("untitled:one", "dockerfile", 1, TEXT))
    free = threading.Event()

    def first() -> list[int]:
        free.wait(30)
        return [1]

    busy = asyncio.ensure_future(session.slowly(document, first))
    waiting = asyncio.ensure_future(session.slowly(document, lambda: [2]))
    await asyncio.sleep(0.1)
    document.change(2, [types.TextDocumentContentChangeWholeDocument("FROM debian:12\n")])
    later = asyncio.ensure_future(session.slowly(document, lambda: [3]))
    await asyncio.sleep(0)
    free.set()
    assert [await busy, await waiting, await later] == [[1], [], [3]]
    session.end()


@pytest.mark.parametrize("uri", ["file://[::1", "file://[a]b/c", "file://]", "file:///a%00b", "file://", ""])
def test_addresses_of_no_file(uri: str) -> None:
    assert path_of(uri) is None
