"""Posting, against a server that plays the forges with their refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dockerslim_rewrite.review.posting import Client, Post, PostError, post_github, post_gitlab

from .forge import DONE, Answer, Forge, GitLab, served


@pytest.fixture
def forge() -> Iterator[Forge]:
    with served(Forge()) as played:
        yield played


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
    forge.requests.clear()
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


def test_a_line_outside_of_the_diff_is_told_and_takes_no_other_comment_with_it(forge: Forge) -> None:
    wanted = Post("abc", [suggestion("a", 99), suggestion("b")], [], "summary <!-- dockerslim:summary -->")
    done = post_github(client(forge), "o/r", 7, wanted)
    assert (done.new, len(done.refused)) == (1, 1)
    assert done.refused[0].startswith("Dockerfile:99: POST repos/o/r/pulls/7/comments: 422")
    assert "line must be part of the diff" in done.refused[0]
    assert [one["body"] for one in forge.review] == [suggestion("b")["body"]]


def test_the_review_of_another_commit_is_not_posted(forge: Forge) -> None:
    forge.head = "def"
    with pytest.raises(PostError, match="pull request 7 is at def, what was reviewed is abc"):
        post_github(client(forge), "o/r", 7, post("a"))
    assert forge.writes == []


@pytest.mark.parametrize(("viewer", "kept"), [(None, False), ("github-actions[bot]", True)])
def test_another_bot_is_told_apart_where_the_api_says_who_writes(forge: Forge, viewer: str | None, kept: bool) -> None:
    forge.author = {"login": "other[bot]", "type": "Bot"}
    post_github(client(forge), "o/r", 7, post("a"))
    forge.author, forge.viewer = {"login": "github-actions[bot]", "type": "Bot"}, viewer
    post_github(client(forge), "o/r", 7, post("b"))
    assert any(one["user"]["login"] == "other[bot]" for one in forge.review) is kept


@pytest.mark.parametrize("login", [None, "jane"])
def test_what_others_wrote_with_the_mark_is_not_taken_for_ones_own(forge: Forge, login: str | None) -> None:
    forge.login = login
    forge.author = {"login": "mallory", "type": "User"}
    post_github(client(forge), "o/r", 7, post("a"))
    forge.author = (
        {"login": "github-actions[bot]", "type": "Bot"} if login is None else {"login": login, "type": "User"}
    )
    done = post_github(client(forge), "o/r", 7, post("b"))
    assert (done.new, done.kept, done.removed) == (1, 0, 0)
    assert len(forge.issue) == 2
    assert forge.issue[0]["user"]["login"] == "mallory"
    again = post_github(client(forge), "o/r", 7, post("c"))
    assert (again.new, again.removed, len(forge.issue)) == (1, 1, 2)


def test_comments_beyond_the_first_page_are_known(forge: Forge) -> None:
    names = [f"s{at}" for at in range(120)]
    post_github(client(forge), "o/r", 7, post(*names))
    forge.requests.clear()
    assert post_github(client(forge), "o/r", 7, post(*names)).kept == 120
    assert forge.writes == []


def test_a_forge_that_stays_down_is_given_up(forge: Forge) -> None:
    forge.refusals += [(503, "down", {})] * 9
    waits: list[float] = []
    with pytest.raises(PostError, match="503 down"):
        post_github(client(forge, waits), "o/r", 7, post("a"))
    assert waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_lasts_too_long_is_not_waited_for(forge: Forge, status: int) -> None:
    forge.refusals.append((status, "rate limit", {"retry-after": "3600"}))
    with pytest.raises(PostError, match=f"{status} rate limit; this is a limit on requests: run again in 60 min$"):
        post_github(client(forge), "o/r", 7, post("a"))


def test_what_was_made_before_a_fault_is_not_made_again(forge: Forge) -> None:
    forge.refusals += [(502, DONE, {}), (500, DONE, {})]
    done = post_github(client(forge), "o/r", 7, post("a", "b"))
    assert done.new == 2
    assert (len(forge.review), len(forge.issue)) == (2, 1)


def test_a_request_that_is_not_there_is_told_as_such() -> None:
    class Empty(Forge):
        def _get(self, path: str, query: dict[str, list[str]]) -> Answer:
            return 404, {"message": "Not Found"}, {}

    with served(Empty()) as forge, pytest.raises(PostError, match="404 Not Found; there is none, or the token may not"):
        post_github(client(forge), "o/r", 7, post("a"))


def discussion(name: str, line: int = 3) -> dict[str, Any]:
    position = {"new_path": "Dockerfile", "new_line": line}
    return {"body": f"text <!-- dockerslim:{name} -->", "position": position}


def gitlab_post(*names: str) -> Post:
    return Post("abc", [discussion(name) for name in names], [], "summary <!-- dockerslim:summary -->")


def test_gitlab_gets_discussions_and_outdated_ones_are_resolved() -> None:
    with served(GitLab()) as played:
        one = post_gitlab(client(played), "group/project", 4, gitlab_post("a", "b"))
        two = post_gitlab(client(played), "group/project", 4, gitlab_post("b", "c"))
    assert (one.new, two.new, two.kept, two.removed) == (2, 1, 1, 1)
    assert [thread["notes"][0]["resolved"] for thread in played.review] == [True, False, False]
    assert len(played.issue) == 1
    assert all(path.startswith("/projects/group%2Fproject/merge_requests/4/") for _, path in played.writes)


def test_gitlab_refuses_one_discussion_and_takes_the_others() -> None:
    wanted = Post("abc", [discussion("a", 99), discussion("b")], [], "summary <!-- dockerslim:summary -->")
    with served(GitLab()) as played:
        done = post_gitlab(client(played), "1", 4, wanted)
    assert (done.new, len(done.refused)) == (1, 1)
    assert done.refused[0].startswith("Dockerfile:99: ")


def test_gitlab_leaves_what_others_wrote() -> None:
    with served(GitLab()) as played:
        post_gitlab(client(played), "1", 4, gitlab_post("a"))
        for one in (played.review[0]["notes"][0], played.issue[0]):
            one["author"] = {"id": 2}
        done = post_gitlab(client(played), "1", 4, gitlab_post("b"))
    assert (done.new, done.removed, len(played.issue)) == (1, 0, 2)
    assert played.review[0]["notes"][0]["resolved"] is False
