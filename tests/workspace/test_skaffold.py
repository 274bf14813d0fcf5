"""What Skaffold's profiles and custom builders build."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import Unknown

Make = Callable[..., Any]
HEAD = "apiVersion: skaffold/v4beta11\nkind: Config\n"
PLAIN = f"{HEAD}build: {{artifacts: [{{image: a, context: app}}, {{image: b, context: web}}]}}\n"
FILES = {"app/Dockerfile": "", "web/Dockerfile": "", "app/Dockerfile.dev": ""}


def found(tree: Make, text: str) -> list[tuple[object, ...]]:
    builds = tree({**FILES, "skaffold.yaml": text}).builds()
    return [(one.condition, one.context, one.dockerfile, one.target) for one in builds]


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        (
            "{op: add, path: /build/artifacts/0/docker, value: {dockerfile: Dockerfile.dev, target: dev}}",
            [("app", "app/Dockerfile.dev", "dev")],
        ),
        ("{path: /build/artifacts/1/context, value: app}", [("app", "app/Dockerfile", None)]),
        ("{op: add, path: /build/artifacts/-, value: {image: c, context: .}}", [("", "Dockerfile", None)]),
        (
            "{op: remove, path: /build/artifacts/0}, {path: /build/artifacts/0/context, value: x}",
            [("x", "x/Dockerfile", None)],
        ),
        ("{op: replace, path: /build/artifacts/0/docker/target, value: x}", []),
        ("{op: replace, path: /build/artifacts/7/context, value: x}", []),
        ("{op: replace, path: /deploy/x, value: x}", []),
    ],
)
def test_profiles_patch_artifacts(tree: Make, patches: str, expected: list[tuple[object, ...]]) -> None:
    builds = found(tree, f"{PLAIN}profiles: [{{name: dev, patches: [{patches}]}}]\n")
    assert builds[:2] == [(None, "app", "app/Dockerfile", None), (None, "web", "web/Dockerfile", None)]
    assert builds[2:] == [("profile dev", *one) for one in expected]


def test_profiles_are_patched_after_what_they_replace(tree: Make) -> None:
    profile = (
        "profiles: [{name: dev, build: {artifacts: [{image: a, context: web}]},"
        " patches: [{op: add, path: /build/artifacts/0/docker, value: {target: dev}}]}]\n"
    )
    assert found(tree, PLAIN + profile)[2:] == [("profile dev", "web", "web/Dockerfile", "dev")]


@pytest.mark.parametrize(
    ("custom", "expected"),
    [
        ("{buildCommand: docker build -t $IMAGE .}", [("app", "app/Dockerfile")]),
        ("{buildCommand: 'docker build -f Dockerfile.dev \"$BUILD_CONTEXT\"'}", [("app", "app/Dockerfile.dev")]),
        ("{buildCommand: ./build.sh}", []),
        (
            "{buildCommand: ./build.sh, dependencies: {dockerfile: {path: Dockerfile.dev}}}",
            [(Unknown("./build.sh"), "app/Dockerfile.dev")],
        ),
    ],
)
def test_custom_builders(tree: Make, custom: str, expected: list[tuple[object, ...]]) -> None:
    builds = found(tree, f"{HEAD}build: {{artifacts: [{{image: a, context: app, custom: {custom}}}]}}\n")
    assert [one[1:3] for one in builds] == expected
