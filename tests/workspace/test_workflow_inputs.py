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


ACTION = "inputs: {dir: {}}\nruns: {using: composite, steps: [{run: 'docker build ${{ inputs.dir }}', shell: bash}]}\n"
REUSABLE = (
    "on: {workflow_call: {inputs: {service: {default: none}}}}\n"
    "jobs: {b: {steps: [{uses: ./.github/actions/build, with: {dir: 'svc/${{ inputs.service }}'}}]}}\n"
)


def test_inputs_are_handed_on_from_workflow_to_workflow_to_action(tree: Make) -> None:
    files = {
        "svc/a/Dockerfile": "",
        "svc/b/Dockerfile": "",
        ".github/actions/build/action.yml": ACTION,
        ".github/workflows/reusable.yml": REUSABLE,
    }
    caller = (
        "on: push\njobs: {a: {strategy: {matrix: {s: [a, b]}}, uses: ./.github/workflows/reusable.yml,"
        " with: {service: '${{ matrix.s }}'}}}\n"
    )
    made = tree({**files, ".github/workflows/a.yml": caller})
    assert [one.context for one in made.builds()] == ["svc/a", "svc/b"]
    made = tree({".github/workflows/a.yml": "on: push\njobs: {a: {uses: ./.github/workflows/reusable.yml}}\n"})
    assert [one.context for one in made.builds()] == ["svc/none"]
    # Whoever calls it is not here.
    made = tree({".github/workflows/a.yml": "on: push\njobs: {}\n"})
    assert [one.context for one in made.builds()] == [Unknown("${{ inputs.dir }}")]


def test_actions_hand_inputs_to_actions_and_may_call_themselves(tree: Make) -> None:
    outer = (
        "inputs: {x: {default: svc}}\nruns: {using: composite, steps: ["
        "{uses: ./build, with: {dir: '${{ inputs.x }}/a'}}, {uses: ./outer, with: {x: '${{ inputs.x }}'}}]}\n"
    )
    caller = "on: push\nenv: {X: svc}\njobs: {a: {steps: [{uses: ./outer, with: {x: '${{ env.X }}'}}]}}\n"
    files = {"svc/a/Dockerfile": "", "build/action.yml": ACTION, "outer/action.yml": outer}
    assert tree({**files, ".github/workflows/a.yml": caller}).build().context == "svc/a"
