"""Paths of jobs and scripts lead to where they have put which repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import Unknown

Make = Callable[..., Any]
FILES = {f"{name}Dockerfile": "" for name in ("", "app/", "api/")}
CHECKOUT = "    - uses: actions/checkout@v4\n"
OWN = f"{CHECKOUT}      with: {{path: src}}\n"
OTHER = f"{CHECKOUT}      with: {{repository: other/one}}\n"
BELOW = f"{CHECKOUT}{CHECKOUT}      with: {{repository: other/one, path: ./app}}\n"
NOT_HERE = (Unknown("app"), Unknown("app/Dockerfile"))


def run(command: str) -> str:
    return f"    - run: {command}\n"


def action(given: str) -> str:
    return f"    - uses: docker/build-push-action@v6\n      with: {{{given}}}\n"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (OWN + run("docker build src/app"), ("app", "app/Dockerfile")),
        (OWN + run("cd src && docker build -f app/Dockerfile ."), ("", "app/Dockerfile")),
        (OWN + run("docker build $GITHUB_WORKSPACE/src/app"), ("app", "app/Dockerfile")),
        (OWN + run("docker build .") + "      working-directory: src/app\n", ("app", "app/Dockerfile")),
        (OWN + run("docker build app"), NOT_HERE),
        (OWN + action("context: src/app"), ("app", "app/Dockerfile")),
        (OWN + action("context: src, file: src/app/Dockerfile"), ("", "app/Dockerfile")),
        (OWN + action("file: app/Dockerfile"), ("", "app/Dockerfile")),
        (OWN + action("context: '{{defaultContext}}:app'"), ("app", "app/Dockerfile")),
        (OWN.replace("src", "'${{ inputs.x }}'") + run("docker build app"), NOT_HERE),
        (OTHER + run("docker build app"), NOT_HERE),
        (OTHER + action("context: app"), NOT_HERE),
        (OTHER + action("tags: x"), ("", "Dockerfile")),
        (OTHER.replace("other/one", "'${{ github.repository }}'") + run("docker build app"), ("app", "app/Dockerfile")),
        (OTHER.replace("other/one", "'${{ inputs.x }}'") + run("docker build app"), NOT_HERE),
        (BELOW + run("docker build app"), NOT_HERE),
        (BELOW + action("context: app"), NOT_HERE),
        (BELOW + run("docker build -f app/Dockerfile ."), ("", Unknown("app/Dockerfile"))),
        (BELOW + run("docker build api"), ("api", "api/Dockerfile")),
        (run("git clone https://example.com/x/app.git && cd app && docker build ."), (Unknown("app"), NOT_HERE[1])),
        (run("git clone --depth 1 git@example.com:x/y app; docker build app"), NOT_HERE),
        (run("git clone https://example.com/x/y; docker build app"), ("app", "app/Dockerfile")),
        (run("docker build app"), ("app", "app/Dockerfile")),
    ],
)
def test_where_jobs_put_repositories(tree: Make, steps: str, expected: tuple[object, object]) -> None:
    build = tree({**FILES, ".github/workflows/a.yml": f"jobs:\n  a:\n    steps:\n{steps}"}).build()
    assert (build.context, build.dockerfile) == expected


def test_further_contexts_of_actions_are_seen_from_the_checkout(tree: Make) -> None:
    given = 'context: src, build-contexts: "a=./src/app\\nb=docker-image://x\\nc=./lost"'
    build = tree({**FILES, ".github/workflows/a.yml": f"jobs:\n  a:\n    steps:\n{OWN}{action(given)}"}).build()
    assert build.contexts == (("a", "app"), ("b", "docker-image://x"), ("c", Unknown("lost")))


@pytest.mark.parametrize("condition", ["false", "${{ false }}", "'${{ false }}'"])
def test_what_is_switched_off_builds_nothing(tree: Make, condition: str) -> None:
    step = f"    - if: {condition}\n      run: docker build app\n"
    job = f"  b:\n    if: {condition}\n    steps:\n{run('docker build app')}"
    made = tree({**FILES, ".github/workflows/a.yml": f"jobs:\n  a:\n    steps:\n{step}{run('docker build api')}{job}"})
    assert made.build().context == "api"
