"""Messages quote what somebody wrote, and not a megabyte of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, ParseError, rewrite
from dockerslim_rewrite.workspace.repository import Repository

LONG = "x" * 60_000
DOTTED = "x." * 30_000


@pytest.mark.parametrize("long", [LONG, DOTTED])
@pytest.mark.parametrize(
    "text",
    ["FROM a\n{} b\n", "# escape={}\nFROM a\n", "FROM a\nRUN <<{}\nx\n"],
)
def test_why_a_file_is_refused(text: str, long: str) -> None:
    with pytest.raises(ParseError) as caught:
        rewrite(text.format(long))
    assert len(str(caught.value)) < 2_100


@pytest.mark.parametrize("long", [LONG, DOTTED])
@pytest.mark.parametrize(
    "text",
    [
        "# dockerslim: ignore={}\nFROM a\n",
        "FROM debian:12\nWORKDIR /a\nRUN cd {} && make\n",
        "FROM debian:12\nRUN apt-get update && apt-get install -y {}\n",
        "FROM debian:12\nRUN curl {} | sh\n",
        "FROM debian:12\nCOPY --from={} a b\n",
        "FROM debian:12\nUSER {}\nRUN sudo make\n",
        "FROM {}\nRUN apt-get update\n",
        "FROM debian:${{{}:-}}\nRUN true\n",
    ],
)
def test_what_is_told_of_a_file(text: str, long: str) -> None:
    result = rewrite(text.format(long), Options(level="aggressive"))
    told = [remark.message for remark in result.remarks]
    told += [part for change in result.changes for part in (change.title, change.reason)]
    assert told
    assert max(map(len, told)) < 2_100


def test_why_other_files_are_not_read(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.complain("compose.yaml", f"{DOTTED} is no value")
    assert len(repository.complaints["compose.yaml"]) == 2_000


@pytest.mark.parametrize("name", ["{}", "[]", "5", "null"])
def test_names_that_are_no_text(name: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node:22\nCOPY . /app\nRUN npm install\nCMD ['node', 'a.js']\n")
    (tmp_path / "package.json").write_text(f'{{"name": {name}, "dependencies": {name}, "scripts": {name}}}')
    (tmp_path / ".hadolint.yaml").write_text(f"ignored: [{name}, DL3006]\n")
    (tmp_path / "a.js").write_text("require('x')\n")
    done = subprocess.run(
        [sys.executable, "-m", "dockerslim_rewrite", "rewrite", "Dockerfile", "--diff", "--level", "aggressive"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"failed" in done.stderr) == (0, False), done.stderr.decode()
