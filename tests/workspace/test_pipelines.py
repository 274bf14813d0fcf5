"""Builds in pipelines: what jobs extend and include, matrices, variables, and commands that share a shell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import FoundBuild, Text, Unknown

Make = Callable[..., Any]
FILES = {f"{name}Dockerfile": "" for name in ("", "api/", "web/", "k/", "svc/a/", "svc/b/")}


def contexts(builds: list[FoundBuild]) -> list[Text]:
    return [one.context for one in builds]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".gitlab-ci.yml", "x: {script: [cd api, docker build .]}\n", ["api"]),
        (".gitlab-ci.yml", "default: {before_script: [cd api]}\nx: {script: docker build .}\n", ["api"]),
        (".gitlab-ci.yml", "x: {before_script: [cd svc], script: [cd a, docker build .]}\n", ["svc/a"]),
        (
            ".gitlab-ci.yml",
            "x:\n  parallel: {matrix: [{S: [a, b]}]}\n  script: [cd svc/$S, docker build .]\n",
            ["svc/a", "svc/b"],
        ),
        (".gitlab-ci.yml", 'x: {script: ["cd $NOPE; docker build ."]}\n', [Unknown(".")]),
        (".gitlab-ci.yml", "x: {script: [cd api], after_script: [docker build .]}\n", [""]),
        (".gitlab-ci.yml", "default: {after_script: [docker build k]}\nx: {script: [a]}\n", ["k"]),
        (".gitlab-ci.yml", "after_script: [docker build k]\nx: {script: [a], inherit: {default: false}}\n", []),
        (
            ".gitlab-ci.yml",
            "variables: {D: web, E: k}\nx: {script: ['docker build $D; docker build $E'], inherit: {variables: [E]}}\n",
            [Unknown("$D"), "k"],
        ),
        (
            ".gitlab-ci.yml",
            "variables: {B: svc, D: $B/a, TAG: '$CI_REGISTRY/x:$D'}\nx: {script: 'docker build -t $TAG $D'}\n",
            ["svc/a"],
        ),
        (
            ".gitlab-ci.yml",
            "variables: {D: web}\n.base: {script: [docker build $D]}\na: {extends: .base}\n"
            "b: {extends: [.base], variables: {D: api}}\n",
            ["web", "api"],
        ),
        (".gitlab-ci.yml", ".b: {script: [cd k]}\nx: {script: [!reference [.b, script], docker build .]}\n", ["k"]),
        (
            ".gitlab-ci.yml",
            "variables: {D: web}\nx: {rules: [{if: a, variables: {D: k}}], script: [docker build $D]}\n",
            [Unknown("$D")],
        ),
        (".gitlab-ci.yml", "variables: {D: {value: api, description: d}}\nx: {script: docker build $D}\n", ["api"]),
        (".gitlab-ci.yml", "variables: {D: api, E: svc/$F, F: a}\nx: {script: D=web; docker build $D}\n", ["web"]),
        (".travis.yml", "install: [cd api]\nscript: [docker build ., cd ../web, docker build .]\n", ["api", "web"]),
        ("bitbucket-pipelines.yml", "pipelines:\n  default:\n  - step: {script: [cd k, docker build .]}\n", ["k"]),
        ("Taskfile.yml", "tasks:\n  a: {dir: web, cmds: [cd x, docker build .]}\n", ["web"]),
        ("Taskfile.yml", "tasks:\n  a: {cmds: ['docker build {{.D}}']}\n", [Unknown("{{.D}}")]),
        (
            "azure-pipelines.yml",
            "variables: {dir: web}\nsteps:\n- task: Docker@2\n"
            "  inputs: {command: build, buildContext: $(dir), Dockerfile: $(Dir)/Dockerfile}\n",
            ["web"],
        ),
        (
            "azure-pipelines.yml",
            "jobs:\n- job: x\n  strategy: {matrix: {one: {S: a}, two: {S: b}}}\n"
            "  steps: [{script: docker build svc/$(S)}]\n",
            ["svc/a", "svc/b"],
        ),
        (
            "azure-pipelines.yml",
            "variables: [{name: d, value: k}]\nsteps:\n- bash: docker build $(pwd)/$(d) && docker build $(x)\n",
            ["k", Unknown("$(x)")],
        ),
        (
            "azure-pipelines.yml",
            "steps:\n- {task: Docker@2, inputs: {command: build, Dockerfile: '**/svc/a/Dockerfile'}}\n",
            ["svc/a"],
        ),
        (
            "azure-pipelines.yml",
            "steps:\n- {task: Docker@2, inputs: {command: build, Dockerfile: '**/Dockerfile'}}\n",
            [Unknown("**")],
        ),
    ],
)
def test_commands_are_followed_as_the_service_runs_them(tree: Make, name: str, text: str, expected: list[Text]) -> None:
    assert contexts(tree({**FILES, name: text}).builds()) == expected


def test_local_files_are_included_and_read_once(tree: Make) -> None:
    more = "variables: {E: api}\nb: {script: [docker build $E, docker build $D]}\n"
    made = tree(
        {
            **FILES,
            ".gitlab-ci.yml": "include: [{local: /ci/more.gitlab-ci.yml}]\nvariables: {D: web}\n"
            "c: {trigger: {include: ci/child.yml}}\n",
            "ci/more.gitlab-ci.yml": more,
            "ci/child.yml": "d: {script: docker build k}\n",
        }
    )
    assert sorted((str(one.context), one.place.path) for one in made.builds()) == [
        ("api", "ci/more.gitlab-ci.yml"),
        ("k", "ci/child.yml"),
        ("web", "ci/more.gitlab-ci.yml"),
    ]


CIRCLE = """
version: 2.1
orbs: {docker: circleci/docker@2.5}
commands:
  image:
    parameters: {dir: {type: string, default: web}}
    steps: [run: docker build << parameters.dir >>]
