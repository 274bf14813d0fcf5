"""Templates of Azure's pipelines are read where they are included; jobs build what they have checked out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import Unknown

Make = Callable[..., Any]
FILES = {f"{name}Dockerfile": "" for name in ("", "api/", "web/")}
DIR = "${{ parameters.dir }}"
STEPS = (
    "parameters:\n- name: dir\n- name: tag\n  default: t\n"
    f"steps:\n- script: docker build -t ${{{{ parameters['tag'] }}}} {DIR}\n"
)
JOBS = (
    f"parameters: {{dir: web}}\njobs:\n- job: a\n  steps:\n  - template: steps.yml\n    parameters: {{dir: '{DIR}'}}\n"
)


def contexts(tree: Make, pipeline: str, **templates: str) -> list[object]:
    made = {f"ci/{name}.yml": text for name, text in {"steps": STEPS, "jobs": JOBS, **templates}.items()}
    return [one.context for one in tree({**FILES, "azure-pipelines.yml": pipeline, **made}).builds()]


@pytest.mark.parametrize(
    ("pipeline", "expected"),
    [
        ("steps: [{template: ci/steps.yml, parameters: {dir: api}}]\n", ["api"]),
        ("steps: [{template: /ci/steps.yml, parameters: {dir: $(d)}}]\nvariables: {d: web}\n", ["web"]),
        ("steps: [{template: ci/steps.yml@self, parameters: {dir: api}}]\n", ["api"]),
        ("steps: [{template: ci/steps.yml@other, parameters: {dir: api}}]\n", []),
        (
            "steps:\n- template: ci/steps.yml\n  parameters: {dir: api}\n- template: ci/steps.yml\n",
            ["api", Unknown(DIR)],
        ),
        ("jobs: [{template: ci/jobs.yml, parameters: {dir: api}}]\n", ["api"]),
        ("jobs: [{template: ci/jobs.yml}]\n", ["web"]),
        ("stages: [{stage: x, jobs: [{template: ci/jobs.yml, parameters: {dir: $(nobody)}}]}]\n", [Unknown(DIR)]),
        ("extends: {template: ci/jobs.yml, parameters: {dir: api}}\n", ["api"]),
        (
            "parameters: [{name: all, type: object, default: [api, web]}]\nsteps:\n"
            "- ${{ each one in parameters.all }}:\n  - template: ci/steps.yml\n    parameters: {dir: '${{ one }}'}\n",
            ["api", "web"],
        ),
        (
            "parameters: [{name: all, default: [{at: api}, {at: web}]}]\nsteps:\n"
            "- ${{ each one in parameters.all }}:\n  - script: docker build ${{ one.at }}\n",
            ["api", "web"],
        ),
    ],
)
def test_templates_are_read_with_what_they_are_given(tree: Make, pipeline: str, expected: list[object]) -> None:
    assert contexts(tree, pipeline) == expected


def test_steps_may_be_given_to_templates(tree: Make) -> None:
    template = "parameters: {more: []}\njobs:\n- job: a\n  steps:\n  - script: cd web\n  - ${{ parameters.more }}\n"
    pipeline = "jobs:\n- template: ci/around.yml\n  parameters:\n    more:\n    - script: docker build api\n"
    assert contexts(tree, pipeline, around=template) == ["api"]
    assert contexts(tree, pipeline, around=template.replace("\n  - script: cd web\n  - ", " ")) == ["api"]


def test_variables_come_from_templates(tree: Make) -> None:
    pipeline = "variables: [{template: ci/vars.yml}, {name: e, value: $(d)}]\nsteps: [{script: docker build $(e)}]\n"
    assert contexts(tree, pipeline, vars="variables: {d: api}\n") == ["api"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("{checkout: self}", "api"),
        ("{checkout: other}", Unknown("api")),
        ("{checkout: none}", Unknown("api")),
        ("{checkout: self}, {checkout: other}", Unknown("api")),
        ("{checkout: self, path: s/api}, {checkout: other}", ""),
        ("{checkout: self, path: s/x}, {checkout: other, path: s/api}", Unknown("api")),
    ],
)
def test_jobs_build_what_they_check_out(tree: Make, steps: str, expected: object) -> None:
    assert contexts(tree, f"steps: [{steps}, {{script: docker build api}}]\n") == [expected]
    assert contexts(tree, f"steps: [{steps}, {{template: ci/steps.yml, parameters: {{dir: api}}}}]\n") == [
        expected if isinstance(expected, str) else Unknown("api")
    ]


@pytest.mark.parametrize("off", ["condition: false", "enabled: false"])
def test_what_is_switched_off_builds_nothing(tree: Make, off: str) -> None:
    assert contexts(tree, f"steps: [{{script: docker build api, {off}}}]\n") == []
    assert contexts(tree, f"jobs: [{{job: a, {off}, steps: [{{script: docker build api}}]}}]\n") == []


def test_templates_that_include_themselves_end(tree: Make) -> None:
    loop = "steps:\n- script: docker build api\n" + "- template: loop.yml\n" * 3
    start = time.perf_counter()
    assert contexts(tree, "steps: [{template: ci/loop.yml}]\n", loop=loop) == ["api"]
    assert time.perf_counter() - start < 10
