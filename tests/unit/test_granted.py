"""Rules act on what the lock proves of this text in this context, and on nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, Result, rewrite
from dockerslim_rewrite.analysis.locked import Lock, Proof, Supposed
from dockerslim_rewrite.pipeline.engine import projects_of
from dockerslim_rewrite.pipeline.granted import context_digest, text_digest
from dockerslim_rewrite.record import evolve

TEXT = """\
FROM python:3.11
WORKDIR /app
RUN pip install --upgrade pip
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["python", "app.py"]
"""
GIVEN = Supposed(
    "DS402",
    "python:3.11-slim",
    ("libpq5",),
    ("/app", "/usr/local/lib/python3.11/site-packages"),
    "standard",
    "PROVED SO",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("import psycopg2\nprint(psycopg2)\n")
    (tmp_path / "requirements.txt").write_text("psycopg2==2.9.9\nunheard-of\n")
    (tmp_path / "Dockerfile").write_text(TEXT)
    return tmp_path


def _rewritten(project: Path, given: Supposed = GIVEN, level: str = "standard", text: str = TEXT) -> Result:
    path = str(project / "Dockerfile")
    context = _digest(project)
    proof = Proof("Dockerfile", text_digest(TEXT), context, given, datetime(2026, 1, 1, tzinfo=UTC))
    return rewrite(text, Options(level=level, context=project, lock=Lock({}, {}, (proof,))), path)


def _digest(project: Path) -> str:
    found = context_digest(projects_of(Options(context=project), str(project / "Dockerfile")))
    assert found is not None
    return found


def test_a_proof_makes_an_ordinary_change(project: Path) -> None:
    result = _rewritten(project)
    assert "FROM python:3.11-slim AS runtime" in result.text
    assert "apt-get install -y --no-install-recommends libpq5" in result.text
    (split,) = [one for one in result.changes if one.rule == "DS402"]
    assert split.reason.endswith("; PROVED SO")
    assert any("taken for granted though" in one for one in split.evidence)
    assert not result.bugs


def test_the_same_input_gives_the_same_bytes_and_a_second_run_nothing(project: Path) -> None:
    first = _rewritten(project).text
    assert _rewritten(project).text == first
    assert _rewritten(project, text=first).text == first


def test_without_a_proof_nothing_is_taken_for_granted(project: Path) -> None:
    result = rewrite(TEXT, Options(context=project), str(project / "Dockerfile"))
    assert "AS runtime" not in result.text


def test_another_text_or_context_has_no_proof(project: Path) -> None:
    known = _digest(project)
    proof = Proof("Dockerfile", text_digest(TEXT), known, GIVEN, datetime(2026, 1, 1, tzinfo=UTC))
    options = Options(context=project, lock=Lock({}, {}, (proof,)))
    path = str(project / "Dockerfile")
    assert "AS runtime" in rewrite(TEXT, options, path).text
    assert "AS runtime" not in rewrite(TEXT + "EXPOSE 80\n", options, path).text
    (project / "app.py").write_text("import psycopg2, lxml\n")
    assert "AS runtime" not in rewrite(TEXT, options, path).text


def test_an_outdated_proof_is_told_for_as_long_as_it_is_missed(project: Path) -> None:
    known = _digest(project)
    proof = Proof("Dockerfile", text_digest(TEXT), known, GIVEN, datetime(2026, 1, 1, tzinfo=UTC))
    options = Options(context=project, lock=Lock({}, {}, (proof,)))
    path = str(project / "Dockerfile")
    told = "the proof of 2026-01-01 is of another text or context; `dockerslim prove` makes a new one"
    made = rewrite(TEXT, options, path)
    assert told not in [one.reason for one in made.remarks]
    # What the proof has made needs none any more.
    assert told not in [one.reason for one in rewrite(made.text, options, path).remarks]
    (project / "app.py").write_text("import psycopg2, lxml\n")
    assert told in [one.reason for one in rewrite(TEXT, options, path).remarks]
    assert told not in [one.reason for one in rewrite(TEXT, options, str(project / "other")).remarks]


def test_a_proof_counts_from_its_level_on(project: Path) -> None:
    aggressive = evolve(GIVEN, level="aggressive")
    assert "AS runtime" not in _rewritten(project, aggressive).text
    assert "AS runtime" in _rewritten(project, aggressive, "aggressive").text


def test_the_judge_still_judges(project: Path) -> None:
    """A lock that somebody has edited installs what was never there: withdrawn, and told as a bug."""
    result = _rewritten(project, evolve(GIVEN, packages=("nmap",)))
    assert "nmap" not in result.text
    assert any("nmap was not installed before" in one.reason for one in result.bugs)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda folder: (folder / "Dockerfile").write_text("FROM scratch\n"), True),
        (lambda folder: (folder / "dockerslim.lock").write_text("version = 1\n"), True),
        (lambda folder: (folder / "app.py").chmod(0o600), True),
        (lambda folder: (folder / "app.py").chmod(0o755), False),
        (lambda folder: (folder / "app.py").rename(folder / "b.py"), False),
        (lambda folder: (folder / "new.bin").write_bytes(b"\0"), False),
    ],
)
def test_what_a_context_is_known_by(project: Path, change: object, same: bool) -> None:
    (project / "app.py").chmod(0o644)
    before = _digest(project)
    change(project)  # type: ignore[operator]
    assert (_digest(project) == before) is same
