"""How often work that reads a whole file is done: once, or as often as its size allows."""

from __future__ import annotations

from cProfile import Profile

import pytest

import dockerslim_rewrite.validate
from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.effects.writes import writes
from dockerslim_rewrite.passes.shell import made_folders
from dockerslim_rewrite.pipeline.parts import MOST_PARTS, parts
from dockerslim_rewrite.report.findings import findings


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
    assert count * 400 <= 10_000


def test_of_a_small_file_every_pair_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    found, count = judged(installs(20), monkeypatch)
    assert (found, count) == (20, 20 * (20 + 3) // 2)


def test_what_is_judged_of_a_file_is_bounded_whatever_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (30, 60, 90):
        found, count = judged(installs(size), monkeypatch)
        assert 1 < found <= MOST_PARTS
        assert count * size <= 10_000


def test_what_directories_there_are_is_found_on_one_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    asked = writes

    def counted(*args: object) -> object:
        nonlocal count
        count += 1
        return asked(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(made_folders, "writes", counted)
    lines = "".join(f"cd /a{number}\n" for number in range(100))
    rewrite(f"FROM debian:12\nRUN <<EOF\n{lines}EOF\n", Options(level="standard", select=("DS622",)))
    assert 100 <= count <= 1_000


def test_triggers_are_told_from_other_steps_once() -> None:
    steps = "".join(f"ONBUILD COPY . /a{number}\nRUN mvn package\n" for number in range(40))
    profile = Profile()
    profile.runcall(rewrite, f'FROM maven:3.9\n{steps}CMD ["a"]\n', Options(level="aggressive", select=("DS207",)))
    looked = [one for one in profile.getstats() if "genexpr" in str(one.code) and "ir/build.py" in str(one.code)]
    assert sum(one.callcount for one in looked) < 80 * 40


def test_a_large_part_is_not_said_again_at_each_finding() -> None:
    result = rewrite(installs(400), Options(level="standard", select=("DS201",)))
    told = [len(one.part.replacements) for one in findings(result, fixes=True) if one.part is not None]
    assert max(told) > 300
    assert sum(told) < 11_000
