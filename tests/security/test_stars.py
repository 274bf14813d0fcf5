"""Patterns of paths with many stars take as long as a path is, and match what they matched: by counted steps."""

from __future__ import annotations

import re
from itertools import product

import pytest

from dockerslim_rewrite.batch.plan import owners
from dockerslim_rewrite.workspace import ignored

from .counting import Counter

ENOUGH = 200_000


def of_ignore_file(pattern: str) -> str:
    spec = ignored._spec((pattern,))
    assert spec is not None
    expression = vars(spec)["patterns"][0].regex.pattern
    assert isinstance(expression, str)
    return expression


def of_owners(pattern: str) -> str:
    return owners._pattern(pattern).pattern


@pytest.mark.parametrize("read", [of_ignore_file, of_owners])
@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "b", "a" * 100),
        ("*a" * 20 + "b/Dockerfile", "a" * 60 + "/Dockerfile"),
        ("*[!b]" * 20 + "b", "a" * 100),
        ("**/a/" * 14 + "b", "a/" * 25),
        ("x/" + "**/*a/" * 14 + "b", "x/" + "aa/" * 25),
    ],
)
def test_many_stars_are_matched_in_one_go(read: type, pattern: str, path: str) -> None:
    assert Counter(read(pattern), re.S, ENOUGH).carry_out(path, everywhere=False) < ENOUGH


@pytest.mark.parametrize("read", [of_ignore_file, of_owners])
def test_stars_match_what_they_matched(read: type, monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(pieces: list[str]) -> str:
        return "".join(pieces)

    patterns = ["".join(one) for one in product(("*", "**/", "a", "b", "/", "/**/"), repeat=4)]
    patterns = [one for one in patterns if one.strip("/") and "//" not in one]
    paths = ["/".join(one) for one in product(("a", "b", "ab", "aab"), repeat=3)] + ["a", "ab", "bab", "a/b"]
    quick = [re.compile(read(one), re.S) for one in patterns]
    monkeypatch.setattr(ignored, "once", plain)
    monkeypatch.setattr(owners, "once", plain)
    ignored._spec.cache_clear()
    owners._pattern.cache_clear()
    for pattern, new in zip(patterns, quick, strict=True):
        old = re.compile(read(pattern), re.S)
        if old.pattern != new.pattern:
            for path in paths:
                assert bool(old.fullmatch(path)) == bool(new.fullmatch(path)), (pattern, path)
    ignored._spec.cache_clear()
    owners._pattern.cache_clear()
