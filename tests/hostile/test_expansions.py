"""What takes the place of variables in the files that tell of builds stays small, whoever wrote them."""

from __future__ import annotations

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
