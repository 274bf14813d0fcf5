"""A server that plays the API of GitHub or GitLab, with its rules and its refusals."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Any, dict[str, str]]

#: The text of a refusal that comes after what was asked for had been done.
DONE = "done, and the answer got lost"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
_BODY = 65_536
_HEAD = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.M)


class Forge:
    """GitHub with one pull request: what it holds, and what it refuses.

    ``refusals`` are statuses that the next requests that write get, with their texts; ``hunks`` are the lines on the
    right that the diff of each changed file shows.
    """

    def __init__(self) -> None:
        self.review: list[dict[str, Any]] = []
        self.issue: list[dict[str, Any]] = []
        self.refusals: list[tuple[int, str, dict[str, str]]] = []
        self.requests: list[tuple[str, str]] = []
        self.tokens: set[str | None] = set()
        #: Tokens that may write; None: all.
        self.writers: set[str] | None = None
        self.hunks: dict[str, list[range]] = {"Dockerfile": [range(1, 21)]}
        self.head = "abc"
        self.login: str | None = None
        #: Who the token of a run or an app is, by the other API; None: that does not say.
        self.viewer: str | None = BOT["login"]
        self.author: dict[str, Any] = BOT
        self.address = ""
        self._next = 0

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that changed something."""
        return [one for one in self.requests if one[0] != "GET"]

    def show(self, path: str, diff: str) -> None:
        """Let the pull request change *path* as the unified *diff* says."""
        found = ((int(one[1]), int(one[2] or 1)) for one in _HEAD.finditer(diff))
        self.hunks[path] = [range(first, first + count) for first, count in found if count]

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        """What a request gets: status, data and headers."""
        if path == "/graphql":
            return (200, {"data": {"viewer": {"login": self.viewer}}}, {}) if self.viewer else (404, {}, {})
        if method != "GET" and self.refusals:
            status, text, headers = self.refusals.pop(0)
            if text == DONE:
                self._made(self.issue if "/issues/" in path else self.review, path, body)
            return status, {"message": text}, headers
        self.requests.append((method, path))
        if method == "GET":
            return self._get(path, query)
        kind = self.issue if "/issues/" in path else self.review
        if method == "POST":
            return self._made(kind, path, body)
        number = int(path.rpartition("/")[2])
        if method == "DELETE":
            kind[:] = [one for one in kind if one["id"] != number]
            return 204, None, {}
        next(one for one in kind if one["id"] == number).update(body)
        return 200, {}, {}

    def _get(self, path: str, query: dict[str, list[str]]) -> Answer:
        if path == "/user":
            if self.login is None:
                return 403, {"message": "Resource not accessible by integration"}, {}
            return 200, {"login": self.login, "id": 1}, {}
        if re.fullmatch(r"/repos/[^/]+/[^/]+/pulls/\d+", path):
            return 200, {"number": int(path.rpartition("/")[2]), "head": {"sha": self.head}}, {}
        kind = self.issue if "/issues/" in path else self.review
        return 200, page(kind, query), {}

    def _made(self, kind: list[dict[str, Any]], path: str, body: Any) -> Answer:
        review = path.endswith("/reviews")
        made = body["comments"] if review else [body]
        on_lines = kind is self.review
        if on_lines and body["commit_id"] != self.head:
            return _refused("commit_id is not part of the pull request")
        for one in made:
            why = self._wrong(one) if on_lines else None
            if why is not None or len(one["body"]) > _BODY:
                return _refused(why or "body is too long (maximum is 65536 characters)")
        for one in made:
            self._next += 1
            kind.append({"user": self.author, **one, "id": self._next})
        return 201, {}, {}

    def _wrong(self, one: dict[str, Any]) -> str | None:
        hunks = self.hunks.get(one["path"])
        if hunks is None:
            return "Path could not be resolved"
        if one.get("subject_type") == "file":
            return None
        line, start = one["line"], one.get("start_line", one["line"])
        hunk = next((hunk for hunk in hunks if line in hunk), None)
        if hunk is None or one.get("side") != "RIGHT":
            return "pull_request_review_thread.line must be part of the diff"
        if start not in hunk:
            return "pull_request_review_thread.start_line must be part of the same hunk as the line."
        if "start_line" in one and start >= line:
            return "pull_request_review_thread.start_line must precede the end line."
        return None


class GitLab(Forge):
    """GitLab with one merge request: discussions with notes, and notes."""

    def _get(self, path: str, query: dict[str, list[str]]) -> Answer:
        if path == "/user":
            return 200, {"id": 1}, {}
        if re.fullmatch(r"/projects/[^/]+/merge_requests/\d+", path):
            return 200, {"sha": self.head, "diff_refs": self.refs()}, {}
        return 200, page(self.review if "/discussions" in path else self.issue, query), {}

    def refs(self) -> dict[str, str]:
        """The commits that the diff is between: the target branch has moved on since the branch left it."""
        return {"base_sha": "left-here", "start_sha": "target-now", "head_sha": self.head}

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        if method == "GET" or self.refusals:
            return super().answer(method, path, query, body)
        self.requests.append((method, path))
        self._next += 1
        kind = self.review if "/discussions" in path else self.issue
        author = {"id": 1}
        if method == "POST" and kind is self.review:
            at = body["position"]
            shown = any(at["new_line"] in hunk for hunk in self.hunks.get(at["new_path"], []))
            if not shown or {name: at.get(name) for name in self.refs()} != self.refs():
                return 400, {"message": '400 Bad request - Note {:line_code=>["can\'t be blank"]}'}, {}
            note = {"body": body["body"], "resolved": False, "author": author}
            kind.append({"id": f"d{self._next}", "notes": [note]})
        elif method == "POST":
            kind.append({"id": self._next, "body": body["body"], "author": author})
        elif kind is self.review:
            next(one for one in kind if path.endswith(one["id"]))["notes"][0].update(body)
        else:
            kind[0].update(body)
        return 201, {}, {}


def page(kind: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The page of a list that is asked for."""
    size, number = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
    return kind[(number - 1) * size : number * size]


def _refused(why: str) -> Answer:
    return 422, {"message": "Unprocessable Entity", "errors": [why]}, {}


@contextmanager
def served(played: Forge) -> Iterator[Forge]:
    """*played* at its ``address``."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            token = self.headers.get("authorization") or self.headers.get("private-token")
            played.tokens.add(token)
            parts = urlsplit(self.path)
            if self.command == "GET" or played.writers is None or token in played.writers:
                status, data, headers = played.answer(self.command, parts.path, parse_qs(parts.query), body)
            else:
                status, data, headers = 403, {"message": "Resource not accessible by integration"}, {}
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
    try:
        yield played
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
