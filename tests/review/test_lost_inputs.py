"""Files of fixed names that tools cannot be without."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.knowledge.tool_inputs import inputs_of

from .test_breaks import FILES, told
from .test_review import Make

HEAD = "FROM python:3.12-slim\nWORKDIR /app\n"
REST = "\nUSER 1000\n"


@pytest.mark.parametrize(
    ("line", "gone", "command"),
    [
        ("npm ci", "package-lock.json", "npm ci"),
        ("npm run build", "package.json", "npm run"),
        ("pip install --no-cache-dir .", "pyproject.toml", "pip install"),
        ("pip install --no-cache-dir -e .[dev]", "setup.py", "pip install"),
        ("make", "Makefile", "make"),
        ("go build ./...", "go.mod", "go build"),
        ("mvn -q package", "pom.xml", "mvn"),
    ],
)
@pytest.mark.parametrize("copy", ["COPY . .", "COPY *.* Make* ./"])
def test_what_a_tool_needs_and_is_deleted(repo: Make, line: str, gone: str, command: str, copy: str) -> None:
    files = {"Dockerfile": f"{HEAD}{copy}\nRUN {line}{REST}", gone: "{}\n", "k.txt": "k\n", **FILES}
    found = told(repo, files, moved={gone: ""})
    reason = f"`{command}` needs {gone}, which is deleted by this change, so RUN fails"
    assert [one for one in found if "needs" in one[2]] == [(4, True, reason)]


@pytest.mark.parametrize(
    ("line", "gone", "more"),
    [
        ("npm ci", "package-lock.json", {"npm-shrinkwrap.json": "{}\n"}),
        ("npm ci --prefix web", "package-lock.json", {}),
        ("npm ci || npm install", "package-lock.json", {}),
        ("npm install", "package-lock.json", {}),
        ("pip install --no-cache-dir .", "setup.py", {"pyproject.toml": "\n"}),
        ("pip install --no-cache-dir flask", "setup.py", {}),
        ("make -C web", "Makefile", {}),
        ("make $WHERE", "Makefile", {}),
        ("cd web && make", "Makefile", {}),
        ("echo all: > Makefile && make", "Makefile", {}),
    ],
)
def test_what_a_tool_needs_none_of(repo: Make, line: str, gone: str, more: dict[str, str]) -> None:
    files = {"Dockerfile": f"{HEAD}COPY . .\nRUN {line}{REST}", gone: "{}\n", "k": "k\n", **FILES, **more}
    assert not [one for one in told(repo, files, moved={gone: ""}) if "needs" in one[2]]


def test_what_lies_in_a_directory_above_will_do(repo: Make) -> None:
    text = f"{HEAD}COPY . .\nWORKDIR /app/web\nRUN npm ci{REST}"
    files = {"Dockerfile": text, "web/package-lock.json": "{}\n", "package-lock.json": "{}\n", "web/k": "k\n", **FILES}
    assert not [one for one in told(repo, files, moved={"web/package-lock.json": ""}) if "needs" in one[2]]


def test_what_runs_before_may_make_it(repo: Make) -> None:
    files = {"Dockerfile": f"{HEAD}COPY . .\nRUN ./configure && make{REST}", "Makefile": "a:\n", "configure": "x\n"}
    found = told(repo, {**files, **FILES}, moved={"Makefile": ""})
    reason = "`make` needs Makefile, which is deleted by this change, so RUN fails unless what runs before brings it"
    assert [one for one in found if "needs" in one[2]] == [(4, False, reason)]


def test_the_first_command_tells(repo: Make) -> None:
    text = f"{HEAD}COPY . .\nRUN go mod download\nRUN go build ./...{REST}"
    found = told(repo, {"Dockerfile": text, "go.mod": "x\n", "k": "k\n", **FILES}, moved={"go.mod": ""})
    assert [one[0] for one in found if "needs" in one[2]] == [4]


def test_paths_of_commands_and_expansions() -> None:
    assert inputs_of(("/usr/bin/make",)) is not None
    assert inputs_of(("make", None)) is None
    assert inputs_of(()) is None


@pytest.mark.parametrize(("elsewhere", "notes"), [({}, 1), ({"web/nope.txt": "x\n"}, 0)])
def test_a_first_copy_of_what_nobody_has(repo: Make, elsewhere: dict[str, str], notes: int) -> None:
    files = {"Dockerfile": f"FROM alpine:3.24{REST}", "x": "x\n", **elsewhere}
    found = told(repo, files, {"Dockerfile": f"FROM alpine:3.24\nCOPY nope.txt /{REST}"})
    reason = "nope.txt is not in the repository: COPY fails unless something makes it before the build"
    assert [one for one in found if "nope.txt" in one[2]] == [(2, False, reason)] * notes
