"""Pipelines that name many images, extend each other, or go deeper with each command: bounded, and soon read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds import gitlab, graph
from dockerslim_rewrite.workspace.builds.by_hand import HandRun, told_by

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def _soon() -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < 15


@pytest.mark.parametrize(
    "job",
    [
        "extends: [j{0}, j{0}, j{1}]",
        "extends: [{2}]",
    ],
)
def test_jobs_that_extend_each_other_are_put_together_once(
    tree: Make, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    count = 0
    over = gitlab._over

    def counted(*args: Any) -> Any:
        nonlocal count
        count += 1
        return over(*args)

    monkeypatch.setattr(gitlab, "_over", counted)
    jobs = "".join(
        f"j{n}:\n  {job.format(n + 1, n + 2, ', '.join(f'j{m}' for m in range(n + 1, n + 9)))}\n"
        f"  script: [docker build .]\n"
        for n in range(60)
    )
    made = tree({".gitlab-ci.yml": jobs, "Dockerfile": "FROM debian:12\n"})
    assert made.builds()
    assert count <= 60 * 12 * 9


def test_what_runs_in_images_is_looked_up(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(run: HandRun) -> tuple[str, str]:
        nonlocal count
        count += 1
        return told_by(run)

    monkeypatch.setattr(graph, "told_by", counted)
    jobs = "".join(f"j{n}:\n  image: me/i{n}:1\n  script: [docker build -t me/i{n} .]\n" for n in range(300))
    found = tree({".gitlab-ci.yml": jobs, "Dockerfile": "FROM debian:12\n"}).graph()
    assert len(found.builds) == 300
    assert all(len(found.by_hand_of(one)) == 1 for one in found.builds)
    assert count == len(found.by_hand) == 300


def test_a_directory_that_no_system_has_is_unknown(tree: Make) -> None:
    steps = "".join(f"          cd a{n} && docker build -t x .\n" for n in range(2_000))
    text = f"on: push\njobs:\n  j:\n    runs-on: x\n    steps:\n      - run: |\n{steps}"
    made = tree({".github/workflows/a.yml": text, "Dockerfile": "FROM debian:12\n"})
    found = made.builds()
    assert found
    assert max(len(str(one.context)) for one in found) <= 4096
