"""``python -m benchmarks.editor``: the language server as an editor meets it: start, keystroke to diagnostics, memory.

The client speaks the protocol over the server's standard streams and takes the time itself.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STARTS = 9
WARM_UP = 50
COMMAND = [sys.executable, "-c", "from dockerslim_rewrite.cli import main; main()", "server"]


class Client:
    """A server in a process of its own; what it says is read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.began = time.perf_counter()
        self.process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        params = {"capabilities": {}, "processId": os.getpid(), "rootUri": folder.as_uri()}
        self.send({"id": 0, "method": "initialize", "params": params})
        while self.read().get("id") != 0:
            pass
        self.started = time.perf_counter() - self.began
        self.computed = self.cpu()
        self.send({"method": "initialized", "params": {}})

    def send(self, message: dict[str, Any]) -> None:
        """Say *message*."""
        assert self.process.stdin is not None
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """The next message."""
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline()) != b"\r\n":
            assert line, "the server has ended"
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        found: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return found

    def told(self, version: int) -> float:
        """Wait for the diagnostics of *version*; when they came."""
        while True:
            found = self.read()
            if found.get("method") == "textDocument/publishDiagnostics" and found["params"].get("version") == version:
                return time.perf_counter()

    def memory(self) -> float:
        """What the server holds now, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        line = next(one for one in status.splitlines() if one.startswith("VmRSS"))
        return int(line.split()[1]) / 1000

    def cpu(self) -> float:
        """Seconds that the server has computed, on whatever core."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Say goodbye."""
        self.send({"id": 1, "method": "shutdown", "params": None})
        self.send({"method": "exit", "params": None})
        self.process.wait(30)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.editor", description=__doc__)
    parser.add_argument("--edits", type=int, default=10_000, metavar="N", help="keystrokes (default 10000)")
    parser.add_argument("--lines", type=int, default=100, metavar="N", help="lines of the file (default 100)")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        starts = []
        for _ in range(STARTS):
            client = Client(folder)
            starts.append((client.started * 1000, client.computed * 1000))
            client.end()
        print(f"{os.cpu_count()} cores, Python {platform.python_version()}")
        wall, computed = (statistics.median(one) for one in zip(*starts, strict=True))
        print(f"start to the answer to initialize, ms: median {wall:.0f}, of which computing {computed:.0f}")
        _typing(Client(folder), folder, options.lines, options.edits)
    return 0


def _typing(client: Client, folder: Path, lines: int, edits: int) -> None:
    text = _file(lines)
    uri = (folder / "Dockerfile").as_uri()
    item = {"uri": uri, "languageId": "dockerfile", "version": 0, "text": text}
    client.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
    first = client.told(0) - client.began
    line = next(at for at, one in enumerate(text.splitlines()) if one.startswith("RUN"))
    times = []
    before = client.cpu()
    memory = []
    for version in range(1, edits + 1):
        # A word is typed, and taken back again.
        typed = "x" if version % 2 else ""
        end = 4 if version % 2 else 5
        place = {"start": {"line": line, "character": 4}, "end": {"line": line, "character": end}}
        change = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"range": place, "text": typed}]}
        began = time.perf_counter()
        client.send({"method": "textDocument/didChange", "params": change})
        times.append((client.told(version) - began) * 1000)
        if version in (edits // 10, edits):
            memory.append(client.memory())
    settled = sorted(times[WARM_UP:] or times)
    print(f"start to the first diagnostics, ms: {first * 1000:.0f}")
    late = settled[len(settled) * 95 // 100]
    print(f"keystroke to diagnostics, {len(text.splitlines())} lines, {len(settled)} keystrokes, ms:")
    print(f"  median {statistics.median(settled):.1f}, 95 % within {late:.1f}, longest {settled[-1]:.1f}")
    print(f"  of which computing: {(client.cpu() - before) * 1000 / edits:.1f} a keystroke")
    print(f"memory after {edits // 10} and {edits} keystrokes, MB: {', '.join(f'{one:.1f}' for one in memory)}")
    client.end()


def _file(lines: int) -> str:
    """A file of so many *lines* as people have them, with something to find in each stage."""
    stage = (
        "RUN apt-get update && \\\n    apt-get install -y curl git\n"
        "WORKDIR /app\n# what is needed first\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
        "ENV A=1 \\\n    B=2\nCOPY . .\nEXPOSE 8080\nCMD python app.py\n"
    )
    made = ""
    number = 0
    while made.count("\n") < lines:
        made += f"FROM python:3.12 AS s{number}\n{stage}\n"
        number += 1
    return "".join(made.splitlines(keepends=True)[:lines])


if __name__ == "__main__":
    sys.exit(main())
