"""``python -m benchmarks.review_time``: how long the review of a pull request of many Dockerfiles takes.

The files are real ones of the corpus, each compared with itself without three of its lines.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.corpus.files import corpus_or_exit


def main(argv: list[str] | None = None) -> int:
    """Print a line for each scope; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review_time", description=__doc__)
    parser.add_argument("--files", type=int, default=20, metavar="N", help="how many Dockerfiles (default 20)")
    options = parser.parse_args(argv)
    files = [one.text for one in corpus_or_exit() if not one.negative]
    texts = random.Random(3).sample(files, options.files)
    with tempfile.TemporaryDirectory(prefix="request-") as folder:
        root = Path(folder)
        _git(root, "init", "-q", "-b", "main")
        _commit(root, [_cut(text) for text in texts])
        _git(root, "checkout", "-q", "-b", "topic")
        _commit(root, texts)
        for scope in ("changed-lines", "changed-files"):
            command = [sys.executable, "-m", "dockerslim_rewrite", "review", "--base", "main", "--format", "json"]
            start = time.perf_counter()
            done = subprocess.run([*command, "--scope", scope], cwd=root, capture_output=True, check=True)
            spent = time.perf_counter() - start
            told = json.loads(done.stdout)["files"]
            count = sum(len(one["suggestions"]) for one in told)
            load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
            print(f"{scope}: {len(texts)} Dockerfiles, {count} suggestions, {spent:.1f} s; {load}")
    return 0


def _cut(text: bytes) -> bytes:
    lines = text.split(b"\n")
    at = len(lines) // 2
    return b"\n".join(lines[:at] + lines[at + 3 :])


def _commit(root: Path, texts: list[bytes]) -> None:
    for number, text in enumerate(texts):
        (root / f"s{number}").mkdir(exist_ok=True)
        (root / f"s{number}" / "Dockerfile").write_bytes(text)
    _git(root, "add", "-A")
    _git(root, "-c", "user.name=Jane", "-c", "user.email=jane@example.com", "commit", "-q", "-m", "change")


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


if __name__ == "__main__":
    raise SystemExit(main())
