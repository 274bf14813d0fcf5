"""A file without a `#!` line runs only where a shell starts it: execve(2) answers ENOEXEC."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite


@pytest.mark.parametrize(
    ("content", "written"),
    [("echo hi\n", "CMD /app/start.sh"), ("#!/bin/sh\necho hi\n", 'CMD ["/app/start.sh"]')],
)
@pytest.mark.parametrize("level", ["standard", "aggressive"])
def test_what_only_a_shell_runs_stays_in_shell_form(content: str, written: str, level: str, tmp_path: Path) -> None:
    (tmp_path / "start.sh").write_text(content)
    text = "FROM debian:12\nWORKDIR /app\nCOPY start.sh .\nCMD /app/start.sh\n"
    (tmp_path / "Dockerfile").write_text(text)
    after = rewrite(text, Options(level=level, context=tmp_path), str(tmp_path / "Dockerfile")).text
    assert written in after.splitlines()
