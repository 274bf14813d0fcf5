"""Posting a review with plain HTTP: the few requests that it takes need no library of a forge.

One review a run. The program knows its own comments by a mark: what is said already is not said again, what no longer
holds is removed unless somebody answered, and the summary is updated in its place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from ..patterns import re
from ..record import record
from ..registry.errors import RegistryError
from ..registry.limits import Allowance, meaning
from ..text.structured import read_json

_MARK = re.compile(r"<!-- dockerslim:(\w+) -->")
_SUMMARY = "summary"
_TRIES = 5
#: Seconds to wait at most for a limit to pass; a run that takes longer is of no use to anybody.
_PATIENCE = 120.0
_PAGE = 100
#: More comments than anybody reads; an API that has always another page is none.
_MAX_PAGES = 200
#: A page of comments of the greatest length has a fifth of it.
_MAX_ANSWER = 32 * 1024 * 1024
#: Seconds for all requests of a run, and for one answer.
_RUN, _ANSWER = 900.0, 60.0
_BAD_REQUEST, _UNPROCESSABLE, _FAULT = 400, 422, 500


class PostError(Exception):
    """The forge refused: one line that says what and what to do. ``status`` is that of HTTP, None without an answer."""

    def __init__(self, said: str, status: int | None = None) -> None:
        super().__init__(said)
        self.status = status


@record
class Post:
    """What is to be said: comments on lines, comments on files, and the summary, as the forge takes them."""

    commit: str
    comments: Sequence[dict[str, Any]]
    files: Sequence[dict[str, Any]]
    summary: str


@record
class Posted:
    """What was done; ``refused`` are comments that the forge would not have, a line each."""

    new: int
    kept: int
    removed: int
    refused: tuple[str, ...] = ()


@record
class Answer:
    """What a forge answers: its HTTP status with the reason, the headers, and the content."""

    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """The value of the content. Raises ``ValueError`` for what is no JSON, or nested too deeply."""
        return read_json(self.content)


class Client:
    """Requests to the API at *base* that are repeated where a limit or a fault passes. Raises ``PostError``."""

    def __init__(self, base: str, headers: dict[str, str], sleep: Callable[[float], None] = time.sleep) -> None:
        hooks = Allowance(_RUN, _ANSWER).hooks()
        self._client = httpx.Client(base_url=base.rstrip("/") + "/", headers=headers, timeout=30.0, event_hooks=hooks)
        self._secrets = [value.rpartition(" ")[2] for value in headers.values()]
        self._sleep = sleep
        #: Where GitHub's other API is, on GitHub and on servers of one's own.
        self.graphql = re.sub(r"/api/v3/?\Z", "/api", base.rstrip("/")) + "/graphql"

    def _ask(self, method: str, path: str, body: Any) -> Answer:
        """One answer, read up to a limit. Raises ``PostError`` beyond it, ``httpx.HTTPError`` where there is none."""
        try:
            with self._client.stream(method, path, json=body) as answer:
                content = bytearray()
                for block in answer.iter_bytes():
                    content += block
                    if len(content) > _MAX_ANSWER:
                        raise PostError(f"{method} {path}: the answer has more than {_MAX_ANSWER >> 20} MiB")
                return Answer(answer.status_code, answer.reason_phrase, answer.headers, bytes(content))
        except RegistryError as error:
            raise PostError(str(error)) from None
        except httpx.InvalidURL:
            raise PostError(f"{method}: the API names what is no part of an address") from None

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """The answer to a request, once it is one of success."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                answer = self._ask(method, path, body)
            except httpx.HTTPError as error:
                # A request that makes something may have arrived: only what may be repeated is.
                if last or method == "POST":
                    raise PostError(f"{method} {path}: {meaning(error)}") from None
                self._sleep(2.0**attempt)
                continue
            if answer.status // 100 == 2:
                return answer
            wait = _wait(answer, attempt)
            # What a faulty answer to a request that makes something leaves behind nobody knows: see ``create``.
            blind = method == "POST" and answer.status >= _FAULT
            if wait is None or last or blind or wait > _PATIENCE:
                said = _refusal(method, path, answer, wait)
                for secret in filter(None, self._secrets):
                    said = said.replace(secret, "***")
                raise PostError(said, answer.status)
            self._sleep(wait)
        raise AssertionError("the last try returns or raises")

    def create(self, path: str, body: Any, there: Callable[[], bool]) -> None:
        """Have something made; after a fault of the server again, unless it is *there*."""
        for attempt in range(_TRIES):
            try:
                self.call("POST", path, body)
            except PostError as error:
                if error.status is None or error.status < _FAULT or attempt == _TRIES - 1:
                    raise
                self._sleep(2.0**attempt)
                if there():
                    return
                continue
            return

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """All entries of a list."""
        for number in range(1, _MAX_PAGES + 1):
            found = self.call("GET", f"{path}?per_page={_PAGE}&page={number}").json()
            yield from found
            if len(found) < _PAGE:
                return
        raise PostError(f"GET {path}: there are more than {_PAGE * _MAX_PAGES:,} entries, and always another page")


