"""What ``pip install .`` installs, and where the installed program is followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.facts import Facts
from dockerslim_rewrite.analysis.runtime.asking import asked_of
from dockerslim_rewrite.context.locate import locate
from dockerslim_rewrite.context.project import FolderProject
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.registry.lock import read_lock
from dockerslim_rewrite.syntax import parse

DOCKERFILE = 'FROM python:3.11\nWORKDIR /code\nCOPY . /code\nRUN pip install {}\nCMD ["python", "-m", "reef"]\n'
PROJECT = (
    '[project]\nname = "reef"\nversion = "1"\ndependencies = ["tide>=1"]\n'
    '[project.optional-dependencies]\nx = ["odd"]\n'
)
BUILD = '[build-system]\nrequires = ["{}"]\nbuild-backend = "{}"\n'
LOCK = read_lock(
    'version = 1\n[package."pypi-3.11-debian"."tide==1.0"]\nasked = ["tide>=1"]\nlocked = 2026-01-01T00:00:00Z\n'
)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def rewritten(folder: Path, files: dict[str, str], word: str = ".") -> tuple[str, str]:
    """The rewritten file, and what is said of its base."""
    text = DOCKERFILE.format(word)
    write(folder, {**files, "Dockerfile": text})
    found = rewrite(text, Options(select=("DS304",), lock=LOCK, context=folder), str(folder / "Dockerfile"))
    return found.text, " ".join(one.reason for one in found.remarks if one.rule == "DS304")


MODULE = {"reef/__init__.py": "", "reef/__main__.py": "print(1)\n"}


@pytest.mark.parametrize("word", [".", "./", "--upgrade .", "-e ."])
def test_a_project_that_compiles_nothing_runs_on_the_slim_image(tmp_path: Path, word: str) -> None:
    text, _ = rewritten(tmp_path, {"pyproject.toml": PROJECT, **MODULE}, word)
    assert "FROM python:3.11-slim\n" in text


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({}, "."),
        ({"pyproject.toml": PROJECT}, ".[x]"),
        ({"pyproject.toml": PROJECT}, ".[unheard]"),
        ({"pyproject.toml": PROJECT, "setup.py": "from setuptools import setup\nsetup()\n"}, "."),
        ({"pyproject.toml": PROJECT.replace("version", "dynamic = ['dependencies']\nversion")}, "."),
        ({"pyproject.toml": PROJECT + BUILD.format("cython", "setuptools.build_meta")}, "."),
        ({"pyproject.toml": PROJECT + BUILD.format("maturin", "maturin")}, "."),
        ({"pyproject.toml": PROJECT + '[tool.hatch.build.hooks.custom]\npath = "a.py"\n'}, "."),
        ({"pyproject.toml": PROJECT + "[tool.hatch.build.targets.wheel.hooks.custom]\n"}, "."),
        ({"pyproject.toml": PROJECT + '[tool.poetry.build]\nscript = "build.py"\n'}, "."),
        ({"pyproject.toml": PROJECT + "[tool.setuptools]\next-modules = []\n"}, "."),
        ({"pyproject.toml": PROJECT, "setup.cfg": "[options]\ncmdclass =\n    install = own.Install\n"}, "."),
        ({"pyproject.toml": PROJECT.replace("tide>=1", "tide>=2")}, "."),
        ({"pyproject.toml": "[project"}, "."),
    ],
)
def test_what_is_not_known_of_a_project_stays_in_the_way(tmp_path: Path, files: dict[str, str], word: str) -> None:
    text, said = rewritten(tmp_path, {**files, **MODULE}, word)
    assert text.startswith("FROM python:3.11\n")
    assert said


def test_the_lock_asks_for_what_a_project_asks_for(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": PROJECT, **MODULE})
    for word, expected in ((".", ["tide>=1"]), ("-e .[x]", ["tide>=1", "odd"]), ("./other", [])):
        build = read_build(parse(DOCKERFILE.format(word)))
        project = FolderProject(locate(tmp_path / "Dockerfile", tmp_path), "Dockerfile")
        facts = Facts(build, open_project=lambda project=project: project)  # type: ignore[misc]
        assert [one.requirement for one in asked_of(build, facts)] == expected


@pytest.mark.parametrize(
    ("code", "level", "user"),
    [
        ("print(1)\n", "standard", False),
        ("print(1)\n", "aggressive", True),
        ("open(__file__ + '.log', 'w')\n", "aggressive", False),
    ],
)
def test_a_program_that_was_installed_from_another_directory_is_followed(
    tmp_path: Path, code: str, level: str, user: bool
) -> None:
    text = DOCKERFILE.format(".")
    files = {"pyproject.toml": PROJECT, "src/reef/__init__.py": "", "src/reef/__main__.py": code, "Dockerfile": text}
    write(tmp_path, files)
    options = Options(select=("DS501",), level=level, context=tmp_path)
    assert ("USER" in rewrite(text, options, str(tmp_path / "Dockerfile")).text) == user