jobs:
  one:
    parameters: {d: {type: string}}
    steps: [image, image: {dir: << parameters.d >>}, docker/build: {path: k, docker-context: k, image: img}]
workflows:
  w: {jobs: [one: {matrix: {parameters: {d: [api, svc/a]}}}, docker/publish: {path: svc/b, image: q}]}
"""


def test_parameters_are_what_callers_give(tree: Make) -> None:
    found = {
        (str(one.context), str(one.dockerfile)) for one in tree({**FILES, ".circleci/config.yml": CIRCLE}).builds()
    }
    assert found == {
        ("web", "web/Dockerfile"),
        ("api", "api/Dockerfile"),
        ("svc/a", "svc/a/Dockerfile"),
        ("k", "k/Dockerfile"),
        ("", "svc/b/Dockerfile"),
    }


def test_a_parameter_that_nobody_gives_is_not_known(tree: Make) -> None:
    text = "jobs:\n  a: {steps: [run: docker build << pipeline.parameters.d >>]}\n"
    assert contexts(tree({**FILES, ".circleci/config.yml": text}).builds()) == [Unknown("<< pipeline.parameters.d >>")]


@pytest.mark.parametrize(
    "text",
    [
        ".b: {script: ["
        + "echo, " * 5_000
        + "docker build .]}\n"
        + "".join(f"j{n}: {{extends: .b}}\n" for n in range(2_000)),
        "x: {parallel: {matrix: [{A: [" + "a, " * 50 + "], B: [" + "b, " * 50 + "]}]}, script: docker build $A}\n",
        "".join(f"j{n}: {{extends: j{n + 1}, v{n}: 1}}\n" for n in range(5_000)),
        "a: {extends: b}\nb: {extends: a, script: docker build .}\n",
        "x: &x {script: [!reference [x, script], docker build .]}\n",
    ],
)
def test_pipelines_that_multiply_end(tree: Make, text: str) -> None:
    start = time.monotonic()
    tree({**FILES, ".gitlab-ci.yml": text}).builds()
    assert time.monotonic() - start < 20


def test_arguments_of_a_docker_task(tree: Make) -> None:
    task = "steps:\n- task: Docker@2\n  inputs:\n    command: build\n    Dockerfile: a/Dockerfile\n    arguments: {}\n"
    text = task.replace("{}", "--target prod --build-arg X=1 -f b")
    found = tree({"azure-pipelines.yml": text, "a/Dockerfile": "FROM a\n"}).build()
    assert (found.context, found.dockerfile, found.target, found.args) == ("a", Unknown("b"), "prod", (("X", "1"),))
    found = tree({"azure-pipelines.yml": task.replace("{}", '"--target \'prod"'), "a/Dockerfile": "FROM a\n"}).build()
    assert found.target == Unknown("--target 'prod")


@pytest.mark.parametrize(
    ("include", "files", "expected"),
    [
        ("/ci/*.yml", {"ci/a.yml": "api", "ci/b.yml": "web", "ci/deep/c.yml": "k"}, ["api", "web"]),
        ("ci/**.yml", {"ci/a.yml": "api", "ci/deep/c.yml": "k"}, ["api", "k"]),
        ("ci/**/*.yml", {"ci/a.yml": "api", "ci/deep/c.yml": "k"}, ["k"]),
        ("ci/$X.yml", {"ci/a.yml": "api"}, ["api"]),
        ("https://example.com/ci/*.yml", {"ci/a.yml": "api"}, []),
    ],
)
def test_pipelines_include_by_patterns(tree: Make, include: str, files: dict[str, str], expected: list[str]) -> None:
    made = {name: f"{context}: {{script: [docker build {context}]}}\n" for name, context in files.items()}
    assert (
        contexts(tree({**FILES, ".gitlab-ci.yml": f"include: [{{local: '{include}'}}]\n", **made}).builds()) == expected
    )


def test_a_file_that_may_be_included_is_read_with_what_holds_for_all_jobs(tree: Make) -> None:
    files = {
        ".gitlab-ci.yml": "include: [{local: 'ci/$X.yml'}]\ndefault: {before_script: [cd svc]}\nvariables: {D: a}\n",
        "ci/a.yml": "x: {script: [docker build $D]}\n",
    }
    assert contexts(tree({**FILES, **files}).builds()) == ["svc/a"]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("{local: ci/a.yml}", "api"),
        ("{local: ci/a.yml, inputs: {dir: web}}", "web"),
        ("{local: ci/a.yml, inputs: {dir: $X}}", Unknown("$[[ inputs.dir ]]")),
        ("{local: ci/a.yml, inputs: {dir: web}}, {local: ci/a.yml, inputs: {dir: k}}", Unknown("$[[ inputs.dir ]]")),
    ],
)
def test_inputs_of_included_files(tree: Make, include: str, expected: Text) -> None:
    file = "spec: {inputs: {dir: {default: api}}}\n---\nx: {script: ['docker build $[[ inputs.dir ]]']}\n"
    assert contexts(tree({**FILES, ".gitlab-ci.yml": f"include: [{include}]\n", "ci/a.yml": file}).builds()) == [
        expected
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".gitlab-ci.yml", "x: {rules: [{when: never}], script: docker build api}\n", []),
        (".gitlab-ci.yml", "x: {rules: [{if: a, when: never}, {when: manual}], script: docker build api}\n", ["api"]),
        (
            "azure-pipelines.yml",
            "steps: [{task: Docker@1, inputs: {command: Build an image, dockerFile: api/Dockerfile}}]\n",
            ["api"],
        ),
        ("azure-pipelines.yml", "steps: [{task: Docker@0, inputs: {dockerFile: api/Dockerfile}}]\n", ["api"]),
        ("azure-pipelines.yml", "steps: [{task: Docker@0, inputs: {action: Push an image}}]\n", []),
        (
            ".circleci/config.yml",
            "jobs: {a: {steps: [{checkout: {path: src}}, {run: docker build src/api}]}}\n",
            ["api"],
        ),
        (
            ".circleci/config.yml",
            "jobs: {a: {steps: [{checkout: {path: src}}, {run: docker build api}]}}\n",
            [Unknown("api")],
        ),
        (
            ".circleci/config.yml",
            "jobs:\n  a:\n    working_directory: ~/project/svc\n    steps:\n    - checkout: {path: ~/project}\n"
            "    - run: docker build a\n    - run: {command: docker build ., working_directory: b}\n",
            ["svc/a", "svc/b"],
        ),
        (
            ".circleci/config.yml",
            "jobs: {a: {steps: [{checkout: {path: /x}}, {run: docker build api}]}}\n",
            [Unknown("api")],
        ),
    ],
)
def test_what_jobs_do_and_where(tree: Make, name: str, text: str, expected: list[Text]) -> None:
    assert contexts(tree({**FILES, name: text}).builds()) == expected
