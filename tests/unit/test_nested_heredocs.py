"""Here-documents within the here-document of a RUN: their delimiter is a line of its own and stays one."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Opaque

HEAD = "FROM debian:12\nRUN <<EOF\napt-get update\napt-get install -y curl\n"


@pytest.mark.parametrize("level", ["safe", "standard", "aggressive"])
@pytest.mark.parametrize("inner", ["<<X", "<<-X", "<<'X'", '<< "X"', "<<X | tee /y"])
def test_nothing_is_written_onto_a_delimiter(inner: str, level: str) -> None:
    text = f"{HEAD}cat > /x {inner}\nhello\nX\nEOF\n"
    assert "\nhello\nX\nEOF\n" in rewrite(text, Options(level=level)).text


def test_a_cleanup_never_changes_the_document_where_the_script_stops_at_failures() -> None:
    text = f"{HEAD.replace('apt-get update', 'set -e; apt-get update')}cat > /x <<X\nhello\nX\nEOF\n"
    after = rewrite(text, Options(level="safe")).text
    assert after in (text, text.replace("\nX\nEOF", "\nX\nrm -rf /var/lib/apt/lists/*\nEOF"))


def test_a_here_document_without_an_end_is_not_read() -> None:
    whole = "cat > /x <<X\nhello\nX\n"
    assert not isinstance(read_script(whole), Opaque)
    assert isinstance(read_script(whole.replace("\nX\n", "\nX && rm -rf /y\n")), Opaque)
