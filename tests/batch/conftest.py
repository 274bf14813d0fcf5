"""Repositories under Git with a few Dockerfiles, and the command line as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APT = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\nCMD curl example.org\n"
PIP = "FROM python:3.12\nCOPY . /app\nRUN pip install -r /app/requirements.txt\n"
DONE = "FROM scratch\nCOPY app /app\n"

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def start(folder: Path, cache: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKERSLIM_")}
    environment |= {"PYTHONPATH": str(ROOT), "DOCKERSLIM_CACHE": str(cache), "SOURCE_DATE_EPOCH": "1760000000"}
    return subprocess.Popen(
        [sys.executable, "-m", "dockerslim_rewrite", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with four Dockerfiles of which three change, and with owners."""
    root = tmp_path / "repository"
    files = {
        "web/Dockerfile": APT,
        "api/Dockerfile": PIP,
        "api/requirements.txt": "flask==3.0\n",
        "jobs/night run/Dockerfile": APT.replace("\n", "\r\n"),
        "done/Dockerfile": DONE,
        "done/app": "",
        ".github/CODEOWNERS": "* @all\n/api/ @backend # the services\njobs/night\\ run/ @ops\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    for arguments in (
        ("init", "-q", "-b", "main"),
        ("config", "user.name", "Jane Doe"),
        ("config", "user.email", "jane@example.com"),
        ("config", "core.autocrlf", "false"),
        ("add", "-A"),
        ("commit", "-qm", "Begin"),
    ):
        git(root, *arguments)
    return root


@pytest.fixture
def cli(repository: Path, tmp_path: Path) -> Cli:
    """Runs the command line in the repository."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        process = start(repository, tmp_path / "cache", *arguments)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    return run


def dockerfiles(root: Path) -> dict[str, bytes]:
    """The Dockerfiles below *root*, by their names."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("Dockerfile"))}
