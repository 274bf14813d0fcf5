"""What a change is said to save follows from what the file installs, and on what."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import dockerslim_rewrite.knowledge as knowledge
from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.knowledge.savings import language_cache, package_lists

DATA = tomllib.loads((Path(str(knowledge.__file__)).parent / "data" / "savings.toml").read_text("utf-8"))
APT, PIP, NPM, GO = (DATA[name] for name in ("apt", "pip", "npm", "go"))


def _saving(text: str, rule: str) -> int:
    result = rewrite(text, Options(select=(rule,)))
    assert [change.rule for change in result.changes] == [rule]
    return result.saving


@pytest.mark.parametrize(
    ("base", "saving"),
    [
        ("debian:bookworm", APT["releases"]["bookworm"]),
        ("debian:11", APT["releases"]["bullseye"]),
        ("python:3.11-slim-trixie", APT["releases"]["trixie"]),
        ("ubuntu:22.04", APT["default"]),
        ("example.org/unknown:1", APT["default"]),
    ],
)
def test_lists_depend_on_the_release(base: str, saving: int) -> None:
    assert _saving(f"FROM {base}\nRUN apt-get update && apt-get install -y curl\n", "DS201") == saving


@pytest.mark.parametrize(
    ("command", "saving"),
    [
        ("pip install numpy==1.26.4", PIP["packages"]["numpy"]),
        ("pip install Pandas 'scipy>=1'", PIP["packages"]["pandas"] + PIP["packages"]["scipy"]),
        ("pip install something-small", 0),
        ("pip install -r requirements.txt", 0),
        ("pip install .", 0),
        ("pip install -r requirements.txt numpy", 0),
    ],
)
def test_pip_depends_on_the_packages(command: str, saving: int) -> None:
    assert _saving(f"FROM python:3.11\nCOPY . .\nRUN {command}\n", "DS204") == saving


@pytest.mark.parametrize(
    ("command", "saving"),
    [
        ("npm ci", 0),
        ("npm install", 0),
        ("npm install -g typescript@5", NPM["packages"]["typescript"]),
        ("npm install express @scope/unknown", 0),
    ],
)
def test_npm_depends_on_the_packages(command: str, saving: int) -> None:
    assert _saving(f"FROM node:18\nCOPY . .\nRUN {command}\n", "DS206") == saving


@pytest.mark.parametrize(
    ("base", "saving"),
    [
        ("golang:1.19", GO["compiled_library"]),
        ("golang:1.19.8-bullseye", GO["compiled_library"]),
        ("golang:1.20", GO["default"]),
        ("golang:1.22-alpine", GO["default"]),
        ("golang", GO["default"]),
    ],
)
def test_go_depends_on_whether_its_library_comes_compiled(base: str, saving: int) -> None:
    assert 50 * GO["compiled_library"] < GO["default"]
    assert _saving(f'FROM {base}\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n', "DS207") == saving


def test_what_does_not_ship_saves_nothing() -> None:
    text = "FROM python:3.11 AS build\nRUN pip install numpy\nFROM python:3.11\nCOPY --from=build /x /x\n"
    assert not rewrite(text, Options(select=("DS204",))).changed


def test_what_was_not_measured_says_so() -> None:
    assert language_cache("cargo", ("serde",), listed=False) is None
    assert package_lists("focal") == APT["default"]
    for entry in (APT, PIP, NPM, GO):
        assert entry["source"]


@pytest.mark.parametrize(
    ("base", "saving"),
    [
        ("golang:1.21", 750_000_000),
        ("golang:1.21-alpine", 210_000_000),
        ("golang:alpine", 210_000_000),
        ("golang:1.14-alpine", 340_000_000),
    ],
)
def test_a_split_saves_what_its_base_image_weighs(base: str, saving: int, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module x\n\ngo 1.14\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    text = f'FROM {base}\nWORKDIR /s\nCOPY go.mod main.go ./\nRUN CGO_ENABLED=0 go build -o /app .\nCMD ["/app"]\n'
    result = rewrite(text, Options(select=("DS401",), level="standard", context=tmp_path))
    assert result.saving == saving
