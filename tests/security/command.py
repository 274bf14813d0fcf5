"""The command line in this process: arguments in, exit code and bytes out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from dockerslim_rewrite.cli import main


class Done(NamedTuple):
    """What a call left: its exit code, and the bytes on standard output and standard error."""

    code: int
    out: bytes
    err: bytes


class Command:
    """Calls the command line."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]) -> None:
        self.monkeypatch = monkeypatch
        self.capture = capture

    def __call__(self, *arguments: str | Path) -> Done:
        self.monkeypatch.setattr("sys.argv", ["dockerslim", *map(str, arguments)])
        self.capture.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code or 0
        out, err = self.capture.readouterr()
        assert isinstance(code, int), code
        return Done(code, out, err)
