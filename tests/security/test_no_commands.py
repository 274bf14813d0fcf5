"""To rewrite is to read and write text: no process, no connection, no file but those that were named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.files import VARIABLE

ROOT = Path(__file__).parents[2]

#: What an interpreter tells its audit hooks when a program starts another, talks to the network, or writes.
GUARD = """
import sys
from pathlib import Path

FORBIDDEN = ("subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.startfile", "pty.",
             "socket.", "urllib.", "http.", "ftplib.", "smtplib.", "ssl.", "ctypes.", "os.kill", "os.remove",
             "os.rename", "os.rmdir", "shutil.", "tempfile.")
armed = False

def hook(event, arguments):
    if not armed:
        return
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writes or event.startswith(FORBIDDEN):
        sys.stderr.write(f"FORBIDDEN {event} {arguments!r}\\n")
        sys.stderr.flush()
        import os
        os._exit(99)

sys.addaudithook(hook)
from dockerslim_rewrite import Options, ParseError, rewrite
from dockerslim_rewrite.validate import validate
"""


def guarded(code: str, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", GUARD + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )


@pytest.mark.parametrize(
    "deed",
    [
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import socket; socket.socket()",
        "open('x', 'w')",
    ],
)
def test_the_guard_sees(deed: str, tmp_path: Path) -> None:
    done = guarded(f"armed = True\n{deed}", cwd=tmp_path)
    assert done.returncode == 99
    assert "FORBIDDEN" in done.stderr


EVERYTHING = """
armed = True
for path in sys.argv[1:]:
    for level in ("safe", "aggressive"):
        for style in ("keep", "canonical"):
            try:
                options = Options(level=level, extend_select=("lint",), style=style, context=Path(path).parent)
                rewrite(Path(path).read_bytes(), options, path)
            except ParseError:
                pass
print("rewritten", len(sys.argv) - 1)
"""


def test_examples(tmp_path: Path) -> None:
    paths = sorted((ROOT / "examples").glob("*/Dockerfile"))
    done = guarded(EVERYTHING, *paths, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"rewritten {len(paths)}\n"), done.stderr


def test_bait(tmp_path: Path) -> None:
    """Files whose commands would leave a trace, whoever ran them."""
    trace = tmp_path / "trace"
    context = tmp_path / "context"
    context.mkdir()
    for name in ("setup.py", "conftest.py", "manage.py", "app.py", "sitecustomize.py"):
        (context / name).write_text(f"open({str(trace)!r}, 'w').close()\n")
    (context / "package.json").write_text(f'{{"scripts": {{"preinstall": "touch {trace}", "start": "touch {trace}"}}}}')
    (context / "entry.sh").write_text(f"#!/bin/sh\ntouch {trace}\n")
    (context / "entry.sh").chmod(0o755)
    (context / "requirements.txt").write_text("flask\n--index-url $(touch trace)\n")
    dockerfile = context / "Dockerfile"
    dockerfile.write_text(
        f"FROM python:3.12\nRUN touch {trace}\nRUN $(touch {trace}) `touch {trace}`\nCOPY . /srv\nWORKDIR /srv\n"
        f'RUN pip install -r requirements.txt && python setup.py install\nENV A="$(touch {trace})"\nCMD ./entry.sh\n'
    )
    done = guarded(EVERYTHING, dockerfile, cwd=context)
    assert done.returncode == 0, done.stderr
    assert not trace.exists()


@pytest.mark.corpus
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no folder of real Dockerfiles")
def test_real_files(tmp_path: Path) -> None:
    paths = sorted(Path(os.environ[VARIABLE]).glob("*/*/Dockerfile"))[::1500]
    done = guarded(EVERYTHING, *paths, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"rewritten {len(paths)}\n"), done.stderr
