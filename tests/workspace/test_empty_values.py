"""What is said to be empty is as if nobody said it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
STEP = "jobs: {a: {steps: [{uses: docker/build-push-action@v6, with: %s}]}}\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", "services: {a: {build: {context: app, target: '', dockerfile: ''}}}\n"),
        ("compose.yaml", "services: {a: {build: {context: app, target: , dockerfile: }}}\n"),
        ("docker-bake.hcl", 'target "a" {\n context = "app"\n target = ""\n dockerfile = ""\n}\n'),
        (".github/workflows/a.yml", STEP % "{context: app, target: '', file: ''}"),
        ("build.sh", "docker build --target '' app\n"),
        (
            "skaffold.yaml",
            "apiVersion: skaffold/v3\nbuild: {artifacts: [{image: a, context: app, docker: {target: ''}}]}\n",
        ),
        ("Tiltfile", "docker_build('a', 'app', target='')\n"),
        (".devcontainer.json", '{"build": {"dockerfile": "app/Dockerfile", "context": "app", "target": ""}}'),
    ],
)
def test_an_empty_stage_and_an_empty_file_are_none(tree: Make, name: str, text: str) -> None:
    build = tree({"app/Dockerfile": "", name: text}).build()
    assert (build.context, build.dockerfile, build.target) == ("app", "app/Dockerfile", None)


def test_an_empty_context_of_an_action_is_the_repository(tree: Make) -> None:
    build = tree({"Dockerfile": "", ".github/workflows/a.yml": STEP % "{context: ''}"}).build()
    assert (build.context, build.dockerfile) == ("", "Dockerfile")
