"""Scripts and Dockerfiles of strangers that are longer than any that people write."""

from __future__ import annotations

import resource
from collections.abc import Callable

import pytest

from dockerslim_rewrite import Options, Result, rewrite
from dockerslim_rewrite.report.reviewdog import rdjson
from dockerslim_rewrite.report.sarif import sarif
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Opaque


@pytest.mark.parametrize("text", ["a | " * 5000 + "a", "a |\n" * 5000 + "a", "a |  \n" * 5000 + "a"])
def test_a_pipeline_without_end_is_not_read(text: str) -> None:
    """The grammar's tree of it took a gigabyte, and for a longer one the process."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read_script(text)
    assert isinstance(found, Opaque)
    assert found.reason == "a pipeline of too many commands"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_many_pipelines_are_read() -> None:
    assert not isinstance(read_script("a | b\n" * 5000), Opaque)
    assert not isinstance(read_script("case $a in\n" + "x|y) b ;;\n" * 1500 + "esac"), Opaque)


@pytest.mark.parametrize("line", ["a\n", "a; ", "mkdir -p $A/x\n", "cd x\n"])
def test_scripts_beyond_what_people_write_are_not_read(line: str) -> None:
    found = read_script(line * (1_000_000 // len(line)))
    assert isinstance(found, Opaque)
    assert found.reason == "longer than 40,000 words"


@pytest.mark.parametrize("line", ["\n", "#\n"])
def test_files_of_more_lines_than_anybody_writes_stay_as_they_are(line: str) -> None:
    text = "FROM debian:12\n" + line * 110_000 + "RUN apt-get update && apt-get install -y git\n"
    result = rewrite(text)
    assert not result.changed
    assert any("more than the 100000 that are followed" in one.reason for one in result.remarks)


@pytest.mark.parametrize("write", [sarif, rdjson])
def test_what_many_findings_need_is_not_said_again_without_end(write: Callable[[list[Result]], str]) -> None:
    """One line with seven thousand ports, each a finding with a fix of the whole line, took gigabytes."""
    ports = " ".join(f"{port}/TCP" for port in range(1, 3000))
    result = rewrite(f"FROM debian:12\nEXPOSE {ports}\n", Options(level="aggressive"))
    assert len(result.changes) > 2500
    assert len(write([result])) < 6_000_000
