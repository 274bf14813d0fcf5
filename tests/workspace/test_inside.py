"""What pipelines and development containers run inside of an image that the repository builds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.workspace.uses import Workspace

Make = Callable[..., Any]
DOCKERFILE = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"
INSTALL = "apt-get install -y make"


def lists(tree: Make, path: str, files: dict[str, str]) -> str:
    """What is said of apt's lists in the Dockerfile at *path*; nothing where they go."""
    made = tree({path: DOCKERFILE, **files})
    workspace = Workspace(made.root)
    options = Options(select=("DS201",), builds=lambda: workspace.projects(made.root / path))
    found = rewrite(DOCKERFILE, options)
    return "" if found.changed else "\n".join(one.reason for one in found.remarks)


def gitlab(script: str, *, image: str = "$CI_REGISTRY_IMAGE/ci:latest", how: str = "image: {}") -> dict[str, str]:
    build = "docker build -t ${CI_REGISTRY_IMAGE}/ci:latest ci"
    return {
        ".gitlab-ci.yml": f"make:\n  script: ['{build}']\n.in:\n  image: {image}\n"
        f"test:\n  {how.format(image)}\n  script:\n{script}"
    }


def github(steps: str, container: str = "ghcr.io/me/ci:latest") -> dict[str, str]:
    return {
        ".github/workflows/a.yml": "on: push\njobs:\n  make:\n    steps:\n"
        "      - run: docker build -t ghcr.io/me/ci:latest ci\n"
        f"  test:\n    container: {container}\n    steps:\n{steps}"
    }


CIRCLE = f"""\
jobs:
  make: {{machine: true, steps: [{{run: docker build -t me/ci ci}}]}}
  test:
    docker: [{{image: "me/ci:1"}}]
    steps: [checkout, {{run: {{command: {INSTALL}}}}}]
"""
DRONE = f"""\
steps:
  - {{name: make, image: docker, commands: [docker build -t me/ci ci]}}
  - {{name: test, image: me/ci, commands: [{INSTALL}]}}
"""


@pytest.mark.parametrize(
    "files",
    [
        gitlab(f"    - {INSTALL}\n"),
        gitlab(f"    - {INSTALL}\n", how="image: {{name: '{}'}}"),
        gitlab(f"    - {INSTALL}\n", how="extends: .in"),
        {
            ".gitlab-ci.yml": "make:\n  script: ['docker build -t $IMAGE ci']\n"
            f"test:\n  image: ${{IMAGE}}\n  script: [{INSTALL}]\n"
        },
        {
            ".gitlab-ci.yml": "variables:\n  HOST: registry.example.com/me\n  IMAGE: {value: '${HOST}/ci:1'}\n"
            "make:\n  script: ['docker build -t $IMAGE ci']\n"
            f"test:\n  image: $IMAGE\n  script: [{INSTALL}]\n"
        },
        {
            ".github/workflows/a.yml": "on: push\nenv: {IMAGE: ghcr.io/me/ci}\njobs:\n  make:\n    steps:\n"
            "      - run: docker build -t ghcr.io/me/ci:latest ci\n"
            f"  test:\n    container: '${{{{ env.IMAGE }}}}:1'\n    steps: [{{run: {INSTALL}}}]\n"
        },
        github(f"      - run: {INSTALL}\n"),
        github(f"      - run: |\n          ls\n          {INSTALL}\n", "{image: ghcr.io/me/ci}"),
        {".circleci/config.yml": CIRCLE},
        {".drone.yml": DRONE},
    ],
)
def test_a_job_in_the_image_installs_from_its_lists(tree: Make, files: dict[str, str]) -> None:
    assert "reads them without fetching them anew" in lists(tree, "ci/Dockerfile", files)


@pytest.mark.parametrize(
    "files",
    [
        gitlab(f"    - apt-get update\n    - {INSTALL}\n"),
        gitlab(f"    - {INSTALL}\n", how="image: debian:12"),
        github(f"      - run: apt-get update\n      - run: {INSTALL}\n"),
        github(f"      - run: {INSTALL}\n", "ghcr.io/me/other"),
    ],
)
def test_a_job_that_fetches_its_own_or_runs_elsewhere_does_not(tree: Make, files: dict[str, str]) -> None:
    assert lists(tree, "ci/Dockerfile", files) == ""


@pytest.mark.parametrize(
    ("life", "script", "stays"),
    [
        (f'"postCreateCommand": "sudo {INSTALL}"', "", True),
        ('"postCreateCommand": ["apt-get", "install", "-y", "vim"]', "", True),
        (f'"onCreateCommand": {{"a": "ls", "b": "{INSTALL}"}}', "", True),
        ('"postStartCommand": "bash .devcontainer/setup.sh"', f"{INSTALL}\n", True),
        ('"postStartCommand": "bash .devcontainer/setup.sh"', f"apt-get update\n{INSTALL}\n", False),
        (f'"postCreateCommand": "apt-get update && {INSTALL}"', "", False),
    ],
)
def test_what_a_development_container_runs_is_followed(tree: Make, life: str, script: str, stays: bool) -> None:
    files = {
        ".devcontainer/devcontainer.json": f'{{"build": {{"dockerfile": "Dockerfile"}}, {life}}}',
        ".devcontainer/setup.sh": script,
    }
    assert ("reads them" in lists(tree, ".devcontainer/Dockerfile", files)) == stays


def test_aliases_that_hold_each_other_come_to_an_end(tree: Make) -> None:
    levels = "".join(f"a{n}: &a{n} {{{', '.join(f'k{m}: *a{n - 1}' for m in range(9))}}}\n" for n in range(1, 30))
    made = tree({".drone.yml": f"image: x\na0: &a0 {{image: y, commands: [docker ps]}}\n{levels}"})
    assert len(made.graph().by_hand) < 300
