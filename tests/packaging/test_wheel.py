"""What users install is complete and works away from the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from dockerslim_rewrite.datafile import COMPILED

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("dockerslim_rewrite/templates", "templates"),
        ("dockerslim_rewrite/fixtures", "tests/passes"),
        ("dockerslim_rewrite/knowledge/data", "dockerslim_rewrite/knowledge/data"),
    ],
)
def test_the_wheel_carries_all_data(wheel: Path, there: str, here: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {
            name.removeprefix(f"{there}/")
            for name in archive.namelist()
            if name.startswith(f"{there}/") and COMPILED not in name.split("/")
        }
    source = {
        path.relative_to(ROOT / here).as_posix()
        for path in (ROOT / here).rglob("*")
        if path.is_file() and not {"__pycache__", COMPILED}.intersection(path.parts)
    }
    assert packed == source
    assert packed


def test_every_data_file_of_the_wheel_is_compiled_for_good(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        sources = [PurePosixPath(name) for name in archive.namelist() if name.endswith(".toml")]
        assert PurePosixPath("dockerslim_rewrite/passes/rules.toml") in sources
        for source in sources:
            entry = json.loads(archive.read(str(source.parent / COMPILED / f"{source.stem}.json")))
            assert entry["stamp"] is None
            assert entry["data"].keys() == tomllib.loads(archive.read(str(source)).decode("utf-8")).keys()


def test_the_wheel_is_typed_and_licensed_and_carries_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "dockerslim_rewrite/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"dockerslim_rewrite"}


def test_the_installed_commands_work_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    (tmp_path / "in.Dockerfile").write_text(
        "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n", "utf-8"
    )

    def run(entry: str, *arguments: str) -> str:
        code = (
            f"import sys; sys.path.insert(0, {str(installed)!r}); import dockerslim_rewrite; "
            f"assert dockerslim_rewrite.__file__.startswith({str(installed)!r}); "
            f"from dockerslim_rewrite.cli import {entry}; {entry}()"
        )
        command = [sys.executable, "-I", "-c", code, *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("rewrite_main", "in.Dockerfile", "-o", "out.Dockerfile")
    rewritten = (tmp_path / "out.Dockerfile").read_text("utf-8")
    assert rewritten.count("RUN") == 1
    assert "/var/lib/apt/lists" in rewritten
    run("rewrite_main", "in.Dockerfile", "-o", "canonical.Dockerfile", "--style", "canonical")
    assert (tmp_path / "canonical.Dockerfile").read_text("utf-8").startswith("FROM debian:12")
    assert "FROM" in run("main", "explain", "DS101")
