"""A context that is made to keep somebody busy: what is not looked at is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite.context.configuration.files import Mentioned
from dockerslim_rewrite.context.dockerignore import DockerignoreError, read_dockerignore
from dockerslim_rewrite.context.locate import Location
from dockerslim_rewrite.context.project import FolderProject


def test_more_patterns_than_are_followed(tmp_path: Path) -> None:
    patterns = "".join(f"a*{number}\n" for number in range(2_001))
    with pytest.raises(DockerignoreError, match="line 2001: more than 2,000 patterns"):
        read_dockerignore(patterns)
    ignore = tmp_path / ".dockerignore"
    (tmp_path / "b").write_text("")
    for text, known in ((patterns, False), (patterns.removeprefix("a*0\n"), True)):
        ignore.write_text(text)
        project = FolderProject(Location(tmp_path, ignore, "as given"))
        assert project.complete is known
        assert project.holds("c") is (False if known else None)


def test_names_are_looked_for_once_and_not_without_end() -> None:
    mentioned = Mentioned(["open('app.conf')", "", "open('app.conf')"])
    left = mentioned.left
    assert "app.conf" in mentioned
    assert "app.conf" in mentioned
    assert "other.conf" not in mentioned
    assert left - mentioned.left == 2 * len("open('app.conf')")
    mentioned.left = len("open('app.conf')") - 1
    assert "other.conf" not in mentioned
    # What nobody looked for may stand there.
    assert "third.conf" in mentioned