def _wait(answer: Answer, attempt: int) -> float | None:
    """Seconds after which to ask again; None where that is of no use."""
    text = answer.content.lower()
    limited = answer.status == 429 or (answer.status in (403, 422) and (b"rate limit" in text or b"abuse" in text))
    if not limited and answer.status not in (500, 502, 503, 504):
        return None
    given = answer.headers.get("retry-after", "")
    if given.isdigit():
        return float(given[:9])
    reset = answer.headers.get("x-ratelimit-reset", "")
    if limited and answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(1.0, float(reset[:12]) - time.time())
    return 2.0**attempt


def _refusal(method: str, path: str, answer: Answer, wait: float | None) -> str:
    try:
        said = answer.json()
        text = str(said.get("message", "")) + "".join(f"; {one}" for one in said.get("errors", ()))
    except (ValueError, AttributeError, TypeError):
        text = answer.reason
    text = " ".join(text.split())[:300]
    hint = ""
    if wait is not None and answer.status < _FAULT:
        hint = f"; this is a limit on requests: run again in {round(wait / 60) or 1} min"
    elif answer.status == 401:
        hint = "; the token is not valid"
    elif method == "GET" and answer.status == 404:
        hint = "; there is none, or the token may not see it"
    elif answer.status in (403, 404):
        hint = "; the token may not write here, as in a pull request from a fork: post from a second workflow"
    return f"{method} {path}: {answer.status} {text}{hint}"


def post_github(client: Client, repository: str, number: int, post: Post) -> Posted:
    """Post to the pull request *number* of *repository* (``owner/name``)."""
    pull, issue = f"repos/{repository}/pulls/{number}", f"repos/{repository}/issues/{number}"
    _at(post.commit, client.call("GET", pull).json()["head"]["sha"], f"pull request {number}")
    wanted = {_key(one["body"]) for one in (*post.comments, *post.files)}
    said = list(client.pages(f"{pull}/comments"))
    own = _github_author(client)
    known = [one for one in said if _key(one["body"]) and own(one)]
    answered = {one.get("in_reply_to_id") for one in said}
    # A comment whose line is gone from the diff has none.
    present = {_key(one["body"]) for one in known if one.get("line") or one.get("subject_type") == "file"} & wanted
    removed = 0
    for one in known:
        if _key(one["body"]) not in present and one["id"] not in answered:
            client.call("DELETE", f"repos/{repository}/pulls/comments/{int(one['id'])}")
            removed += 1
    new = [one for one in post.comments if _key(one["body"]) not in present]
    files = [one for one in post.files if _key(one["body"]) not in present]

    def there() -> set[str | None]:
        return {_key(one["body"]) for one in client.pages(f"{pull}/comments") if own(one)}

    refused = [
        *_github_review(client, pull, post.commit, new, there),
        *_each(client, f"{pull}/comments", files, there),
    ]

    def summaries() -> list[dict[str, Any]]:
        return [one for one in client.pages(f"{issue}/comments") if _key(one["body"]) == _SUMMARY and own(one)]

    notes = summaries()
    if not notes:
        if wanted:
            client.create(f"{issue}/comments", {"body": post.summary}, lambda: bool(summaries()))
    elif notes[0]["body"].strip() != post.summary.strip():
        client.call("PATCH", f"repos/{repository}/issues/comments/{int(notes[0]['id'])}", {"body": post.summary})
    return Posted(len(new) + len(files) - len(refused), len(present), removed, tuple(refused))


def _at(commit: str, head: str, name: str) -> None:
    """Comments belong to the last commit: of another one the lines may be others, and the review of another request."""
    if commit != head:
        raise PostError(
            f"{name} is at {head[:12]}, what was reviewed is {commit[:12]}; check out the last commit of the branch, "
            "not its trial merge, and leave what was pushed since to its own run"
        )


