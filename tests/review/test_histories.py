"""The benchmark over histories, on a history that is made here: it counts what is right and sees what is wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import pytest

from benchmarks import reviews
from dockerslim_rewrite.review.reviewed import Scope
from dockerslim_rewrite.validate import Judgement, Verdict

from .conftest import Repo
from .test_review import BASE, NEW

Make = Callable[[dict[str, str], dict[str, str]], Repo]


class Same(NamedTuple):
    """What a rewriter that changes nothing makes of a text."""

    text: str


def merged(repo: Make) -> Repo:
    made = repo({"Dockerfile": BASE}, {"Dockerfile": BASE.replace("CMD", "ENV A 1\nCMD"), "b/Dockerfile": NEW})
    made.git("checkout", "-q", "main")
    made.git("merge", "-q", "--no-ff", "-m", "Merge pull request #1 from topic", "topic")
    return made


def test_a_merged_request_is_reviewed_posted_and_accepted(repo: Make) -> None:
    made = merged(repo)
    newest, oldest = reviews.steps(made.root)[0], made.git("rev-list", "--max-parents=0", "HEAD").strip()
    assert newest == reviews.Step(oldest, made.git("rev-parse", "HEAD").strip())
    counts = reviews.repository(made.root, 3, Scope.LINES)
    assert (counts.requests, counts.files) == (1, 2)
    assert counts.suggestions >= 6
    assert counts.texts > counts.suggestions
    assert (counts.outside, counts.refused, counts.invalid, counts.unproven, counts.diverging) == (0,) * 5
    assert counts.wrong == []


def test_what_is_wrong_is_seen(repo: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = merged(repo)
    accept = reviews.accept
    monkeypatch.setattr(reviews, "accept", lambda text, comments: accept(text, comments) + "RUN <<E\nls\n")
    monkeypatch.setattr(reviews, "validate", lambda *given: Judgement(Verdict.UNSOUND))
    monkeypatch.setattr(reviews, "rewrite", lambda text, *given: Same(text))
    counts = reviews.pull_request(made.root, reviews.steps(made.root)[0], Scope.LINES, random.Random(1))
    assert counts.texts == counts.invalid == counts.unproven == counts.diverging > 0
