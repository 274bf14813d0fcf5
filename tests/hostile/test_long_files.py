"""Scripts and Dockerfiles of strangers that are longer than any that people write."""

from __future__ import annotations

import resource

import pytest

from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Opaque
from dockerslim_rewrite.syntax import ParseError, parse


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


@pytest.mark.parametrize("line", ["\n", "#\n", "RUN a\n"])
def test_files_of_more_lines_than_anybody_writes_are_refused(line: str) -> None:
    with pytest.raises(ParseError, match=r"more than (150,000 lines|50,000 instructions), which no Dockerfile has"):
        parse("FROM debian:12\n" + line * 200_000)
