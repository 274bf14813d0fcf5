"""A pull request of a hundred real Dockerfiles, each against itself with some lines dropped."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.pipeline import rewrite
from dockerslim_rewrite.report.review import github_comments
from dockerslim_rewrite.review.posting import Client, Post, post_github
from dockerslim_rewrite.review.reviewed import Scope
from dockerslim_rewrite.syntax import ParseError, parse
from dockerslim_rewrite.validate import Verdict, validate
from tests.corpus.files import corpus_or_skip

from .conftest import Repo, apply_lines
from .forge import Forge
from .test_posting import forge
from .test_review import run

Make = Callable[[dict[str, str], dict[str, str]], Repo]
PAIRS, SUBSETS = 100, 4
__all__ = ["forge"]


def parses(text: str) -> bool:
    try:
        read_build(parse(text))
    except ParseError:
        return False
    return True


def pairs(chance: random.Random) -> list[tuple[str, str]]:
    """Texts before and after."""
    files = [one for one in corpus_or_skip() if not one.negative]
    chance.shuffle(files)
    found: list[tuple[str, str]] = []
    for file in files:
        try:
            text = file.text.decode()
        except UnicodeDecodeError:
            continue
        lines = text.split("\n")
        at = chance.randrange(1, max(2, len(lines) - 3))
        before = "\n".join(lines[:at] + lines[at + chance.randint(1, 4) :])
        if parses(text) and parses(before):
            found.append((before, text))
        if len(found) == PAIRS:
            break
    return found


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("scope", [Scope.LINES, Scope.FILES])
def test_real_files_get_suggestions_that_forges_take_and_reviewers_may_choose_from(
    repo: Make, forge: Forge, scope: Scope
) -> None:
    chance = random.Random(11)
    found = pairs(chance)
    assert len(found) == PAIRS
    sides = [{f"s{at}/Dockerfile": pair[side] for at, pair in enumerate(found)} for side in (0, 1)]
    files = run(repo(sides[0], sides[1]), scope).files
    assert sum(len(file.suggestions) for file in files) > 20
    for file in files:
        original = file.result.original
        for one in file.suggestions:
            first, last = one.replacement.first, one.replacement.last
            # The played forge refuses what lies outside of one hunk.
            forge.hunks = {file.path: [range(h.first, h.last + 1) for h in file.hunks if h.first <= first <= h.last]}
            comments = [entry for entry in github_comments([file]) if entry["line"] == last]
            forge.review.clear()
            posted = post_github(
                Client(forge.address, {}), "o/r", 1, Post("abc", comments, [], "<!-- dockerslim:summary -->")
            )
            assert posted.new == len(comments) == 1
            assert not posted.refused
        for _ in range(SUBSETS):
            chosen = [one for one in file.suggestions if chance.random() < 0.5]
            text = apply_lines(original, [one.replacement for one in chosen])
            changes = tuple(dict.fromkeys(change for one in chosen for change in one.changes))
            assert validate(original, text, changes).verdict is Verdict.OK
            assert rewrite(text).text == rewrite(original).text
