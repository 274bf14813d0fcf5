"""Posting, against a server that plays the forges with their refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dockerslim_rewrite.review.posting import Client, Post, PostError, post_github, post_gitlab


class Forge:
    """What the forge holds, and what it refuses: statuses that the next requests that write get, with their texts."""

    def __init__(self) -> None:
        self.review: list[dict[str, Any]] = []
        self.issue: list[dict[str, Any]] = []
        self.refusals: list[tuple[int, str, dict[str, str]]] = []
        self.writes: list[tuple[str, str]] = []
        self.hunk = range(1, 21)
        self.address = ""
        self._next = 0

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        if method != "GET" and self.refusals:
            status, text, headers = self.refusals.pop(0)
            return status, {"message": text}, headers
        if method != "GET":
            self.writes.append((method, path))
        kind = self.issue if "/issues/" in path else self.review
        if method == "GET":
            return 200, kind, {}
        if method == "POST":
            for one in body["comments"] if path.endswith("/reviews") else [body]:
                line = one.get("line")
                outside = line is not None and not (one.get("start_line", line) in self.hunk and line in self.hunk)
                if outside or ("start_line" in one and one["start_line"] >= line):
                    return 422, {"message": "Unprocessable", "errors": ["line must be part of the diff"]}, {}
            for one in body["comments"] if path.endswith("/reviews") else [body]:
                self._next += 1
                kind.append(one | {"id": self._next})
            return 201, {}, {}
        number = int(path.rpartition("/")[2])
        if method == "DELETE":
            kind[:] = [one for one in kind if one["id"] != number]
            return 204, None, {}
        next(one for one in kind if one["id"] == number).update(body)
        return 200, {}, {}


@pytest.fixture
def forge() -> Iterator[Forge]:
    played = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            status, data, headers = played.answer(self.command, self.path.partition("?")[0], body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            content = b"" if data is None else json.dumps(data).encode()
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _any

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    played.address = f"http://127.0.0.1:{server.server_port}"
    yield played
    server.shutdown()
    server.server_close()
    thread.join()


def suggestion(name: str, line: int = 3) -> dict[str, Any]:
    return {"path": "Dockerfile", "line": line, "side": "RIGHT", "body": f"text <!-- dockerslim:{name} -->"}


def post(*names: str, line: int = 3) -> Post:
    body = f"{len(names)} suggestions\n<!-- dockerslim:summary -->\n"
    return Post("abc", [suggestion(name, line) for name in names], [], body)


def client(forge: Forge, waits: list[float] | None = None) -> Client:
    return Client(forge.address, {}, ([] if waits is None else waits).append)


def test_a_run_is_one_review_and_one_summary(forge: Forge) -> None:
    done = post_github(client(forge), "o/r", 7, post("a", "b"))
    assert (done.new, done.kept, done.removed) == (2, 0, 0)
    assert [path for _, path in forge.writes] == ["/repos/o/r/pulls/7/reviews", "/repos/o/r/issues/7/comments"]


def test_a_second_run_says_nothing_twice_and_writes_nothing(forge: Forge) -> None:
    post_github(client(forge), "o/r", 7, post("a", "b"))
    forge.writes.clear()
    done = post_github(client(forge), "o/r", 7, post("a", "b"))
    assert (done.new, done.kept, done.removed) == (0, 2, 0)
    assert forge.writes == []


def test_what_no_longer_holds_goes_and_the_summary_is_updated_in_its_place(forge: Forge) -> None:
    post_github(client(forge), "o/r", 7, post("a", "b"))
    done = post_github(client(forge), "o/r", 7, post("b", "c", "d"))
    assert (done.new, done.kept, done.removed) == (2, 1, 1)
    assert len(forge.issue) == 1
    assert forge.issue[0]["body"].startswith("3 suggestions")


def test_what_somebody_answered_and_what_others_wrote_stays(forge: Forge) -> None:
    post_github(client(forge), "o/r", 7, post("a"))
    forge.review.append({"id": 50, "body": "why?", "in_reply_to_id": forge.review[0]["id"], "line": 3})
    done = post_github(client(forge), "o/r", 7, post())
    assert done.removed == 0
    assert len(forge.review) == 2


def test_an_outdated_comment_is_replaced(forge: Forge) -> None:
    post_github(client(forge), "o/r", 7, post("a"))
    forge.review[0]["line"] = None
    done = post_github(client(forge), "o/r", 7, post("a"))
    assert (done.new, done.kept, done.removed) == (1, 0, 1)


def test_nothing_to_say_writes_nothing(forge: Forge) -> None:
    post_github(client(forge), "o/r", 7, post())
    assert forge.writes == []


@pytest.mark.parametrize(
    ("status", "text", "headers", "wait"),
    [
        (403, "You have exceeded a secondary rate limit", {"retry-after": "7"}, 7.0),
        (422, "was submitted too quickly: abuse", {}, 1.0),
        (429, "too many requests", {}, 1.0),
        (502, "bad gateway", {}, 1.0),
    ],
)
def test_what_passes_is_waited_for(forge: Forge, status: int, text: str, headers: dict[str, str], wait: float) -> None:
    forge.refusals.append((status, text, headers))
    waits: list[float] = []
    assert post_github(client(forge, waits), "o/r", 7, post("a")).new == 1
    assert waits == [wait]
    assert len(forge.review) == 1


def test_a_fork_without_rights_is_told_what_to_do_at_once(forge: Forge) -> None:
    forge.refusals.append((403, "Resource not accessible by integration", {}))
    waits: list[float] = []
    with pytest.raises(PostError, match=r"403 Resource not accessible.*post from a second workflow"):
        post_github(client(forge, waits), "o/r", 7, post("a"))
    assert waits == []


def test_a_line_outside_of_the_diff_is_a_refusal(forge: Forge) -> None:
    with pytest.raises(PostError, match="line must be part of the diff"):
        post_github(client(forge), "o/r", 7, post("a", line=99))


def test_a_forge_that_stays_down_is_given_up(forge: Forge) -> None:
    forge.refusals += [(503, "down", {})] * 9
    waits: list[float] = []
    with pytest.raises(PostError, match="503 down"):
        post_github(client(forge, waits), "o/r", 7, post("a"))
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_a_limit_that_lasts_too_long_is_not_waited_for(forge: Forge) -> None:
    forge.refusals.append((429, "rate limit", {"retry-after": "3600"}))
    with pytest.raises(PostError, match="429"):
        post_github(client(forge), "o/r", 7, post("a"))


class GitLab(Forge):
    """Discussions with notes, and notes."""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        kind = self.review if "/discussions" in path else self.issue
        if method == "GET":
            return 200, kind, {}
        self.writes.append((method, path))
        self._next += 1
        if method == "POST" and kind is self.review:
            kind.append({"id": f"d{self._next}", "notes": [{"body": body["body"], "resolved": False}]})
        elif method == "POST":
            kind.append({"id": self._next, "body": body["body"]})
        elif kind is self.review:
            next(one for one in kind if path.endswith(one["id"]))["notes"][0].update(body)
        else:
            kind[0].update(body)
        return 201, {}, {}


def test_gitlab_gets_discussions_and_outdated_ones_are_resolved(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    played = GitLab()
    monkeypatch.setattr(forge, "answer", played.answer)
    one = post_gitlab(client(forge), "group/project", 4, post("a", "b"))
    two = post_gitlab(client(forge), "group/project", 4, post("b", "c"))
    assert (one.new, two.new, two.kept, two.removed) == (2, 1, 1, 1)
    assert [thread["notes"][0]["resolved"] for thread in played.review] == [True, False, False]
    assert len(played.issue) == 1
    assert all(path.startswith("/projects/group%2Fproject/merge_requests/4/") for _, path in played.writes)
