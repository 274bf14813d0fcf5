"""Builds in command lines: shell scripts, Makefiles, workflows, CI files, npm's scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.command_line import build_options
from dockerslim_rewrite.workspace.builds.found import Place, Unknown

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("command", "context", "dockerfile", "target"),
    [
        ("docker build .", ".", None, None),
        ("docker build -f a/Dockerfile --target=prod -t x --no-cache --progress plain .", ".", "a/Dockerfile", "prod"),
        ("docker --context remote buildx build --push --platform linux/amd64 -f=x src", "src", "x", None),
        ("podman build -fContainerfile --target dev dir", "dir", "Containerfile", "dev"),
        ("buildah bud --layers --file F .", ".", "F", None),
        ("nerdctl build --file F .", ".", "F", None),
        ("/kaniko/executor --context dir://app --dockerfile=app/D --destination r/x", "app", "app/D", None),
        ("docker image build --build-arg A=1 .", ".", None, None),
    ],
)
def test_options(command: str, context: str, dockerfile: str | None, target: str | None) -> None:
    found = build_options(command.split())
    assert found is not None
    assert (found.context, found.dockerfile, found.target) == (context, dockerfile, target)


@pytest.mark.parametrize(
    "command", ["docker run x", "docker compose build", "docker push build", "make build", "docker build"]
)
def test_other_commands(command: str) -> None:
    assert build_options(command.split()) is None


def test_arguments_tags_and_contexts() -> None:
    words = [
        "docker",
        "build",
        "--build-arg",
        "A=1",
        "--build-arg=B",
        "--build-context",
        "c=d",
        "-t",
        "x:1",
        "--tag=y",
        ".",
    ]
    found = build_options(words)
    assert found is not None
    assert (found.args, found.contexts, found.tags) == ((("A", "1"), ("B", None)), (("c", "d"),), ("x:1", "y"))


def test_a_script_with_variables_and_folders(tree: Make) -> None:
    made = tree(
        {
            "scripts/build.sh": """#!/bin/bash
set -euo pipefail
ROOT="$(cd "$(dirname "$0")/.." && pwd)"
TAG=${TAG:-latest}
cd "$ROOT"
docker build \\
  -f docker/web.Dockerfile \\
  -t "web:$TAG" --build-arg COMMIT=$(git rev-parse HEAD) .
(cd api && docker build .)
for name in a b; do docker build "$name"; done
""",
            "docker/web.Dockerfile": "",
            "api/Dockerfile": "",
        }
    )
    first, second, *others = made.builds()
    assert (first.context, first.dockerfile, first.tags) == ("", "docker/web.Dockerfile", ("web:latest",))
    assert first.place == Place("scripts/build.sh", 6)
    assert first.args == (("COMMIT", Unknown("$(git rev-parse HEAD)")),)
    assert (second.context, second.dockerfile) == ("api", "api/Dockerfile")
    assert [one.context for one in others] == ["a", "b"]


def test_where_a_script_runs_is_what_its_paths_show(tree: Make) -> None:
    files = {"ops/build.sh": "docker build -f Dockerfile .\n"}
    assert tree(files | {"ops/Dockerfile": ""}).build().context == "ops"
    # Now it could be called from the root as well, and would mean another file.
    assert isinstance(tree(files | {"Dockerfile": ""}).build().dockerfile, Unknown)


def test_a_branch_decides_a_variable(tree: Make) -> None:
    made = tree(
        {"b.sh": 'D=a\nif [ -n "$X" ]; then D=b; fi\ndocker build $D\n', "a/Dockerfile": "", "b/Dockerfile": ""}
    )
    assert made.build().context == Unknown("$D")


def test_a_script_that_cannot_be_read_as_a_whole(tree: Make) -> None:
    made = tree({"b.sh": "if ; then ((\ndocker build -t x .\n", "Dockerfile": ""})
    assert (made.build().context, made.build().place.line) == ("", 2)


def test_makefiles(tree: Make) -> None:
    made = tree(
        {
            "app/Makefile": "IMAGE ?= web\nDIR := $(CURDIR)/src\nSHA = $(shell git rev-parse HEAD)\n"
            "build: deps\n\t@docker build -t $(IMAGE):$(SHA) \\\n\t  -f Dockerfile.dev $(DIR)\n"
            "all:\n\tfor i in 1; do echo $$i; done\n",
            "app/Dockerfile.dev": "",
        }
    )
    build = made.build()
    assert (build.context, build.dockerfile, build.place) == ("app/src", "app/Dockerfile.dev", Place("app/Makefile", 5))
    assert build.tags == (Unknown("web:$(SHA)"),)


WORKFLOW = """
on: push
env: {NAME: web}
jobs:
  build:
    strategy:
      matrix:
        service: [a, b]
        include:
          - {service: c, file: other.Dockerfile}
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: ./src/${{ matrix.service }}
          file: ${{ matrix.file || 'x' }}
          target: prod
          build-args: |
            A=1
            B=${{ github.sha }}
          tags: ${{ env.NAME }}:1
      - working-directory: tools
        run: |
          echo "${{ github.ref }}"
          docker build -t $NAME .
      - uses: docker/build-push-action@v6
