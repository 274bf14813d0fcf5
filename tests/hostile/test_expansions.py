"""What takes the place of variables in the files that tell of builds stays small, whoever wrote them."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest

from dockerslim_rewrite.workspace.builds.graph import build_graph
from dockerslim_rewrite.workspace.builds.growth import LEAST
from dockerslim_rewrite.workspace.repository import Repository

WORKFLOW = ".github/workflows/a.yml"
LONG = "a" * 30_000
TIMES = 50


def doubled(first: str, line: str, count: int = 60) -> str:
    """*first*, and *line* for each number from 1 on, where ``@`` is that number and ``%`` the one before."""
    return first + "".join(line.replace("@", str(at)).replace("%", str(at - 1)) for at in range(1, count))


CASES = {
    "shell": {"b.sh": f"#!/bin/sh\nA={LONG}\n" + "docker build -t $A$A$A$A .\n" * TIMES},
    "shell-doubled": {"b.sh": doubled("A0=aaaaaaaaaa\n", "A@=$A%$A%\n") + "docker build -t $A59 .\n"},
    "tilt": {"Tiltfile": doubled("A0='aaaaaaaaaa'\n", "A@=A%+A%\n") + "docker_build(A59, '.')\n"},
    "tilt-long": {"Tiltfile": f"A='{LONG}'\n" + "docker_build(A+A+A+A, '.')\n" * TIMES},
    "just": {"justfile": f'a := "{LONG}"\nall:\n' + "\tdocker build -t {{a}}{{a}}{{a}} .\n" * TIMES},
    "workflow": {
        WORKFLOW: f"on: push\nenv: {{A: {LONG}}}\njobs:\n  j:\n    steps:\n"
        + "    - run: docker build -t ${{env.A}}${{env.A}} $A$A .\n" * TIMES
    },
    "action": {
        WORKFLOW: f"on: push\nenv: {{A: {LONG}}}\njobs:\n  j:\n    steps:\n"
        + '    - {uses: docker/build-push-action@v6, with: {context: ., tags: "${{env.A}}${{env.A}}"}}\n' * TIMES
    },
    "calls": {
        WORKFLOW: "on: push\njobs: {a: {uses: ./.github/workflows/w0.yml, with: {a: aaaaaaaaaa}}}\n",
        **{
            f".github/workflows/w{at}.yml": "on: {workflow_call: {inputs: {a: {type: string}}}}\njobs:\n"
            f'  a: {{uses: ./.github/workflows/w{at + 1}.yml, with: {{a: "${{{{inputs.a}}}}${{{{inputs.a}}}}"}}}}\n'
            '  b: {steps: [{run: "docker build -t ${{inputs.a}} ."}]}\n'
            for at in range(60)
        },
    },
    "gitlab": {".gitlab-ci.yml": f"variables: {{A: {LONG}}}\nj:\n  script:\n" + "  - docker build -t $A$A .\n" * TIMES},
    "azure": {
        "azure-pipelines.yml": doubled("variables:\n  A0: aaaaaaaaaa\n", "  A@: $(A%)$(A%)\n")
        + "steps:\n- script: docker build -t $(A59) .\n"
        '- task: Docker@2\n  inputs: {command: build, Dockerfile: Dockerfile, tags: "$(A59)"}\n'
    },
    "azure-long": {
        "azure-pipelines.yml": f"variables: {{A: {LONG}}}\nsteps:\n" + "- script: docker build -t $(A)$(A) .\n" * TIMES
    },
    "circle": {
        ".circleci/config.yml": "version: 2.1\ncommands:\n  c:\n    parameters: {a: {type: string}}\n    steps:\n"
        + "    - run: docker build -t <<parameters.a>><<parameters.a>> .\n" * TIMES
        + f"jobs: {{j: {{steps: [c: {{a: {LONG}}}]}}}}\nworkflows: {{w: {{jobs: [j]}}}}\n"
    },
    "compose": {
        ".env": f"A={LONG}\n",
        "compose.yaml": "services:\n"
        + "".join(f'  s{at}: {{build: {{context: ., args: {{A: "$A$A$A"}}}}}}\n' for at in range(TIMES)),
    },
}


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_no_value_is_repeated_without_end(files: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nCOPY . /app\n")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    builds = build_graph(Repository(tmp_path)).builds
    assert builds
    written = max(len(line) for text in files.values() for line in text.splitlines() if LONG not in line)
    for build in builds:
        texts = [build.context, *build.tags, build.target, *(value for _, value in build.args)]
        assert max(len(str(one)) for one in texts if one is not None) <= 2 * written + LEAST


NAMES = range(1_000)
MANY_JOBS = {
    "gitlab": (
        ".gitlab-ci.yml",
        "variables:\n" + "".join(f"  A{at}: b\n" for at in NAMES),
        "j@: {script: [docker build .]}\n",
    ),
    "workflow": (
        WORKFLOW,
        "on: push\nenv:\n" + "".join(f"  A{at}: b\n" for at in NAMES) + "jobs:\n",
        "  j@: {steps: [{run: docker build .}]}\n",
    ),
    "azure": (
        "azure-pipelines.yml",
        "variables:\n" + "".join(f"  A{at}: b\n" for at in NAMES) + "jobs:\n",
        "- {job: j@, steps: [{script: docker build .}]}\n",
    ),
    "make": (
        "Makefile",
        "".join(f"A{at} = b\n" for at in NAMES),
        "j@:\n\tdocker build .\n",
    ),
    "just": (
        "justfile",
        "".join(f"A{at} := 'b'\n" for at in NAMES),
        "j@:\n  docker build .\n",
    ),
}


@pytest.mark.parametrize(("name", "head", "job"), MANY_JOBS.values(), ids=MANY_JOBS)
def test_variables_are_not_kept_for_each_of_many_jobs(name: str, head: str, job: str, tmp_path: Path) -> None:
    def peak(count: int) -> int:
        root = tmp_path / str(count)
        (root / name).parent.mkdir(parents=True)
        (root / "Dockerfile").write_text("FROM debian:12\n")
        (root / name).write_text(doubled(head, job, count + 1))
        gc.collect()
        # The program collects garbage seldom.
        gc.disable()
        tracemalloc.start()
        try:
            assert len(build_graph(Repository(root)).builds) >= 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            gc.enable()

    peak(1)
    # A copy of the variables takes more than 40,000 bytes.
    assert (peak(300) - peak(100)) / 200 < 20_000
