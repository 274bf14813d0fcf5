"""How much of a file is judged again where its changes are told apart, as suggestions and code actions need it."""

from __future__ import annotations

import pytest

import dockerslim_rewrite.validate
from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.pipeline.parts import MOST_PARTS, parts


def judged(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """How many parts *text* has, and how often the validator was asked about them."""
    options = Options(level="standard", select=("DS201",))
    result = rewrite(text, options)
    count = 0
    asked = dockerslim_rewrite.validate.validate

    def counted(*args: object) -> object:
        nonlocal count
        count += 1
        return asked(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(dockerslim_rewrite.validate, "validate", counted)
    return len(parts(result, options)), count


def installs(count: int) -> str:
    return "FROM debian:12\n" + "".join(
        f"RUN apt-get update && apt-get install -y a{number}\n" for number in range(count)
    )


def test_of_a_large_file_less_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    found, count = judged(installs(400), monkeypatch)
    assert 1 < found < MOST_PARTS
    assert count * 400 <= 15_000


def test_of_a_small_file_every_pair_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    found, count = judged(installs(40), monkeypatch)
    assert (found, count) == (MOST_PARTS, MOST_PARTS * (MOST_PARTS + 3) // 2)
