"""A request of many small files: Git is a process, so it is asked once for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.pipeline import Options
from dockerslim_rewrite.review import git as review_git
from dockerslim_rewrite.review.git import Git
from dockerslim_rewrite.review.reviewed import Scope
from dockerslim_rewrite.review.run import review

from .conftest import Repo

Make = Callable[[dict[str, str], dict[str, str]], Repo]
_LINES = "FROM debian:12\nRUN apt-get update\nRUN echo"


def many(repo: Make, count: int) -> Repo:
    made = repo({f"d{n}/Dockerfile": f"{_LINES} {n}\n" for n in range(count)}, {})
    for n in range(0, count, 2):
        made.git("mv", f"d{n}", f"r{n}")
    made.write(
        {
            f"{'dr'[n % 2 == 0]}{n}/Dockerfile": f"{_LINES} {n}\nRUN apt-get update && apt-get install -y curl\n"
            for n in range(count)
        }
    )
    made.commit()
    return made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls of Git from now on."""
    found: list[str] = []
    git, blobs = review_git.git, review_git.blobs  # type: ignore[attr-defined]

    def called(root: Any, *arguments: str, **more: Any) -> Any:
        found.append(arguments[0])
        return git(root, *arguments, **more)

    def read(*arguments: Any) -> Any:
        found.append("cat-file")
        return blobs(*arguments)

    monkeypatch.setattr(review_git, "git", called)
    monkeypatch.setattr(review_git, "blobs", read)
    return found


def test_git_is_asked_once_for_many_files(repo: Make, calls: list[str]) -> None:
    made = many(repo, 40)
    found = review(Git(made.root), "main", "HEAD", (), Scope.LINES, lambda path: Options())
    assert len(found.files) == 40
    assert all(one.hunks for one in found.files)
    assert calls.count("cat-file") == 2
    assert calls.count("diff") < 15


def test_what_one_answer_tells_is_what_each_file_tells(repo: Make) -> None:
    made = many(repo, 12)
    made.write({"new": "diff --git a/x b/x\n@@ -1 +1 @@\n", 'odd "n\tame\n/x': "a\n", "plain": "a\n", "gone": "a\n"})
    made.commit()
    base = made.git("rev-parse", "HEAD~1").strip()
    (made.root / "plain").unlink()
    (made.root / "plain").symlink_to("new")
    (made.root / "gone").unlink()
    made.write({"new": "+\ndiff --git a/x b/x\n", 'odd "n\tame\n/x': "a\nb\n", "empty": ""})
    made.commit()
    git, head = Git(made.root), made.git("rev-parse", "HEAD").strip()
    for start in (base, made.git("rev-parse", "HEAD~2").strip(), made.git("rev-parse", "main").strip()):
        changed = git.changed(start, head)
        together = git._all_hunks(start, head)
        assert set(together) == set(changed)
        for one in changed:
            assert together[one] == Git(made.root)._hunks(start, head, one), one
