"""A real editor: Neovim opens a file, shows what is found, makes all safe changes, and saves."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

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


NEEDED = pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed (apt-get install neovim)")
PAGE = Path(__file__).parents[2] / "docs" / "editors.md"
INLINE = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"


def _played(
    script: str, init: str, given: dict[str, str], home: Path, *, timeout: int, folder: Path | None = None
) -> tuple[Any, subprocess.CompletedProcess[str]]:
    """What the Lua *script* reports of an editor started with *init* in *folder*, and how that one ended."""
    report = home / "report.json"
    settings = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    path = Path(__file__).with_name(script)
    done = subprocess.run(
        ["nvim", "--headless", "-u", init, "-i", "NONE", "-n", "-c", f"luafile {path}", "-c", "qall!"],
        cwd=folder,
        env=os.environ | given | {"REPORT": str(report)} | dict.fromkeys(settings, str(home / "home")),
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert report.is_file(), done.stderr
    return json.loads(report.read_text()), done


@NEEDED
def test_neovim_shows_fixes_and_saves(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    path = folder / "Dockerfile"
    path.write_text(TEXT)
    given = {"SERVER": json.dumps(COMMAND), "DOCKERFILE": str(path), "FOLDER": str(folder)}
    found, done = _played("neovim.lua", "NONE", given, tmp_path, timeout=180)
    assert "error" not in found, (found, done.stderr)
    assert ("DS201", 3) in [(one["code"], one["line"]) for one in found["before"]]
    assert "DS201" not in [one["code"] for one in found["after"]]
    whole = rewrite(TEXT, Options(level="safe", context=folder), str(path))
    assert whole.changed
    assert path.read_text() == whole.text
    assert found["target"] == 0
    assert "Traceback" not in done.stderr


@NEEDED
def test_the_page_serves_all_kinds_of_files(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    (folder / ".git").mkdir(parents=True)
    indented = "".join(f"        {line}\n" for line in INLINE.splitlines())
    texts = {
        "Dockerfile": INLINE,
        "compose.yaml": f"services:\n  a:\n    build:\n      dockerfile_inline: |\n{indented}    tty: true\n",
        "docker-bake.hcl": f'target "a" {{\n  dockerfile-inline = <<EOT\n{INLINE}EOT\n}}\n',
        "docker-bake.json": json.dumps({"target": {"a": {"dockerfile-inline": INLINE}}}),
        "made.py": f'D = """\\\n{INLINE}CMD ["true"]\n"""\n',
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    version = subprocess.run(["nvim", "--version"], capture_output=True, text=True, check=True).stdout
    new = tuple(map(int, re.findall(r"\d+", version)[:2])) >= (0, 11)
    part = PAGE.read_text("utf-8").partition("## Neovim")[2].partition("\n## ")[0]
    blocks = re.findall(r"```lua\n(.*?)```", part, re.S)
    init = tmp_path / "init.lua"
    init.write_text(blocks[0 if new else 1])
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "dockerslim").write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND[:-1])} "$@"\n')
    (programs / "dockerslim").chmod(0o755)
    given = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "FILES": json.dumps([str(folder / name) for name in texts]),
        "PATIENCE": "30000",
    }
    found, done = _played("neovim_page.lua", str(init), given, tmp_path, timeout=300, folder=folder)
    assert [name for name in texts if "DS201" not in found[name]["codes"]] == [], (found, done.stderr)
