"""The commands on repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]
DOCKERFILE = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"


def call(where: Path, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("DOCKERSLIM_")}
    return subprocess.run(
        [sys.executable, "-m", "dockerslim_rewrite", *arguments],
        cwd=where,
        input=stdin,
        capture_output=True,
        text=True,
        env={**variables, "PYTHONPATH": str(root), **environment},
    )


@pytest.fixture
def made(tree: Make) -> Any:
    return tree(
        {
            "Dockerfile": DOCKERFILE,
            "a/web.Dockerfile": DOCKERFILE,
            "b/Dockerfile.j2": "FROM {{ base }}\n",
            "vendor/Dockerfile": DOCKERFILE,
            "compose.yaml": "services:\n  web:\n    build: {context: a, dockerfile: web.Dockerfile, target: prod}\n",
        }
    )


def test_a_directory_is_rewritten(made: Any) -> None:
    done = call(made.root, "rewrite", ".")
    assert done.returncode == 0
    assert done.stdout.count("--- a/") == 2
    assert "dockerslim: 1 file skipped; `dockerslim files` says why" in done.stderr
    assert (made.root / "Dockerfile").read_text() == DOCKERFILE
    assert call(made.root, "rewrite", ".", "--check").returncode == 1
    assert call(made.root, "rewrite", ".", "--in-place").returncode == 0
    assert "rm -rf /var/lib/apt/lists" in (made.root / "a/web.Dockerfile").read_text()
    assert (made.root / "vendor/Dockerfile").read_text() == DOCKERFILE
    assert call(made.root, "rewrite", "**/*ockerfile", "--check").returncode == 0


def test_a_directory_without_dockerfiles(tree: Make) -> None:
    done = call(tree({"README.md": ""}).root, "rewrite", ".")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "dockerslim: no Dockerfile found; `dockerslim files` says what was skipped\n"


def test_files(made: Any) -> None:
    done = call(made.root, "files")
    assert done.stdout.split() == ["Dockerfile", "a/web.Dockerfile"]
    assert done.stderr.splitlines() == [
        "skipped: b/Dockerfile.j2: a template: line 1 holds {{ base }}",
        "skipped: vendor/: other people's code",
    ]
    listed = json.loads(call(made.root, "files", "--format", "json").stdout)
    assert listed["covered"] == ["Dockerfile", "a/web.Dockerfile"]
    assert listed["skipped"][1] == {"path": "vendor", "reason": "other people's code", "directory": True}
    assert call(made.root, "files", "*.none").returncode == 2


def test_builds(made: Any) -> None:
    text = "a/web.Dockerfile\n  compose.yaml:3: compose web: context a, stage prod\n1 build\n"
    assert call(made.root, "builds").stdout == text
    assert call(made.root, "builds", "a/web.Dockerfile").stdout == text
    assert call(made.root, "builds", "Dockerfile").stdout == "no builds found\n"
    (one,) = json.loads(call(made.root, "builds", "--format", "json").stdout)
    assert (one["context"], one["place"]) == ("a", {"path": "compose.yaml", "line": 3})
    assert call(made.root, "builds", "--format", "mermaid").stdout == (
        'flowchart LR\n  d0["a/web.Dockerfile"]\n  d0 -->|prod| b0_0(["compose web (compose.yaml:3)"])\n'
    )
    assert 'd0 -> b0_0 [label="prod"];' in call(made.root, "builds", "--format", "dot").stdout
    assert call(made.root, "builds", "--format", "xml").returncode == 2
    assert call(made.root, "builds", "missing").returncode == 2


def test_configuration_counts_and_the_command_line_has_the_last_word(made: Any) -> None:
    (made.root / "dockerslim.toml").write_text('exclude = ["a"]\n[per-file."Dockerfile"]\nignore = ["DS201"]\n')
    assert call(made.root, "rewrite", ".", "--check").returncode == 0
    assert call(made.root, "rewrite", ".", "--check", "--isolated").returncode == 1
    assert call(made.root, "rewrite", "Dockerfile", "--check", "--ignore", "DS601").returncode == 1
    assert call(made.root, "rewrite", "Dockerfile", "--check", DOCKERSLIM_IGNORE="DS601").returncode == 1
    shown = call(made.root, "config", "show", "Dockerfile").stdout
    assert f"ignore = [\"DS201\"]  # {made.root}/dockerslim.toml: per-file 'Dockerfile'" in shown.splitlines()
    assert 'level = "standard"  # default' in shown.splitlines()
    assert (
        f"# excluded by 'a' in {made.root}/dockerslim.toml"
        in call(made.root, "config", "show", "a/web.Dockerfile").stdout
    )


def test_a_typed_default_overrides_the_configuration(made: Any) -> None:
    (made.root / "dockerslim.toml").write_text('level = "safe"\nselect = ["DS601"]\n')
    (made.root / "Dockerfile").write_text("FROM debian:12\nCMD python app.py\n")
    for options in ((), ("--engine", "docker", "--verify")):
        done = call(made.root, "rewrite", "Dockerfile", "--check", "--select", "DS603", "--level", "standard", *options)
        assert done.returncode == (1 if not options else 2)
    assert call(made.root, "rewrite", "Dockerfile", "--check").returncode == 0


def test_a_mistake_in_the_configuration_is_one_line(made: Any) -> None:
    (made.root / "dockerslim.toml").write_text("levle = 1\n")
    for arguments in (["rewrite", "Dockerfile"], ["rewrite", "."], ["files"], ["config", "show", "Dockerfile"]):
        done = call(made.root, *arguments)
        assert done.returncode == 2
        assert done.stderr == f"dockerslim: {made.root}/dockerslim.toml: unknown key 'levle'; did you mean 'level'?\n"


def test_standard_input_in_the_place_of_a_file(made: Any) -> None:
    (made.root / "dockerslim.toml").write_text('[per-file."a/*"]\nignore = ["DS201"]\n')
    assert "lists" in call(made.root, "rewrite", "-", stdin=DOCKERFILE).stdout
    assert (
        "lists" not in call(made.root, "rewrite", "-", "--stdin-filename", "a/web.Dockerfile", stdin=DOCKERFILE).stdout
    )


def test_the_context_of_a_compose_file(tree: Make) -> None:
    made = tree(
        {
            "docker/Dockerfile": "FROM alpine:3.20\nCOPY app.py missing.py /\n",
            "docker/missing.py": "",
            "src/app.py": "",
            "compose.yaml": "services: {a: {build: {context: src, dockerfile: ../docker/Dockerfile}}}\n",
        }
    )
    assert "missing.py is not in the build context (src)" in call(made.root, "rewrite", "docker/Dockerfile").stderr
    (made.root / "dockerslim.toml").write_text('contexts = {"docker/*" = "docker"}\n')
    assert "app.py is not in the build context (docker)" in call(made.root, "rewrite", "docker/Dockerfile").stderr


def test_builds_of_files_that_are_not_known_have_their_own_heading(tree: Make) -> None:
    made = tree(
        {
            "x.sh": 'docker build "$@" .\ndocker build - < a/Dockerfile\ndocker build - <x.tar\n',
            "Dockerfile": "",
            "a/Dockerfile": "",
        }
    )
    assert call(made.root, "builds").stdout == (
        '(unknown)\n  x.sh:1: shell .: Dockerfile unknown ("$@"), context ., stage unknown ("$@"), …=unknown ("$@")\n'
        "  x.sh:3: shell -: Dockerfile unknown (x.tar), context unknown (-)\n"
        "a/Dockerfile\n  x.sh:2: shell -: context unknown (-)\n3 builds\n"
    )
    for form in ("mermaid", "dot"):
        drawn = call(made.root, "builds", "--format", form).stdout
        assert ("(unknown)" in drawn, '"Dockerfile"' in drawn) == (True, False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('ignore = ["DS2O5"]\n', "ignore: unknown rule 'DS2O5'; did you mean DS"),
        ('[per-file."x"]\nselect = ["nothing"]\n', "per-file 'x': select: unknown rule 'nothing'"),
        ('[contexts]\n"x" = "nope"\n', "contexts 'x': nope is not a directory"),
    ],
)
def test_what_is_configured_for_other_files_is_looked_at(made: Any, text: str, told: str) -> None:
    (made.root / ".dockerslim.toml").write_text(text)
    shown = call(made.root, "config", "show", "Dockerfile")
    assert (shown.returncode, told in shown.stderr) == (2, True), shown.stderr


def test_builds_that_differ_in_what_is_not_shown_are_counted(tree: Make) -> None:
    made = tree({"x.sh": "docker build -t a:1 .; docker build -t a:1 -t b .\n", "Dockerfile": ""})
    assert call(made.root, "builds").stdout == "Dockerfile\n  x.sh:1: shell a:1: context . (2 builds)\n2 builds\n"


def test_a_broken_configuration_is_one_line_for_files_too(made: Any) -> None:
    (made.root / "dockerslim.toml").write_text("level = \n")
    done = call(made.root, "files")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"dockerslim: {made.root}/dockerslim.toml: no TOML: Invalid value (at line 1, column 9)\n"


def test_a_file_that_is_not_there_is_told(made: Any) -> None:
    done = call(made.root, "files", "a", "lost/Dockerfile")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "dockerslim: lost/Dockerfile: no such file\n")


def test_patterns_of_the_configuration_that_match_nothing_are_told(made: Any) -> None:
    (made.root / "dockerslim.toml").write_text(
        'exclude = ["one/day"]\n[contexts]\n"a/web.dockerfile" = "."\n"a/*" = "."\n'
        '[per-file."lost/**"]\nlevel = "safe"\n[build-args."b/*"]\nA = "1"\n'
    )
    file = f"{made.root}/dockerslim.toml"
    told = [
        f"dockerslim: {file}: contexts 'a/web.dockerfile': matches no Dockerfile",
        f"dockerslim: {file}: per-file 'lost/**': matches no Dockerfile",
    ]
    for arguments in (("files",), ("rewrite", ".", "--check")):
        done = call(made.root, *arguments)
        assert done.stderr.splitlines()[:2] == told
        assert done.returncode in (0, 1)
    # What lies elsewhere may match.
    assert "matches" not in call(made.root, "files", "a").stderr
    assert "matches" not in call(made.root, "rewrite", ".", "--check", "--quiet").stderr


def test_a_configured_context_comes_before_that_of_a_build(made: Any) -> None:
    (made.root / "dockerslim.toml").write_text('[contexts]\n"a/*" = "b"\n')
    done = call(made.root, "config", "show", "a/web.Dockerfile")
    assert f"# built with context {made.root}/b, stage prod: as configured" in done.stdout.splitlines()