def _github_author(client: Client) -> Callable[[dict[str, Any]], bool]:
    """Whether a comment was written with this token: anybody can write the mark, and is not to be taken for us."""
    try:
        login = client.call("GET", "user").json()["login"]
    except PostError as error:
        if error.status not in (401, 403, 404):
            raise
        # The tokens of runs and apps are nobody's, which only the other API tells the name of.
        named = _viewer(client)
        if named is None:
            return lambda one: bool(one["user"]["type"] == "Bot")
        login = named
    return lambda one: bool(one["user"]["login"] == login)


def _viewer(client: Client) -> str | None:
    """Who writes with this token; None where the API does not say. Source: GitHub's GraphQL reference, "viewer"."""
    try:
        found = client.call("POST", client.graphql, {"query": "{viewer{login}}"}).json()
        login = found["data"]["viewer"]["login"]
    except (PostError, LookupError, TypeError, ValueError):
        return None
    return login if isinstance(login, str) else None


#: The keys of the comments that are there by now.
There = Callable[[], set[str | None]]


def _github_review(
    client: Client, pull: str, commit: str, comments: Sequence[dict[str, Any]], there: There
) -> list[str]:
    """Make one review of *comments*; what GitHub refuses of them, a line each."""
    if not comments:
        return []
    body = {"commit_id": commit, "event": "COMMENT", "comments": comments}
    try:
        client.create(f"{pull}/reviews", body, lambda: _key(comments[0]["body"]) in there())
    except PostError as error:
        if error.status != _UNPROCESSABLE:
            raise
        # One comment that is refused takes the whole review with it: then each goes by itself.
        return _each(client, f"{pull}/comments", [one | {"commit_id": commit} for one in comments], there)
    return []


def _each(client: Client, path: str, comments: Sequence[dict[str, Any]], there: There) -> list[str]:
    """Post *comments* one by one; those that are refused as they are, a line each."""
    refused = []
    for one in comments:
        try:
            client.create(path, one, partial(_is_there, one, there))
        except PostError as error:
            if error.status != _UNPROCESSABLE:
                raise
            refused.append(f"{one['path']}:{one.get('line', 1)}: {error}")
    return refused


def post_gitlab(client: Client, project: str, number: int, post: Post) -> Posted:
    """Post to the merge request *number* of *project* (its path or id); what no longer holds is resolved."""
    request = f"projects/{quote(project, safe='')}/merge_requests/{number}"
    asked = client.call("GET", request).json()
    _at(post.commit, asked["sha"], f"merge request {number}")
    # Where the target branch stood when GitLab made its diff only GitLab knows.
    comments = [one | {"position": one["position"] | asked["diff_refs"]} for one in post.comments]
    author = client.call("GET", "user").json()["id"]
    wanted = {_key(one["body"]) for one in comments}

    def there() -> set[str | None]:
        threads = [thread["notes"][0] for thread in client.pages(f"{request}/discussions")]
        return {_key(note["body"]) for note in threads if note["author"]["id"] == author}

    present: set[str | None] = set()
    removed = 0
    for thread in client.pages(f"{request}/discussions"):
        note = thread["notes"][0]
        key = _key(note["body"])
        if key is None or key == _SUMMARY or note.get("resolved") or note["author"]["id"] != author:
            continue
        if key in wanted:
            present.add(key)
        elif len(thread["notes"]) == 1:
            client.call("PUT", f"{request}/discussions/{quote(str(thread['id']), safe='')}", {"resolved": True})
            removed += 1
    new = [one for one in comments if _key(one["body"]) not in present]
    refused = []
    for one in new:
        try:
            client.create(f"{request}/discussions", one, partial(_is_there, one, there))
        except PostError as error:
            if error.status not in (_BAD_REQUEST, _UNPROCESSABLE):
                raise
            refused.append(f"{one['position']['new_path']}:{one['position']['new_line']}: {error}")

    def summaries() -> list[dict[str, Any]]:
        notes = client.pages(f"{request}/notes")
        return [one for one in notes if _key(one["body"]) == _SUMMARY and one["author"]["id"] == author]

    own = next(iter(summaries()), None)
    if own is None:
        if wanted:
            client.create(f"{request}/notes", {"body": post.summary}, lambda: bool(summaries()))
    elif own["body"].strip() != post.summary.strip():
        client.call("PUT", f"{request}/notes/{int(own['id'])}", {"body": post.summary})
    return Posted(len(new) - len(refused), len(present), removed, tuple(refused))


def _is_there(one: dict[str, Any], there: There) -> bool:
    return _key(one["body"]) in there()


def _key(body: str | None) -> str | None:
    """What one of the program's own comments is known by."""
    found = _MARK.findall(body or "")
    return found[-1] if found else None
