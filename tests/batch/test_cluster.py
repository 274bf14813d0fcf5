"""A scheduler and three worker processes on the loopback interface: the same bytes, whoever dies meanwhile."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dockerslim_rewrite.batch.unit import Unit
from dockerslim_rewrite.context.locate import locate
from dockerslim_rewrite.context.project import FolderProject
from dockerslim_rewrite.pipeline import Options

from .conftest import APT, PIP, ROOT, Cli, start

pytest.importorskip("distributed")


class Cluster:
    """A scheduler with three workers, which know no file of the tests but what they are sent."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        options = ("--host", "127.0.0.1")

        def process(kind: str, *arguments: str) -> subprocess.Popen[str]:
            return subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + kind, *arguments],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )

        self.scheduler = process("scheduler", *options, "--port", "0", "--no-dashboard")
        assert self.scheduler.stderr is not None
        for line in self.scheduler.stderr:
            found = re.search(r"tcp://127\.0\.0\.1:\d+", line)
            if found:
                self.address = found[0]
                break
        # Somebody has to read what it says further on.
        threading.Thread(target=self.scheduler.stderr.read, daemon=True).start()
        worker = ("worker", self.address, *options, "--nthreads", "1", "--no-dashboard", "--no-nanny")
        self.workers = [process(*worker) for _ in range(3)]
        for one in self.workers:
            assert one.stderr is not None
            threading.Thread(target=one.stderr.read, daemon=True).start()

    def close(self) -> None:
        for one in (*self.workers, self.scheduler):
            one.kill()
            one.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    made = Cluster(folder)
    yield made
    made.close()


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_though_a_worker_is_killed(
    repository: Path, cli: Cli, cluster: Cluster, tmp_path: Path
) -> None:
    for number in range(120):
        folder = repository / f"many/{number:03}"
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text((APT if number % 2 else PIP) + f"ENV N {number}\n")
        (folder / "requirements.txt").write_text("flask\n")
    expected = cli("batch", "--diff", "-q", "--no-cache").stdout
    process = start(
        *(repository, tmp_path / "fresh", "batch", "--diff", "-q"),
        *("--executor", "dask", "--scheduler", cluster.address),
    )
    killed = threading.Timer(4, cluster.workers[0].send_signal, (signal.SIGKILL,))
    killed.start()
    out, err = process.communicate(timeout=180)
    killed.join()
    assert process.returncode == 0, err
    assert out == expected
    assert "123 of 124 files changed" in err
    again = start(
        *(repository, tmp_path / "fresh", "batch", "--diff", "-q"),
        *("--executor", "dask", "--scheduler", cluster.address),
    )
    out, err = again.communicate(timeout=180)
    assert out == expected
    assert "124 known from an earlier run" in err


@pytest.mark.slow
def test_a_scheduler_that_goes_ends_the_batch_in_one_line(repository: Path, cluster: Cluster, tmp_path: Path) -> None:
    for number in range(300):
        folder = repository / f"many/{number:03}"
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(f"{APT}ENV N {number}\n")
    process = start(
        *(repository, tmp_path / "fresh", "batch", "--diff", "-q"),
        *("--executor", "dask", "--scheduler", cluster.address),
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    cluster.scheduler.kill()
    _, err = process.communicate(timeout=180)
    assert process.returncode == 2, err
    assert f"--scheduler {cluster.address}: is lost" in err
    assert "Traceback" not in err


def test_a_cluster_without_workers_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    from dockerslim_rewrite.batch.executors import cluster

    class Never:
        status = "running"

        def result(self, timeout: float) -> None:
            raise TimeoutError

        def nthreads(self) -> dict[str, int]:
            return {}

    monkeypatch.setattr(cluster, "_ALONE", 0.0)
    dask = cluster.DaskCluster(lambda path, named: pytest.fail(path), None, "tcp://here:1")
    monkeypatch.setattr(dask, "_client", Never())
    with pytest.raises(ValueError, match=r"tcp://here:1: has no worker left; run the same again"):
        dask._result(Never())


def test_a_scheduler_that_is_not_there_is_told_in_one_line(cli: Cli) -> None:
    begin = time.monotonic()
    done = cli("batch", "--executor", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "--scheduler tcp://127.0.0.1:9: cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - begin < 60


def test_a_context_that_was_carried_answers_like_the_folder(tmp_path: Path) -> None:
    from dockerslim_rewrite.batch.facts import facts_of, forget, still_hold
    from dockerslim_rewrite.batch.unit import compute

    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "secret.env").write_text("TOKEN=1")
    (tmp_path / ".dockerignore").write_text("*.env\n")
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\napp.run(port=8000)\n")
    text = PIP.replace("COPY . /app", "WORKDIR /app\nCOPY . .") + 'CMD ["python", "app.py"]\n'
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(text)
    here = FolderProject(locate(dockerfile, tmp_path))
    carried = here.carried(1_000_000)
    assert carried is not None
    assert here.carried(10) is None
    outcomes = []
    for project in (here, carried):
        unit = Unit("Dockerfile", "Dockerfile", str(tmp_path), text.encode(), Options(), lambda s=None, p=project: (p,))
        outcomes.append(compute(unit))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].changes
    facts = facts_of([carried], str(tmp_path))
    assert facts == facts_of([here], str(tmp_path))
    assert still_hold(facts, [FolderProject(locate(dockerfile, tmp_path))], str(tmp_path))
    dockerfile.with_name("app.py").write_text("print()")
    forget()
    assert not still_hold(facts, [FolderProject(locate(dockerfile, tmp_path))], str(tmp_path))
