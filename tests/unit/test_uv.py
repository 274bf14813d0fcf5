"""Where uv installs, and what its lock file names."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.analysis.packages.uv import uv_packages, where_uv_installs
from dockerslim_rewrite.analysis.shell.operations import operation

CASES = [
    ("uv pip install --system flask", {}, "site"),
    ("uv pip install flask", {"UV_SYSTEM_PYTHON": "1"}, "site"),
    ("uv pip install flask", {"VIRTUAL_ENV": "/opt/venv"}, "/opt/venv"),
    ("uv pip sync requirements.txt", {}, "project"),
    ("uv sync", {}, None),
    ("uv sync --no-managed-python", {}, "project"),
    ("uv sync", {"UV_PYTHON_DOWNLOADS": "0", "UV_PROJECT_ENVIRONMENT": "/opt/venv"}, "/opt/venv"),
    ("uv venv", {}, None),
    ("uv venv", {"UV_PYTHON_PREFERENCE": "only-system", "UV_PROJECT_ENVIRONMENT": "/opt/venv"}, "project"),
    ("uv lock", {}, "project"),
    ("uv run app.py", {"UV_PYTHON_DOWNLOADS": "never"}, None),
]


@pytest.mark.parametrize(("command", "variables", "where"), CASES)
def test_where_uv_installs(command: str, variables: dict[str, str], where: str | None) -> None:
    found = operation(tuple(command.split()))
    assert found is not None
    assert where_uv_installs(found, variables) == where


def test_a_lock_file_names_what_comes_from_an_index() -> None:
    text = '[[package]]\nname = "flask"\nsource = { registry = "https://example.com" }\n'
    own = '[[package]]\nname = "berths"\nsource = { %s = "." }\n'
    assert list(uv_packages(text + own % "virtual")) == ["flask"]
    assert list(uv_packages(text + own % "editable")) == ["flask", None]
    assert list(uv_packages("[[package")) == [None]
