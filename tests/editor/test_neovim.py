"""A real editor: Neovim opens a file, shows what is found, makes all safe changes, and saves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite

from .client import COMMAND

TEXT = """FROM debian:12 AS bäse
RUN echo 𝄞 > /a
FROM debian:12
RUN apt-get update && apt-get install -y curl
COPY --from=bäse /a /a
CMD echo "𝄞" && exec true
"""


@pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed (apt-get install neovim)")
def test_neovim_shows_fixes_and_saves(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    path = folder / "Dockerfile"
    path.write_text(TEXT)
    report = tmp_path / "report.json"
    script = Path(__file__).with_name("neovim.lua")
    given = {
        "SERVER": json.dumps(COMMAND),
        "DOCKERFILE": str(path),
        "FOLDER": str(folder),
        "REPORT": str(report),
        **{name: str(tmp_path / "home") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")},
    }
    command = ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {script}", "-c", "qall!"]
    done = subprocess.run(
        command,
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=180,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert report.is_file(), done.stderr
    found = json.loads(report.read_text())
    assert "error" not in found, (found, done.stderr)
    assert ("DS201", 3) in [(one["code"], one["line"]) for one in found["before"]]
    assert "DS201" not in [one["code"] for one in found["after"]]
    whole = rewrite(TEXT, Options(level="safe", context=folder), str(path))
    assert whole.changed
    assert path.read_text() == whole.text
    assert found["target"] == 0
    assert "Traceback" not in done.stderr
