"""The probes that load packages: each by itself, so that what fails or crashes tells of itself alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dockerslim_rewrite.engine.interface import RunOutcome
from dockerslim_rewrite.engine.prove.imports import PROBES, answer, lost

BY_LANGUAGE = {probe.language: probe for probe in PROBES}


def _asked(language: str, program: str, folder: Path) -> dict[str, str]:
    _, *words = BY_LANGUAGE[language].command
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([program, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found = answer(RunOutcome(done.returncode, done.stdout, done.stderr))
    assert found is not None, done.stderr
    return found


def _package(folder: Path, name: str, code: str) -> None:
    (folder / f"{name}.py").write_text(code)
    info = folder / f"{name}_dist-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 1\n")
    (info / "RECORD").write_text(f"{name}.py,,\n")


def test_packages_of_python(tmp_path: Path) -> None:
    _package(tmp_path, "fine", "print('noise on standard output')\n")
    _package(tmp_path, "lacking", "import not_there_at_all\n")
    _package(tmp_path, "crashing", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    _package(tmp_path, "leaving", "import sys\nsys.exit(0)\n")
    found = _asked("Python", sys.executable, tmp_path)
    assert found["fine-dist: fine"] == ""
    assert found["lacking-dist: lacking"] == "ModuleNotFoundError: No module named 'not_there_at_all'"
    assert found["crashing-dist: crashing"] == "ended by signal 11"
    assert found["leaving-dist: leaving"].startswith("SystemExit")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_packages_of_node(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"fine": "1", "lacking": "1", "modern": "1"}}')
    for name, code in {
        "fine": "module.exports = 1",
        "lacking": 'require("./binding.node")',
        "modern": "export default 1",
    }.items():
        folder = tmp_path / "node_modules" / name
        folder.mkdir(parents=True)
        kind = ', "type": "module"' if name == "modern" else ""
        (folder / "package.json").write_text(f'{{"name": "{name}", "main": "index.js"{kind}}}')
        (folder / "index.js").write_text(code)
    found = _asked("Node", "node", tmp_path)
    assert (found["fine"], found["modern"]) == ("", "")
    assert "binding.node" in found["lacking"]


def test_only_what_loaded_before_is_lost() -> None:
    before = {"a": "", "b": "ImportError: x", "c": "", "d": ""}
    assert lost(before, {"a": "", "b": "ImportError: y", "c": "ImportError: z"}) == {
        "c": "ImportError: z",
        "d": "is not there any more",
    }


@pytest.mark.parametrize("said", ["", "no mark at all", "\nDOCKERSLIM{cut off"])
def test_what_could_not_be_asked_is_no_answer(said: str) -> None:
    assert answer(RunOutcome(1, said, "")) is None


def test_a_program_cannot_answer_for_the_probe_by_printing_first() -> None:
    """What a package prints while it is loaded goes nowhere; what comes first is not the answer."""
    assert answer(RunOutcome(0, '\nDOCKERSLIM{"a": "x"}\n\nDOCKERSLIM{"a": ""}\n', "")) == {"a": ""}
