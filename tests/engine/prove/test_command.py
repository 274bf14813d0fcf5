"""``prove`` and ``rewrite --prove`` from end to end; the builds are of paper."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dockerslim_rewrite.cli.app import app
from dockerslim_rewrite.engine.interface import BuildRequest, EngineError, StartOutcome, StartRequest
from dockerslim_rewrite.engine.prove import rounds as module
from dockerslim_rewrite.registry.lock import load
from tests.engine.paper import PaperEngine

TEXT = """\
FROM python:3.11
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
RUN /app/data=1
RUN /var/cache/big=12345678901234567890
RUN listens=5000
CMD ["python", "app.py"]
"""


class Splitting(PaperEngine):
    """In a file with a runtime stage, only what that copies is there; *ends* makes the container of that one end."""

    def __init__(self, *, ends: bool = False, fails: bool = False) -> None:
        super().__init__()
        self.ends = ends
        self.fails = fails

    def lines(self, request: BuildRequest) -> list[str]:
        lines = super().lines(request)
        if self.fails:
            return [*lines, "RUN fail"]
        if not any(line.endswith("AS runtime") for line in lines):
            # A slim base alone does not do.
            return [*lines, "RUN fail"] if lines[0] == "FROM python:3.11-slim" else lines
        copied = [line.split()[-1] for line in lines if line.startswith("COPY --from")]
        return [
            line
            for line in lines
            if not line.startswith("RUN /") or any(line.startswith(f"RUN {place}") for place in copied)
        ]

    def start(self, request: StartRequest) -> StartOutcome:
        found = super().start(request)
        return StartOutcome(1, output="no data\n") if self.ends and "try" in request.image else found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("import psycopg2\n")
    (tmp_path / "requirements.txt").write_text("psycopg2==2.9.9\n")
    path = tmp_path / "Dockerfile"
    path.write_text(TEXT)
    return path


def _call(monkeypatch: pytest.MonkeyPatch, engine: PaperEngine | None, *arguments: str) -> Result:
    def choose(wanted: str | None, folder: Path) -> PaperEngine:
        if engine is None:
            raise EngineError("no container engine works here.")
        return engine

    monkeypatch.setattr(module, "choose", choose)
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def test_a_proof_is_recorded_and_later_needs_no_engine(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Splitting()
    done = _call(monkeypatch, engine, "prove", str(project))
    assert done.exit_code == 0, done.stderr
    assert "in containers of these images, cut off from the network" in done.stderr
    assert "DS304 python:3.11 becomes python:3.11-slim: refused, does not build" in done.stdout
    assert "DS402 build in one stage and ship another, on python:3.11-slim: proved" in done.stdout
    assert project.read_text() == TEXT
    (proof,) = load(project.with_name("dockerslim.lock")).proofs
    assert (proof.supposed.rule, proof.supposed.level, proof.supposed.base) == ("DS402", "standard", "python:3.11-slim")
    assert "listens on 5000" in proof.supposed.evidence
    # Everything that was built is gone.
    assert engine.images == {}
    later = _call(monkeypatch, None, "rewrite", str(project), "--diff")
    assert "+FROM python:3.11-slim AS runtime" in later.stdout
    assert proof.supposed.evidence in later.stderr


def test_the_file_is_written_on_request(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _call(monkeypatch, Splitting(), "prove", str(project), "-i").exit_code == 0
    assert "AS runtime" in project.read_text()
    again = _call(monkeypatch, None, "rewrite", str(project), "--check")
    assert again.exit_code == 0, again.stderr


def test_rewriting_with_a_proof_is_one_call(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _call(monkeypatch, Splitting(), "rewrite", str(project), "--prove")
    assert done.exit_code == 0
    assert "AS runtime" in done.stdout
    assert "proved" in done.stderr


def test_what_starts_otherwise_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _call(monkeypatch, Splitting(ends=True), "prove", str(project))
    assert done.exit_code == 1
    assert "the container ends with status 1; before, it listens on 5000; it says: no data" in done.stdout
    assert not project.with_name("dockerslim.lock").exists()
    rewritten = _call(monkeypatch, Splitting(ends=True), "rewrite", str(project), "--prove")
    assert rewritten.exit_code == 0
    assert "AS runtime" not in rewritten.stdout


def test_a_directory_stands_for_its_files(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = project.with_name("other.Dockerfile")
    other.write_text('FROM alpine:3.20\nCMD ["true"]\n')
    done = _call(monkeypatch, Splitting(), "prove", str(project.parent))
    assert done.exit_code == 0, done.stderr
    assert f"{other}: nothing is held back that building could show" in done.stderr
    (proof,) = load(project.with_name("dockerslim.lock")).proofs
    assert proof.file.endswith("/Dockerfile")


def test_json_has_all_candidates(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = json.loads(_call(monkeypatch, Splitting(), "prove", str(project), "--format", "json").stdout)
    assert told["chosen"] == "DS402"
    assert [(one["rule"], one["proved"]) for one in told["attempts"]] == [("DS304", False), ("DS402", True)]


def test_nothing_to_prove_needs_no_engine(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write_text('FROM alpine:3.20\nCMD ["true"]\n')
    done = _call(monkeypatch, None, "prove", str(project))
    assert done.exit_code == 0
    assert "nothing is held back that building could show" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["-"], 2, "from standard input cannot be proved"),
        (["FILE", "--goal", "beauty"], 2, "choose from size, security, cache"),
        (["FILE", "--engine", "kaniko"], 2, "unknown engine 'kaniko'"),
        (["FILE", "--format", "xml"], 2, "unknown format 'xml'"),
        (["FILE", "--smoke", "a", "--smoke-file", "b"], 2, "exclude each other"),
        (["nowhere/Dockerfile"], 2, "nowhere/Dockerfile"),
    ],
)
def test_mistakes_are_told_in_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, complaint: str
) -> None:
    given = [str(project) if one == "FILE" else one for one in arguments]
    done = _call(monkeypatch, Splitting(), "prove", *given)
    assert (done.exit_code, len(done.stderr.splitlines())) == (code, 1)
    assert complaint in done.stderr


@pytest.mark.parametrize(
    ("engine", "complaint"),
    [
        (None, "no container engine works here"),
        (Splitting(fails=True), "the file as it is does not build, at RUN false"),
    ],
)
def test_what_cannot_be_built(
    project: Path, monkeypatch: pytest.MonkeyPatch, engine: PaperEngine | None, complaint: str
) -> None:
    done = _call(monkeypatch, engine, "prove", str(project), "-q")
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_without_its_reader_of_programs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "elftools.common.exceptions", None)
    done = _call(monkeypatch, Splitting(), "prove", str(project), "-q")
    assert done.exit_code == 2
    assert "pip install 'dockerslim-rewrite[prove]'" in done.stderr


def test_proving_builds_so_checking_does_not(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _call(monkeypatch, Splitting(), "rewrite", str(project), "--prove", "--check")
    assert done.exit_code == 2
    assert "--check builds nothing; leave out --prove" in done.stderr
