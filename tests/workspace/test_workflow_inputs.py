"""Reusable workflows and actions: what callers of the repository give them, and images of actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import Unknown

Make = Callable[..., Any]
FILES = {f"{name}Dockerfile": "" for name in ("", "api/", "web/", "k/")}
REUSED = """
on: {workflow_call: {inputs: {dir: {type: string, default: web}}}}
jobs: {r: {steps: [run: "docker build ${{ inputs.dir }}"]}}
"""
CALLER = """
jobs:
  a: {uses: ./.github/workflows/r.yml, strategy: {matrix: {d: [api, k]}}, with: {dir: "${{ matrix.d }}"}}
  b: {uses: ./.github/workflows/r.yml}
  c: {uses: ./.github/workflows/r.yml, with: {dir: "${{ github.ref }}"}}
"""
COMPOSITE = """
inputs: {d: {default: web}}
runs:
  using: composite
  steps:
  - {run: "docker build ${{ inputs.d }}", shell: bash}
  - {run: "docker build ${{ github.action_path }}/../k", shell: bash}
"""


def test_inputs_are_what_callers_give(tree: Make) -> None:
    made = tree({**FILES, ".github/workflows/r.yml": REUSED, ".github/workflows/ci.yml": CALLER})
    assert [one.context for one in made.builds()] == ["api", "k", "web", Unknown("${{ inputs.dir }}")]


def test_inputs_of_a_file_that_nobody_calls_are_not_known(tree: Make) -> None:
    assert tree({**FILES, ".github/workflows/r.yml": REUSED}).build().context == Unknown("${{ inputs.dir }}")


@pytest.mark.parametrize(("given", "context"), [("{d: api}", "api"), ("{}", "web")])
def test_actions_get_inputs_from_steps(tree: Make, given: str, context: str) -> None:
    caller = f"jobs: {{x: {{steps: [{{uses: ./act, with: {given}}}]}}}}\n"
    made = tree({**FILES, "act/action.yml": COMPOSITE, ".github/workflows/ci.yml": caller})
    assert [one.context for one in made.builds()] == [context, "k"]


def test_an_action_that_is_a_dockerfile_is_a_build(tree: Make) -> None:
    text = 'name: y\nruns: {using: docker, image: "image/Dockerfile", args: [x, "${{ inputs.d }}"]}\n'
    build = tree({"act/action.yml": text, "act/image/Dockerfile": ""}).build()
    assert (build.kind, build.name, build.context, build.dockerfile) == (
        "action",
        "y",
        "act/image",
        "act/image/Dockerfile",
    )
    assert build.runner is not None
    assert (build.runner.user, build.runner.command) == ("root", ("x", Unknown("${{ inputs.d }}")))
    assert tree({"act/action.yml": text.replace("image/Dockerfile", "docker://alpine")}).builds() == []
