"""The judge reads the manifests that an installation is said to need: lies about them are refused."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.change import Change, CopiesFirst, Safety
from dockerslim_rewrite.text import Edit, Patch, Span
from dockerslim_rewrite.validate import Verdict, validate

BEFORE = "FROM a\nWORKDIR /a\nCOPY . .\nRUN {command}\n"
AFTER = "FROM a\nWORKDIR /a\nCOPY {first} ./\nRUN {command}\nCOPY . .\n"

PIP, CONDA = "pip install -r requirements.txt", "conda env create -f environment.yml"


def judged(command: str, first: str, files: dict[str, str]) -> Verdict:
    before, after = BEFORE.format(command=command), AFTER.format(command=command, first=first)
    at = before.index("COPY . .\n")
    end = len(before)
    edits = (Edit(Span(at, at + 9), f"COPY {first} ./\n"), Edit.insert(end, "COPY . .\n"))
    claim = CopiesFirst(tuple(first.split()), "./")
    change = Change(edits, "copied first", "reason", Safety.STANDARD, (claim,), 3, rule="DS701")
    return validate(before, after, (change,), Patch.of(edits), files.get).verdict


@pytest.mark.parametrize(
    ("command", "first", "files"),
    [
        (PIP, "requirements.txt", {"requirements.txt": "flask\n# -r no\n-i https://example.com/simple\n"}),
        (PIP, "requirements.txt base.txt", {"requirements.txt": "-r base.txt\n", "base.txt": "flask\n-r base.txt\n"}),
        (CONDA, "environment.yml", {"environment.yml": "dependencies: [python, {pip: [flask]}]\n"}),
        (
            CONDA,
            "environment.yml requirements.txt",
            {"environment.yml": 'dependencies: [{pip: ["-r requirements.txt"]}]\n', "requirements.txt": "flask\n"},
        ),
    ],
)
def test_what_names_no_more(command: str, first: str, files: dict[str, str]) -> None:
    assert judged(command, first, files) is Verdict.OK


@pytest.mark.parametrize(
    ("command", "first", "files"),
    [
        (PIP, "requirements.txt", {}),
        (PIP, "requirements.txt", {"requirements.txt": "-r base.txt\n", "base.txt": ""}),
        (PIP, "requirements.txt", {"requirements.txt": "-c\\\n constraints.txt\n"}),
        (PIP, "requirements.txt", {"requirements.txt": "-e .\n"}),
        (PIP, "requirements.txt", {"requirements.txt": "./lib\n"}),
        (PIP, "requirements.txt", {"requirements.txt": "lib @ file:./lib\n"}),
        (PIP, "requirements.txt", {"requirements.txt": "wheels/a.whl\n"}),
        (CONDA, "environment.yml", {"environment.yml": 'dependencies: [{pip: ["-r requirements.txt"]}]\n'}),
        (CONDA, "environment.yml", {"environment.yml": "x: &o [-e .]\ndependencies:\n- pip: *o\n"}),
        (CONDA, "environment.yml", {"environment.yml": "dependencies: [\n"}),
        (CONDA, "environment.yml", {"environment.yml": "channels: [./channel]\ndependencies: [python]\n"}),
    ],
)
def test_lies(command: str, first: str, files: dict[str, str]) -> None:
    assert judged(command, first, files) is not Verdict.OK
