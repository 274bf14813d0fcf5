"""Which modules a program of JavaScript loads, and lists of packages that are not as they should be."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.analysis.packages.javascript import Loaded, loaded
from dockerslim_rewrite.analysis.packages.lock_files import pnpm_packages

NODE = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD node a.js\n"
POETRY = "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN poetry install\nCMD tides\n"
COMPOSER = "FROM php:8.3-apache\nWORKDIR /app\nCOPY . .\nRUN composer install\n"
#: What package.json must say for anything to be left out.
PACKAGE = '{"devDependencies": {"jest": "29"}, "dependencies": {"ms": "2"}}'


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("const a = require('a')", {"a"}),
        ('var b = require ( "b/lib/c" )', {"b"}),
        ("import a from 'a'\nimport * as b from \"b\"\nimport 'c'", {"a", "b", "c"}),
        ("import {\n  one,\n  two as three,\n} from '@scope/name/part'", {"@scope/name"}),
        ("export * from 'a'\nexport { b } from 'b'", {"a", "b"}),
        ("const a = await import('a')", {"a"}),
        ("require(`a`)", {"a"}),
        ("require('node:fs/promises')", {"fs"}),
        ("require.resolve('a')", {"a"}),
        ("import a,{b}from'a';import{c}from\"d\";import'e'", {"a", "d", "e"}),
        ("obj.require('a'); $import('b')", set()),
    ],
)
def test_modules_are_found_by_name(text: str, modules: set[str]) -> None:
    found = loaded("/a.js", {"/a.js": text}.get)
    assert isinstance(found, Loaded)
    assert set(found.modules) == modules


@pytest.mark.parametrize(
    "text",
    [
        "require(name)",
        "require('a' + b)",
        "import(`./${name}.js`)",
        "const load = require",
        "const load = require;",
        "eval('x')",
        "new Function('x')",
        "module.createRequire(x)('y')",
        "require.main.require('a')",
        "require('/etc/a')",
        "require('./missing')",
        "import '#inner'",
    ],
)
def test_what_is_not_written_out_is_not_known(text: str) -> None:
    assert isinstance(loaded("/a.js", {"/a.js": text}.get), str)


def test_files_are_followed_and_folders_have_an_index() -> None:
    files = {
        "/app/a.js": "require('./b'); require('./c')",
        "/app/b.js": "require('./a.js')",
        "/app/c/index.js": "module.exports = require('../d.json')",
        "/app/d.json": '{"e": "require(\'f\')"}',
    }
    found = loaded("/app/a.js", files.get)
    assert isinstance(found, Loaded)
    assert set(found.texts) == set(files)
    assert not found.modules


def test_no_text_takes_long() -> None:
    text = "import from require " * 50_000
    started = time.process_time()
    loaded("/a.js", {"/a.js": text}.get)
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("dockerfile", "name", "text"),
    [
        *((NODE, "package.json", text) for text in ("", "[]", "{", "[" * 9999, '{"devDependencies": 1}')),
        *((NODE, "package.json", f'{{"devDependencies": {{"jest": 1}}, "{key}": {value}}}')
          for key in ("scripts", "dependencies", "workspaces") for value in ("1", "[1]", '"x"', "null")),
        *((NODE, "package-lock.json", text) for text in (
            "[]", '{"packages": 1}', '{"packages": {"a": 1}}', '{"packages": {"a": {"peerDependencies": [1]}}}',
            '{"packages": {"a": {"peerDependencies": {"b": 1}}, "node_modules/b": 1}}')),
        *((POETRY, "pyproject.toml", text) for text in (
            "", "tool = 1", "[tool]\npoetry = []", "[tool.poetry]\ngroup = 1", "[tool.poetry.group]\na = 1",
            "[tool.poetry.group.a]\ndependencies = ['pytest']", "[tool.poetry]\ndev-dependencies = 'x'")),
        *((COMPOSER, "composer.json", text) for text in (
            "[]", '{"require-dev": []}', '{"require-dev": {"phpunit/phpunit": 1}, "scripts": []}')),
    ],
)  # fmt: skip
def test_lists_that_are_not_as_they_should_be_harm_nobody(
    dockerfile: str, name: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / "package.json").write_text(PACKAGE)
    (tmp_path / "a.js").write_text("require('ms')")
    (tmp_path / name).write_text(text)
    result = rewrite(dockerfile, Options(select=("DS410",), context=tmp_path))
    assert not result.bugs


@pytest.mark.parametrize("level", ["standard", "aggressive"])
@pytest.mark.parametrize(
    "dockerfile",
    [
        NODE,
        NODE.replace("npm install", "sudo npm install && npm cache clean --force"),
        NODE.replace("node:20", "node:20-slim").replace(
            "WORKDIR", "RUN apt-get update && apt-get install -y python3 make g++\nWORKDIR"
        ),
    ],
)
def test_it_goes_with_what_other_rules_do(dockerfile: str, level: str, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(PACKAGE)
    (tmp_path / "a.js").write_text("require('ms')")
    result = rewrite(dockerfile, Options(level=level, context=tmp_path))
    assert not result.bugs
    assert "DS410" in {change.rule for change in result.changes}
    assert not rewrite(result.text, Options(level=level, context=tmp_path)).changed


def test_a_lock_file_without_packages_locks_none() -> None:
    assert pnpm_packages("lockfileVersion: '6.0'\n") == ()


def test_emptying_a_cache_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "composer.json").write_text('{"require-dev": {"phpunit/phpunit": "^11"}}')
    result = rewrite(COMPOSER, Options(context=tmp_path))
    assert not result.bugs
    assert {"DS207", "DS410"} <= {change.rule for change in result.changes}
