"""Modules scanned by several processes: the same answers, also where no process can be had, and none left behind."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite.context.python import scanning
from dockerslim_rewrite.context.python.found import ModuleScan
from dockerslim_rewrite.context.python.scanning import Job, Scan, scans

PADDING = "x = 1\n" * 40
JOBS = [
    *(Job(f"{PADDING}open('/data/{n}', 'w')\n", f"m{n}.py", f"/app/m{n}.py") for n in range(12)),
    Job("import os\nos.setuid(1)\n", "n.py", None),
    Job("def (:\n", "broken.py", None),
    Job("x = 1\n" * 5000, "long.py", None),
]


def fresh(monkeypatch: pytest.MonkeyPatch, processors: int) -> list[Scan | None]:
    monkeypatch.setattr(scanning, "_known", {})
    monkeypatch.setattr(scanning, "_processors", lambda: processors)
    monkeypatch.setattr(scanning, "_LINES_EACH", 100)
    return scans(JOBS, "/app", {"A": "b", "C": None}, 120)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[Scan | None]:
    found = fresh(monkeypatch, 1)
    assert [one.writes[0].path for one in found[:12] if isinstance(one, ModuleScan)] == [
        f"/data/{n}" for n in range(12)
    ]
    assert found[13:] == ["cannot be parsed at line 1", "has more than 4000 lines"]
    return found


def test_processes_give_the_same_answers(monkeypatch: pytest.MonkeyPatch, alone: list[Scan | None]) -> None:
    started = []
    run = subprocess.run

    def counted(*words: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        started.append(words)
        return run(*words, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    assert fresh(monkeypatch, 3) == alone
    assert len(started) == 3


@pytest.mark.parametrize("executable", ["", "/nowhere/python", "/bin/false", "/bin/echo"])
def test_without_processes_the_answers_are_the_same(
    monkeypatch: pytest.MonkeyPatch, alone: list[Scan | None], executable: str
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert fresh(monkeypatch, 3) == alone


def _in_a_daemon(answers: multiprocessing.Queue[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        answers.put(sum(isinstance(one, ModuleScan) for one in fresh(patch, 2)))


def test_daemonic_processes_may_ask() -> None:
    spawning = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[int] = spawning.Queue()
    process = spawning.Process(target=_in_a_daemon, args=(answers,), daemon=True)
    process.start()
    assert answers.get(timeout=120) == 13
    process.join(30)
    assert process.exitcode == 0


def test_no_time_leaves_nothing_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_known", {})
    monkeypatch.setattr(scanning, "_processors", lambda: 2)
    monkeypatch.setattr(scanning, "_LINES_EACH", 100)
    start = time.monotonic()
    assert scans(JOBS, "/app", {}, 0.05) == [None] * len(JOBS)
    assert time.monotonic() - start < 20
    assert not [told for told in Path("/proc").glob("[0-9]*/cmdline") if _is_worker(told)]


def _is_worker(told: Path) -> bool:
    try:
        words = told.read_bytes()
        parent = told.with_name("stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return False
    return b"context.python.worker" in words and int(parent) == os.getpid()


def test_what_lies_in_the_working_directory_is_not_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, alone: list[Scan | None]
) -> None:
    for name in ("pickle", "libcst", "dockerslim_rewrite"):
        (tmp_path / f"{name}.py").write_text("open('imported', 'w')\nraise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)
    assert fresh(monkeypatch, 2) == alone
    assert not (tmp_path / "imported").exists()


def test_answers_are_known_again(monkeypatch: pytest.MonkeyPatch, alone: list[Scan | None]) -> None:
    monkeypatch.setattr(scanning, "scan_one", lambda *told: pytest.fail("scanned again"))
    assert scans(JOBS, "/app", {"A": "b", "C": None}, 120) == alone
