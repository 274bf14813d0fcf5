"""Writers that are killed while they write."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dockerslim_rewrite.batch.plan.files import read_refused, remember
from dockerslim_rewrite.cli.files import sweep, write_output
from dockerslim_rewrite.unfinished import is_unfinished

KILLS = 100
SIZE = 300_000

WRITES_FILES = """
import itertools, sys
from dockerslim_rewrite.cli.files import write_output
print(flush=True)
for number in itertools.count(1):
    write_output(sys.argv[1], (b"a", b"b")[number % 2] * int(sys.argv[2]))
"""
WRITES_PLANS = """
import itertools, sys
from pathlib import Path
from dockerslim_rewrite.batch.plan.files import remember
print(flush=True)
for number in itertools.count(1):
    entry = {"shard": "ab"[number % 2] * int(sys.argv[2]), "files": {}, "reason": ""}
    remember(Path(sys.argv[1]).parent, "refused.json", [entry])
"""


def killed(program: str, path: Path, chance: random.Random) -> None:
    """Run *program*, which writes to *path* again and again, and kill it somewhere in between."""
    process = subprocess.Popen([sys.executable, "-c", program, str(path), str(SIZE)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(chance.uniform(0.001, 0.03))
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_a_file_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    texts = (b"a" * SIZE, b"b" * SIZE)
    path.write_bytes(texts[0])
    chance = random.Random(1)
    left = 0
    for _ in range(KILLS):
        killed(WRITES_FILES, path, chance)
        assert path.read_bytes() in texts
        beside = [one for one in tmp_path.iterdir() if one != path]
        assert all(is_unfinished(one.name) for one in beside)
        left += len(beside)
        sweep(str(path))
        assert list(tmp_path.iterdir()) == [path]
    assert left, "no writer was killed in the middle: nothing was shown"
    write_output(str(path), b"c")
    assert path.read_bytes() == b"c"


@pytest.mark.slow
def test_what_a_plan_remembers_is_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "refused.json"
    texts = [[{"shard": one * SIZE, "files": {}, "reason": ""}] for one in "ab"]
    remember(tmp_path, path.name, texts[0])
    chance = random.Random(2)
    for _ in range(KILLS // 4):
        killed(WRITES_PLANS, path, chance)
        assert json.loads(path.read_text()) in texts
        assert read_refused(tmp_path) in texts
        assert all(is_unfinished(one.name) for one in tmp_path.iterdir() if one != path)
