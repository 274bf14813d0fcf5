"""The .dockerignore that is written: what it keeps out, and what it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.context.dockerignore import read_dockerignore

#: Sends a build all of its context.
MOUNTED = "RUN --mount=type=bind,target=/all true"
NODE = 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "a.js"]\n'


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def proposed(root: Path, dockerfile: str = NODE) -> str | None:
    result = rewrite(dockerfile, Options(context=root, dockerignore=True, select=("DS801",)))
    assert not result.changed
    return result.companions[0].text if result.companions else None


def test_a_new_file_says_why(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{"a.js": "process.env.A", "package.json": "{}", "node_modules/x/i.js": "1", ".git/HEAD": "x", ".env": "A=1"},
    )
    text = proposed(tmp_path)
    assert text is not None
    ignore = read_dockerignore(text)
    assert [path for path in ("a.js", "package.json") if ignore.excludes(path)] == []
    assert all(ignore.excludes(path) for path in ("node_modules/x/i.js", ".git/HEAD", ".env", "b/node_modules/y.js"))
    assert text.startswith("# Version control")
    (tmp_path / ".dockerignore").write_text(text + ".dockerignore\n")
    assert proposed(tmp_path) is None


def test_an_old_file_is_extended_and_kept(tmp_path: Path) -> None:
    write(tmp_path, **{"package.json": "{}", "node_modules/x/i.js": "1", ".git/HEAD": "x"})
    (tmp_path / ".dockerignore").write_bytes(b"# ours\r\n.git\r\n.dockerignore")
    text = proposed(tmp_path)
    assert text is not None
    assert text.startswith("# ours\r\n.git\r\n.dockerignore\r\n\r\n# Installed")
    assert text.count("\n") == text.count("\r\n")
    assert ".git\r\n" in text
    assert text.count(".git") == 1


@pytest.mark.parametrize(("copied", "kept"), [("src", True), (".", False)])
def test_secrets_in_a_folder_that_is_copied_by_its_name_stay(tmp_path: Path, copied: str, kept: bool) -> None:
    write(tmp_path, **{"src/main.go": "package main", "src/.env": "KEY=1", ".git/HEAD": "x"})
    text = proposed(tmp_path, f"FROM debian:12\n{MOUNTED}\nCOPY {copied} /app\nCMD /app/run\n")
    assert text is not None
    assert read_dockerignore(text).excludes("src/.env") is not kept


@pytest.mark.parametrize(
    ("copies", "sent"),
    [
        ("RUN git clone https://example.org/a /a", False),
        ("COPY src /app", False),
        ("COPY --from=golang:1 / /go", False),
        ("COPY src /app\nCOPY . /all", True),
        ("ADD ./ /app", True),
        ("COPY s* /app/", True),
        ("ARG DIR\nCOPY $DIR /app/", True),
        ("RUN --mount=type=bind,target=/src make -C /src", True),
        ("RUN --mount=type=bind,source=src,target=/src make -C /src", False),
    ],
)
def test_what_no_instruction_names_is_not_sent(tmp_path: Path, copies: str, sent: bool) -> None:
    write(tmp_path, **{"src/main.c": "int main;", ".git/HEAD": "x"})
    assert (proposed(tmp_path, f"FROM debian:12\n{copies}\nCMD /app/run\n") is not None) is sent


def test_exceptions_of_the_author_stand(tmp_path: Path) -> None:
    write(tmp_path, **{"package.json": "{}", "node_modules/x/i.js": "1"})
    (tmp_path / ".dockerignore").write_text("**\n!package.json\n!node_modules/x\n")
    assert proposed(tmp_path) is None


@pytest.mark.parametrize(
    ("files", "dockerfile", "kept"),
    [
        ({"node_modules/x/i.js": "1"}, NODE.replace("RUN npm ci\n", ""), "node_modules/x/i.js"),
        ({".env": "A"}, NODE.replace("COPY . .", f"{MOUNTED}\nCOPY .env a.js ./"), ".env"),
        ({".env": "A"}, NODE.replace("COPY . .", "COPY .e* ./"), ".env"),
        ({".env": "A", "a.js": "require('dotenv').config()"}, NODE, ".env"),
        ({"tls.pem": "A", "a.js": "read('tls.pem')"}, NODE, "tls.pem"),
        ({".git/HEAD": "x"}, NODE.replace("npm ci", "npm ci && git describe > v"), ".git/HEAD"),
        ({".git/HEAD": "x", "pyproject.toml": "requires = ['setuptools_scm']"}, NODE, ".git/HEAD"),
        ({".git/HEAD": "x"}, "FROM golang:1.23\nCOPY . .\nRUN go build .\n", ".git/HEAD"),
        ({".git/HEAD": "x"}, "FROM a\nRUN --mount=type=bind,source=.git,target=/g true\nCOPY . .\n", ".git/HEAD"),
        ({".git/HEAD": "x"}, "FROM a\nCOPY . .\nONBUILD COPY ./.git/HEA[D] /g/\n", ".git/HEAD"),
        ({".git/HEAD": "x", ".dockerignore": ".git/objects\n"}, NODE, ".git/HEAD"),
        ({"compose.yaml": "x"}, NODE.replace("npm ci", "npm ci && cp compose.yaml /x"), "compose.yaml"),
    ],
)
def test_what_a_build_needs_stays(tmp_path: Path, files: dict[str, str], dockerfile: str, kept: str) -> None:
    write(tmp_path, **({"a.js": "1", "package.json": "{}", "__pycache__/a.pyc": "x"} | files))
    text = proposed(tmp_path, dockerfile)
    assert text is not None
    assert not read_dockerignore(text).excludes(kept)
    assert read_dockerignore(text).excludes("__pycache__/a.pyc")


@pytest.mark.parametrize(
    ("files", "gone"),
    [
        ({"package.json": '{"repository": {"type": "git", "url": "git+https://example.com/a.git"}}'}, True),
        ({"package.json": '{"repository": "git@example.com:a/b"}'}, True),
        ({"package.json": '{"scripts": {"build": "git rev-parse HEAD > version"}}'}, False),
        ({"node_modules/x/package.json": '{"scripts": {"prepare": "git config core.hooksPath x"}}'}, True),
        ({"packages/x/package.json": '{"scripts": {"build": "git describe"}}'}, False),
    ],
)
def test_version_control_data_stay_for_builds_that_ask_for_them(
    tmp_path: Path, files: dict[str, str], gone: bool
) -> None:
    write(tmp_path, **({"a.js": "1", "package.json": "{}", ".git/HEAD": "x", "__pycache__/a.pyc": "x"} | files))
    text = proposed(tmp_path)
    assert text is not None
    assert read_dockerignore(text).excludes(".git/HEAD") is gone


@pytest.mark.parametrize(
    ("command", "gone"),
    [
        ("apt-get update && apt-get install -y git curl", True),
        ("git clone https://example.com/a.git /a && git config --global user.name a", True),
        ("git describe > version", False),
        ("sh -c 'git describe > version'", False),
        ("make VERSION=$(git describe)", False),
        ("cp .git/HEAD version", False),
        ("for x in a; do git rev-parse HEAD; done", False),
    ],
)
def test_only_commands_ask_for_version_control_data(tmp_path: Path, command: str, gone: bool) -> None:
    write(tmp_path, **{"a.js": "1", "package.json": "{}", ".git/HEAD": "x", "__pycache__/a.pyc": "x"})
    text = proposed(tmp_path, NODE.replace("npm ci", f"npm ci && {command}"))
    assert text is not None
    assert read_dockerignore(text).excludes(".git/HEAD") is gone


def test_virtual_environments_are_known_by_their_marker(tmp_path: Path) -> None:
    write(tmp_path, **{"env/pyvenv.cfg": "x", "env/bin/python": "x", "venv/settings.py": "x = 1"})
    text = proposed(tmp_path, "FROM python:3\nCOPY . .\nRUN pip install flask\n")
    assert text is not None
    assert read_dockerignore(text).excludes("env/bin/python")
    assert not read_dockerignore(text).excludes("venv/settings.py")
