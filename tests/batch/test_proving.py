"""What building showed is kept by all that the builds were made of; what was not equivalent is not kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite import rewrite
from dockerslim_rewrite.batch.outcome import Status
from dockerslim_rewrite.batch.unit import Unit, compute
from dockerslim_rewrite.cli import proof
from dockerslim_rewrite.cli.builds import BuildRequest
from dockerslim_rewrite.cli.proof import Proof
from dockerslim_rewrite.cli.proving import Proving
from dockerslim_rewrite.pipeline import Options

from .conftest import APT


class Builds:
    """Stands for an engine: counts, and says that images are *equal*."""

    def __init__(self) -> None:
        self.count = 0
        self.equal = True

    def __call__(self, *given: Any, **named: Any) -> Proof:
        self.count += 1
        return Proof(0 if self.equal else 1, None if self.equal else "not the same", {"equivalent": self.equal})


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    made = Builds()
    monkeypatch.setattr(proof, "prove", made)
    return made


def test_the_same_is_built_once_and_whatever_a_build_reads_counts(tmp_path: Path, builds: Builds) -> None:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(APT)
    result = rewrite(APT)
    path = str(folder / "Dockerfile")
    for _ in range(2):
        assert Proving(BuildRequest(), tmp_path / "cache")(path, APT.encode(), result) == (
            {"equivalent": True},
            None,
            0,
        )
    assert builds.count == 1
    (folder / "data").write_text("one")
    for _ in range(2):
        Proving(BuildRequest(), tmp_path / "cache")(path, APT.encode(), result)
    assert builds.count == 2
    Proving(BuildRequest(target="x"), tmp_path / "cache")(path, APT.encode(), result)
    Proving(BuildRequest(), None)(path, APT.encode(), result)
    assert builds.count == 4


def test_what_differs_is_refused_and_built_again_next_time(tmp_path: Path, builds: Builds) -> None:
    builds.equal = False
    (tmp_path / "Dockerfile").write_text(APT)
    path = str(tmp_path / "Dockerfile")
    unit = Unit(path, "Dockerfile", str(tmp_path), APT.encode(), Options(), lambda sources=None: ())
    prove = Proving(BuildRequest(context=tmp_path), tmp_path / "cache")
    for _ in range(2):
        outcome = compute(unit, prove)
        assert (outcome.status, outcome.code, outcome.reason) == (Status.FAILED, 1, "not the same")
        assert (outcome.text, outcome.changes, outcome.companions) == (None, (), ())
    assert builds.count == 2
