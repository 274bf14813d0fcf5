"""Posting against an API that wants harm: it costs a line, and no memory, time or token."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dockerslim_rewrite.review.posting import Client, Post, PostError, post_github

PULL = json.dumps({"head": {"sha": "abc"}}).encode()
Play = Callable[[str], tuple[int, bytes, dict[str, str]]]


@contextmanager
def played(play: Play) -> Iterator[tuple[str, list[str]]]:
    """A server that answers each path as *play* says, by its address, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, body, headers = play(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_DELETE = do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def post(address: str) -> None:
    client = Client(address, {"Authorization": "Bearer s3cret"}, lambda seconds: None)
    post_github(client, "o/r", 7, Post("abc", [], [], "text <!-- dockerslim:summary -->"))


def test_an_answer_that_unpacks_without_end_is_cut_off() -> None:
    bomb = gzip.compress(b"[" + b" " * 300_000_000)
    with (
        played(lambda path: (200, bomb, {"Content-Encoding": "gzip"})) as (address, _),
        pytest.raises(PostError, match="more than 32 MiB"),
    ):
        post(address)


def test_a_list_without_end_is_left() -> None:
    page = json.dumps([{"id": 1, "body": "", "user": {"login": "a", "type": "User"}}] * 100).encode()
    with (
        played(lambda path: (200, page if "comments" in path else PULL, {})) as (address, asked),
        pytest.raises(PostError, match="more than 20,000 entries"),
    ):
        post(address)
    assert len(asked) < 300


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{" + b'"a":{' * 50_000, b'"', b"\xff\xfe", b"5", b'{"head": 5}'])
def test_an_answer_of_another_shape_is_an_error_that_the_caller_expects(body: bytes) -> None:
    with (
        played(lambda path: (200, body, {})) as (address, _),
        pytest.raises((PostError, ValueError, TypeError, LookupError, AttributeError)),
    ):
        post(address)


def test_a_token_that_comes_back_is_not_shown() -> None:
    said = json.dumps({"message": "no: Bearer s3cret", "errors": ["s3cret"]}).encode()
    with played(lambda path: (400, said, {})) as (address, _), pytest.raises(PostError) as raised:
        post(address)
    assert "s3cret" not in str(raised.value)
    assert "Bearer ***" in str(raised.value)


@pytest.mark.parametrize("number", ["1\r\nX: y", "../../user", "1?x"])
def test_a_number_of_a_comment_is_one(number: str) -> None:
    own = [{"id": number, "body": "<!-- dockerslim:gone -->", "user": {"login": "a", "type": "Bot"}}]
    answers: dict[str, tuple[int, bytes, dict[str, str]]] = {
        "user": (403, b"{}", {}),
        "comments": (200, json.dumps(own).encode(), {}),
    }

    def play(path: str) -> tuple[int, bytes, dict[str, str]]:
        return (*answers.get(path.partition("?")[0].rpartition("/")[2], (200, PULL)), {})

    with played(play) as (address, asked), pytest.raises(ValueError, match="invalid literal"):
        post(address)
    assert not any("pulls/comments" in one for one in asked)
