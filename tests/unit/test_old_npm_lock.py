"""Lock files of npm before version 7."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.packages.lock_files import npm_packages
from dockerslim_rewrite.analysis.packages.old_npm_lock import is_in_step, packages_of
from dockerslim_rewrite.registry.lock import read_lock

OLD = {
    "lockfileVersion": 1,
    "requires": True,
    "dependencies": {
        "reef": {"version": "1.2.3", "resolved": "https://registry.npmjs.org/reef/-/reef-1.2.3.tgz"},
        "@a/tide": {"version": "0.4.0", "dev": True, "dependencies": {"reef": {"version": "2.0.0"}}},
        "near": {"version": "git+https://example.com/near.git#1"},
    },
}
LOCK = read_lock(
    "version = 1\n"
    + "".join(
        f'[package.npm."{name}=={version}"]\nasked = ["{name}@{version}"]\n{more}locked = 2026-01-01T00:00:00Z\n'
        for name, version, more in (("reef", "1.2.3", ""), ("shoal", "1.0.0", "compiled = true\n"))
    )
)


def test_packages_lie_where_npm_installs_them() -> None:
    found = packages_of(OLD)
    assert found is not None
    assert [*found] == ["", "node_modules/reef", "node_modules/@a/tide", "node_modules/near",
                        "node_modules/@a/tide/node_modules/reef"]  # fmt: skip
    assert not found["node_modules/near"]["resolved"].startswith("https://")
    assert npm_packages(json.dumps(OLD)) == ("reef", "@a/tide", "near", "reef")
    assert packages_of({"lockfileVersion": 1}) is None
    assert packages_of({"lockfileVersion": 4, "dependencies": {}}) is None
    assert npm_packages("no JSON") == ()


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("1.2.3", True),
        ("^1.2.0", True),
        ("~1.2.0", True),
        ("~1.1.0", False),
        ("^1.3.0", False),
        ("^0.2.3", False),
        ("^2.0.0", False),
        ("1.2", False),
        ("*", False),
        ("latest", False),
    ],
)
def test_what_package_json_asks_for_has_to_be_what_is_locked(wanted: str, allowed: bool) -> None:
    assert is_in_step(OLD, {"dependencies": {"reef": wanted}}) == allowed
    assert not is_in_step(OLD, {"dependencies": {"other": "1.0.0"}})


@pytest.mark.parametrize(
    ("dependencies", "command", "slim"),
    [
        ({"reef": "1.2.3"}, "npm ci", True),
        ({"reef": "1.2.3"}, "npm install", True),
        ({"reef": "1.2.4"}, "npm install", False),
        ({"shoal": "1.0.0"}, "npm ci", False),
        ({"odd": "1.0.0"}, "npm ci", False),
    ],
)
def test_the_lock_tells_what_an_old_one_does_not(
    tmp_path: Path, dependencies: dict[str, str], command: str, slim: bool
) -> None:
    text = f'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN {command}\nCMD ["node", "index.js"]\n'
    entries = {name: {"version": version.replace("4", "3")} for name, version in dependencies.items()}
    for name, content in (
        ("Dockerfile", text),
        ("index.js", "require('http');\n"),
        ("package.json", json.dumps({"name": "a", "dependencies": dependencies})),
        ("package-lock.json", json.dumps({"lockfileVersion": 1, "dependencies": entries})),
    ):
        (tmp_path / name).write_text(content)
    found = rewrite(text, Options(select=("DS304",), lock=LOCK, context=tmp_path), str(tmp_path / "Dockerfile"))
    assert found.text.startswith("FROM node:20-slim\n" if slim else "FROM node:20\n")
