"""Accepted findings: held back by rule, stage and text, whatever the line; gone with the instruction."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.pipeline.baseline import Accepted, BaselineError, accepted_at, read_baseline, write_baseline
from dockerslim_rewrite.syntax import parse

POOR = 'FROM debian:12\nMAINTAINER Jane\nRUN apt-get update && apt-get install -y curl\nCMD ["true"]\n'
FILE = ".dockerslim-baseline"


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-m", "dockerslim_rewrite", *arguments],
        cwd=folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(POOR)
    return tmp_path


def test_what_is_accepted_is_neither_changed_nor_told(folder: Path) -> None:
    assert call(folder, "rewrite", "Dockerfile", "--check").returncode == 1
    assert "2 findings accepted" in call(folder, "baseline").stderr
    checked = call(folder, "rewrite", "Dockerfile", "--check")
    assert checked.returncode == 0
    assert "DS602" not in checked.stderr
    assert call(folder, "batch", ".", "--check").returncode == 0
    assert call(folder, "rewrite", "Dockerfile", "--check", "--no-baseline").returncode == 1


def test_it_moves_with_the_instruction_and_ends_with_it(folder: Path) -> None:
    call(folder, "baseline")
    (folder / "Dockerfile").write_text("# a comment\n\n" + POOR)
    assert call(folder, "rewrite", "Dockerfile", "--check").returncode == 0
    (folder / "Dockerfile").write_text(POOR.replace("curl", "curl jq"))
    changed = call(folder, "rewrite", "Dockerfile", "--check")
    assert changed.returncode == 1
    assert "DS201" in changed.stderr
    assert "DS602" not in changed.stderr
    assert "1 entry of the baseline matches nothing (DS201 first)" in changed.stderr


def test_prune_drops_what_is_gone_and_accepts_nothing_new(folder: Path) -> None:
    call(folder, "baseline")
    (folder / "Dockerfile").write_text(POOR.replace("MAINTAINER Jane", "ENV A b"))
    assert "1 finding accepted" in call(folder, "baseline", "--prune").stderr
    text = (folder / FILE).read_text()
    assert "DS201" in text
    assert "DS602" not in text
    assert "DS604" not in text


@pytest.mark.parametrize("chosen", [("--select", "DS2"), ("--ignore", "DS602"), ("--level", "safe")])
def test_what_nobody_asked_for_stays(folder: Path, chosen: tuple[str, ...]) -> None:
    (folder / "Dockerfile").write_text(POOR + "USER root\n")
    call(folder, "baseline", "--level", "aggressive")
    before = (folder / FILE).read_text()
    assert "DS602" in before
    assert "DS613" in before
    call(folder, "baseline", "--prune", *chosen)
    assert (folder / FILE).read_text() == before


def test_a_stage_that_is_put_before_takes_no_entry_away(folder: Path) -> None:
    call(folder, "baseline")
    (folder / "Dockerfile").write_text("FROM alpine:3.22 AS tools\nRUN tool\n" + POOR)
    assert "DS602" not in call(folder, "rewrite", "Dockerfile", "--check").stderr


def test_a_stage_keeps_its_entries_under_another_name(folder: Path) -> None:
    other = 'FROM debian:12 AS b\nENV A 1\nCOPY --from=a /x /x\nCMD ["true"]\n'
    text = POOR.replace("debian:12", "debian:12 AS a") + other
    (folder / "Dockerfile").write_text(text)
    call(folder, "baseline")
    renamed = text.replace("AS a", "AS c").replace("AS b", "AS a").replace("--from=a", "--from=c")
    (folder / "Dockerfile").write_text(renamed)
    checked = call(folder, "rewrite", "Dockerfile", "--check")
    assert (checked.returncode, "baseline" in checked.stderr) == (0, False)


@pytest.mark.parametrize("command", ["rewrite", "batch"])
def test_a_baseline_that_is_in_conflict_is_told_once_for_all_files(folder: Path, command: str) -> None:
    (folder / "other.Dockerfile").write_text(POOR)
    (folder / FILE).write_text("<<<<<<< HEAD\n=======\n>>>>>>> topic\n")
    done = call(folder, command, "--check", ".")
    assert done.returncode == 2
    assert done.stderr.count("solve the conflict") == 1


def test_other_files_of_the_directory_stay_and_removed_ones_go(folder: Path) -> None:
    (folder / "other.Dockerfile").write_text(POOR)
    call(folder, "baseline")
    assert (folder / FILE).read_text().count("other.Dockerfile\t") == 2
    call(folder, "baseline", "Dockerfile")
    assert (folder / FILE).read_text().count("other.Dockerfile\t") == 2
    (folder / "other.Dockerfile").unlink()
    call(folder, "baseline", "Dockerfile")
    assert "other.Dockerfile" not in (folder / FILE).read_text()


@pytest.mark.parametrize("options", [(), ("--prune",)])
def test_a_renamed_file_takes_its_entries_along(folder: Path, options: tuple[str, ...]) -> None:
    call(folder, "baseline", "Dockerfile")
    before = (folder / FILE).read_text()
    (folder / "Dockerfile").rename(folder / "prod.Dockerfile")
    (folder / "other.Dockerfile").write_text("FROM debian:12\n")
    assert "2 findings accepted" in call(folder, "baseline", *options).stderr
    assert (folder / FILE).read_text() == before.replace("Dockerfile\t", "prod.Dockerfile\t")


def test_making_it_again_changes_nothing(folder: Path) -> None:
    call(folder, "baseline")
    first = (folder / FILE).read_bytes()
    call(folder, "baseline")
    assert (folder / FILE).read_bytes() == first


def test_a_file_without_findings_gets_no_baseline(folder: Path) -> None:
    (folder / "Dockerfile").write_text('FROM debian:12\nCMD ["true"]\n')
    assert call(folder, "baseline").returncode == 0
    assert not (folder / FILE).exists()


def test_one_that_cannot_be_read_is_said_in_one_line(folder: Path) -> None:
    (folder / FILE).write_text("<<<<<<< ours\n")
    done = call(folder, "rewrite", "Dockerfile", "--check")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{FILE}:1: no entry of a baseline" in done.stderr
    assert call(folder, "baseline").returncode == 2
    (folder / FILE).write_bytes(b"\xff\n")
    assert call(folder, "rewrite", "Dockerfile", "--check").returncode == 2


def test_branches_merge(folder: Path) -> None:
    """Two branches that each accept something add lines of their own, in the order of all."""
    a = write_baseline({"Dockerfile": [Accepted("DS201", "0", "aa"), Accepted("DS602", "0", "bb")]})
    b = write_baseline({"Dockerfile": [Accepted("DS201", "0", "aa"), Accepted("DS301", "0", "cc")]})
    lines = sorted({*a.splitlines(), *b.splitlines()})
    assert read_baseline("\n".join(lines), "x") == {
        "Dockerfile": {("DS201", "0", "aa"), ("DS602", "0", "bb"), ("DS301", "0", "cc")}
    }


def test_the_same_text_in_two_stages_is_told_apart() -> None:
    run = "RUN apt-get update && apt-get install -y curl\n"
    text = f"FROM debian:12 AS a\n{run}FROM a AS b\n{run}"
    entry = accepted_at("DS201", 2, read_build(parse(text)))
    assert entry.stage == "a"
    result = rewrite(text, Options(select=("DS201",), accepted=frozenset((entry.key,))))
    assert [change.line for change in result.changes] == [4]


_NAMES = st.text(st.characters(codec="ascii", exclude_characters="\t\r\n#", exclude_categories=("C", "Z")), min_size=1)


@given(st.dictionaries(_NAMES, st.lists(st.builds(Accepted, _NAMES, _NAMES, _NAMES, st.text()), min_size=1)))
def test_it_is_read_as_it_was_written(entries: dict[str, list[Accepted]]) -> None:
    found = read_baseline(write_baseline(entries), "x")
    assert found == {name: {one.key for one in listed} for name, listed in entries.items()}


def test_what_is_no_entry_is_refused_with_its_line() -> None:
    with pytest.raises(BaselineError, match="x:2: no entry"):
        read_baseline("# a comment\nDockerfile DS201\n", "x")
