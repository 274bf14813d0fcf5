"""What Compose and Bake say themselves of the same files, where they are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]

COMPOSE = {
    "short and long": """
services:
  a: {build: ./a}
  b:
    build: {context: ., dockerfile: b/Dockerfile.dev, target: prod, args: {A: "1", B: two}}
  c: {image: debian:12}
""",
    "anchors and merge keys": """
x-build: &build {context: ./a, args: &args {A: "1"}}
x-more: &more
  build: {<<: *build, target: dev}
services:
  a: {build: *build}
  b: {<<: *more, image: x/b}
  c:
    build: {<<: *build, args: {<<: *args, B: "2"}, dockerfile: other.Dockerfile}
""",
    "variables": """
services:
  a:
    build:
      context: ${DIR:-./a}
      dockerfile: ${FILE-Dockerfile.x}
      target: ${EMPTY:-prod}
      args: ["A=${FROM_ENV}", "B=$FROM_ENV/x", "C=$$HOME", "D=${EMPTY-unset}"]
    image: ${REGISTRY:-docker.io}/a:${TAG:-1}
""",
    "extends": """
services:
  base: {build: {context: ./a, args: {A: "1"}}, image: x/base}
  b:
    extends: {service: base}
    build: {target: dev, args: {B: "2"}}
    image: x/b
  c:
    extends: {file: other/common.yaml, service: web}
    image: x/c
""",
}
BESIDE = {
    ".env": "FROM_ENV=from .env\nEMPTY=\nTAG='1.2'\n",
    **{f"{one}/Dockerfile": "FROM debian:12\n" for one in ("a", "b")},
}
EXTENDED = {
    "other/common.yaml": "services:\n  web:\n    build: {context: ./web, dockerfile: Dockerfile.web}\n",
    "other/web/Dockerfile.web": "FROM debian:12\n",
}
OVERRIDE = """
services:
  a: {build: {target: late, args: {A: "changed", Z: "9"}}}
"""

BAKE = {
    "groups, inheritance and functions": """
variable "TAG" { default = "1.${MINOR}" }
variable "MINOR" { default = "2" }
function "name" { params = [x]
  result = "example/${x}:${TAG}" }
group "default" { targets = ["web", "job"] }
target "base" { context = "src"
  args = { A = "1", B = upper("two") } }
target "web" { inherits = ["base"]
  target = "web"
  tags = [name("web")] }
target "job" { inherits = ["base"]
  dockerfile = "job.Dockerfile"
  args = { B = MINOR == "2" ? "yes" : "no" }
  tags = [name("job"), "example/job:latest"] }
""",
    "a matrix": """
group "default" { targets = ["app"] }
target "app" {
  name = "app-${item}"
  matrix = { item = ["a", "b"] }
  context = "./${item}"
  target = item
  tags = ["x/${item}"]
}
""",
    "heredocs, lists and conditions": """
variable "CI" { default = "" }
target "default" {
  context = "."
  dockerfile-inline = <<EOT
FROM debian:12
EOT
  args = { L = join(",", concat(["a"], ["b", "c"])), M = CI != "" ? "ci" : "local" }
}
""",
}


@cache
def compose_command() -> tuple[str, ...] | None:
    """How Compose is called here: the plug-in of Docker, or the program of its own that came before."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]) is None:
            continue
        if subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0:
            return command
    return None


@cache
def has_bake() -> bool:
    command = ["docker", "buildx", "version"]
    return (
        shutil.which("docker") is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


def ask(folder: Path, *command: str) -> str:
    bare = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=bare)
    assert done.returncode == 0, done.stderr
    return done.stdout


def by_compose(folder: Path, files: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The services that build something, as Compose prints them."""
    from ruamel.yaml import YAML

    command = compose_command()
    assert command is not None
    asked = [word for file in files for word in ("-f", file)]
    found = YAML(typ="safe").load(ask(folder, *command, *asked, "config"))["services"]
    return {name: dict(one, build=_long(one["build"])) for name, one in found.items() if "build" in one}


def _long(build: Any) -> dict[str, Any]:
    return {"context": build} if isinstance(build, str) else dict(build)


def _args(args: Any) -> dict[str, str | None]:
    pairs = [one.partition("=")[::2] for one in args] if isinstance(args, list) else (args or {}).items()
    return {name: None if value is None else str(value).replace("$$", "$") for name, value in pairs}


def compared(made: Any, told: Mapping[str, dict[str, Any]]) -> None:
    """Each build that Compose sees is seen here alike, and no other."""
    own = {build.name: build for build in made.builds()}
    assert own.keys() == told.keys()
    for name, service in told.items():
        build, other = own[name], service["build"]
        context = os.path.relpath(os.path.join(made.root, other["context"]), made.root)
        assert (build.context or ".") == context
        assert build.dockerfile == os.path.normpath(os.path.join(context, other.get("dockerfile", "Dockerfile")))
        assert build.target == other.get("target")
        assert dict(build.args) == _args(other.get("args"))
        if "image" in service:
            assert service["image"] in build.tags


@pytest.mark.skipif(compose_command() is None, reason="Compose is not installed")
@pytest.mark.parametrize("case", COMPOSE)
def test_compose_sees_the_same(tree: Make, case: str) -> None:
    made = tree({"compose.yaml": COMPOSE[case], **BESIDE, **(EXTENDED if case == "extends" else {})})
    compared(made, by_compose(made.root, ("compose.yaml",)))


@pytest.mark.skipif(compose_command() is None, reason="Compose is not installed")
@pytest.mark.parametrize("case", ["short and long", "anchors and merge keys", "variables"])
def test_compose_merges_the_same(tree: Make, case: str) -> None:
    made = tree({"compose.yaml": COMPOSE[case], "compose.override.yaml": OVERRIDE, **BESIDE})
    compared(made, by_compose(made.root, ("compose.yaml", "compose.override.yaml")))


@pytest.mark.skipif(not has_bake(), reason="docker buildx is not installed")
@pytest.mark.parametrize("case", BAKE)
def test_bake_sees_the_same(tree: Make, case: str) -> None:
    made = tree({"docker-bake.hcl": BAKE[case], **BESIDE})
    told = json.loads(ask(made.root, "docker", "buildx", "bake", "--print"))["target"]
    own = {build.name: build for build in made.builds() if build.name in told}
    assert own.keys() == told.keys()
    for name, target in told.items():
        build = own[name]
        context = os.path.normpath(target["context"])
        assert (build.context or ".") == context
        if "dockerfile-inline" in target:
            assert build.inline == target["dockerfile-inline"]
        else:
            assert build.dockerfile == os.path.normpath(os.path.join(context, target["dockerfile"]))
        assert build.target == target.get("target")
        assert dict(build.args) == target.get("args", {})
        assert list(build.tags) == target.get("tags", [])