"""


def test_workflows(tree: Make) -> None:
    made = tree({".github/workflows/ci.yml": WORKFLOW, "tools/Dockerfile": ""})
    builds = made.builds()
    assert [build.context for build in builds] == ["src/a", "tools", "", "src/b", "src/c"]
    action = builds[0]
    assert action.dockerfile == Unknown("${{ matrix.file || 'x' }}")
    assert (action.target, action.tags) == ("prod", ("web:1",))
    assert action.args == (("A", "1"), ("B", Unknown("${{ github.sha }}")))
    run = builds[1]
    assert (run.tags, run.place.line) == (("web",), 24)
    # Without a context it is the repository as pushed.
    assert builds[2].dockerfile == "Dockerfile"


def test_other_pipelines(tree: Make) -> None:
    made = tree(
        {
            ".gitlab-ci.yml": "variables: {D: api}\nbuild:\n  script:\n    - docker build -t x $D\n"
            "    - >-\n      /kaniko/executor --context $CI_PROJECT_DIR\n"
            "      --dockerfile $CI_PROJECT_DIR/web/Dockerfile\n",
            "azure-pipelines.yml": "steps:\n- task: Docker@2\n  inputs:\n    command: build\n"
            "    Dockerfile: $(Build.SourcesDirectory)/web/Dockerfile\n",
            ".circleci/config.yml": "jobs:\n  b:\n    steps:\n      - run: docker build web\n",
            "package.json": '{\n "scripts": {\n  "image": "cd web && docker build ."\n }\n}\n',
            "Jenkinsfile": "pipeline { stages { stage('b') { steps {\n"
            " sh 'docker build -f web/Dockerfile .'\n} } } }\n",
            "web/Dockerfile": "",
            "api/Dockerfile": "",
        }
    )
    assert {
        (build.kind, build.place.path, build.place.line, build.context, build.dockerfile) for build in made.builds()
    } == {
        ("ci", ".gitlab-ci.yml", 4, "api", "api/Dockerfile"),
        ("ci", ".gitlab-ci.yml", 6, "", "web/Dockerfile"),
        ("ci", "azure-pipelines.yml", 2, "web", "web/Dockerfile"),
        ("ci", ".circleci/config.yml", 4, "web", "web/Dockerfile"),
        ("package.json", "package.json", 3, "web", "web/Dockerfile"),
        ("jenkins", "Jenkinsfile", 2, "", "web/Dockerfile"),
    }


@pytest.mark.parametrize(
    ("files", "contexts"),
    [
        ({"b.sh": "pushd a\ndocker build .\npopd\ndocker build b\n"}, {"a", "b"}),
        ({"Jenkinsfile": "dir('a') {\n  dir('c') { sh 'docker build .' }\n}\nsh 'docker build b'\n"}, {"a/c", "b"}),
        (
            {
                ".circleci/config.yml": "version: 2.1\njobs:\n  b:\n    steps:\n"
                "    - run: {command: docker build . , working_directory: a}\n    - run: docker build b\n"
            },
            {"a", "b"},
        ),
        ({"azure-pipelines.yml": "steps:\n- bash: docker build .\n  workingDirectory: a\n"}, {"a"}),
    ],
)
def test_steps_start_where_they_are_told(tree: Make, files: dict[str, str], contexts: set[str]) -> None:
    made = tree({**files, **{f"{name}/Dockerfile": "FROM x\n" for name in ("a", "a/c", "b")}})
    assert {one.context for one in made.builds()} == contexts


def test_a_job_starts_where_its_earlier_commands_went(tree: Make) -> None:
    job = "x:\n  before_script: [cd a]\n  script: [docker build .]\n"
    made = tree({".gitlab-ci.yml": job, "Dockerfile": "FROM x\n", "a/Dockerfile": "FROM x\n"})
    (one,) = made.builds()
    assert one.context == "a"


@pytest.mark.parametrize(
    "before",
    [
        'C=a\n[ -n "$LIGHT" ] && C=b\n',
        "C=a\n[[ $LIGHT ]] && C=b\n",
        "C=a\ntest -d a || C=b\n",
        'C=a\n[ "$1" ] && { C=b; }\n',
        "C=a\nf() { C=b; }\nif x; then f; fi\n",
        'C=a\nf() { C=b; }\n[ "$1" ] && f\n',
        "C=a\n! grep -q x y && C=b\n",
    ],
)
def test_what_may_be_set_is_not_known(tree: Make, before: str) -> None:
    (build,) = tree({"b.sh": f"{before}docker build $C\n", "a/Dockerfile": "", "b/Dockerfile": ""}).builds()
    assert isinstance(build.context, Unknown)


@pytest.mark.parametrize(
    "before", ["C=a; echo x | C=b\n", "C=a; (C=b)\n", "mkdir -p x && C=a\n", "cd . && C=a || exit 1\n", "C=a; set -e\n"]
)
def test_what_is_set_for_sure_is_known(tree: Make, before: str) -> None:
    (build,) = tree({"b.sh": f"{before}docker build $C\n", "a/Dockerfile": "", "b/Dockerfile": ""}).builds()
    assert build.context == "a"


def test_a_directory_that_may_be_entered_is_one_of_two(tree: Make) -> None:
    script = "[ -d a ] && cd a\ndocker build .\n"
    (build,) = tree({"b.sh": script, "a/Dockerfile": "", "Dockerfile": ""}).builds()
    assert isinstance(build.context, Unknown)
