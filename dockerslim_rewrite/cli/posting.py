"""``dockerslim review --post``: where a review goes, with which token, or what would go there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..patterns import re
from ..report.text import counted, printable

if TYPE_CHECKING:
    from ..review.posting import Post
    from ..review.run import Review

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def post_review(found: Review, root: Path, forge: str, number: int | None, *, send: bool) -> None:
    """Post *found*, of the repository at *root*, to the pull request *number* of *forge*; without *send* show it.

    Raises ``ValueError`` with one line where something is missing or the forge refuses.
    """
    from ..report.review import file_comments, github_comments, gitlab_discussions, post_lines, summary

    try:
        from ..review.posting import Client, Post, PostError, post_github, post_gitlab
    except ModuleNotFoundError:
        raise ValueError("--post needs the review extra: pip install 'dockerslim-rewrite[review]'") from None
    github = forge == "github"
    comments = github_comments(found.files) if github else gitlab_discussions(found)
    files = file_comments(found) if github else []
    post: Post = Post(found.head, comments, files, summary(found, root))
    if not send:
        told = f"{counted(len(comments), 'suggestion')} and {counted(len(files), 'comment')} on files"
        print(f"would post {told}; --send does it")
        for line in post_lines(comments, files, post.summary):
            print(printable(line))
        return
    variable = "GITHUB_API_URL" if github else "CI_API_V4_URL"
    if github:
        token = {"Authorization": f"Bearer {_token('GITHUB_TOKEN')}", "Accept": "application/vnd.github+json"}
        client = Client(_address(variable, "https://api.github.com"), token)
        place, request = _repository(), number or _pull_number()
    else:
        token = {"PRIVATE-TOKEN": _token("GITLAB_TOKEN")}
        client = Client(_address(variable, "https://gitlab.com/api/v4"), token)
        place, request = _variable("CI_PROJECT_ID"), number or _request_number()
    try:
        done = (post_github if github else post_gitlab)(client, place, request, post)
    except PostError as error:
        raise ValueError(str(error)) from None
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        raise ValueError(f"--post: the answer is none of {forge}'s API; look at {variable}") from None
    for line in done.refused:
        print(printable(f"dockerslim: refused: {line}"), file=sys.stderr)
    print(f"posted {done.new}, kept {done.kept}, removed {done.removed}")


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ValueError(f"--post: the environment variable {name} is not set")
    return value


def _token(name: str) -> str:
    """The token in the variable *name*; the line end that a file of secrets has is not part of it."""
    token = _variable(name).strip()
    if not re.fullmatch(r"[!-~]+", token):
        raise ValueError(f"--post: {name} holds characters that no token has")
    return token


def _address(name: str, usual: str) -> str:
    address = os.environ.get(name) or usual
    if not re.match(r"https?://[^/\s]", address):
        raise ValueError(f"--post: {name} is {address!r}, not the address of an API")
    return address


def _repository() -> str:
    name = _variable("GITHUB_REPOSITORY")
    if not _REPOSITORY.fullmatch(name):
        raise ValueError(f"--post: GITHUB_REPOSITORY is {name!r}, not OWNER/NAME")
    return name


def _pull_number() -> int:
    parts = os.environ.get("GITHUB_REF", "").split("/")
    if parts[:2] == ["refs", "pull"] and parts[2].isdigit():
        return int(parts[2])
    raise ValueError("--post: which pull request? name it with --number")


def _request_number() -> int:
    number = os.environ.get("CI_MERGE_REQUEST_IID", "")
    if number.isdecimal():
        return int(number)
    raise ValueError("--post: which merge request? name it with --number")
