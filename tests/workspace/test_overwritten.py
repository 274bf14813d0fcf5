"""A Dockerfile that commands write before they build it is not the one that is checked in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import Unknown

Make = Callable[..., Any]
FILES = {"app/Dockerfile": "", "api/Dockerfile": "", "app/Dockerfile.in": ""}
WRITTEN = Unknown("app/Dockerfile")


@pytest.mark.parametrize(
    "command",
    [
        "cat > app/Dockerfile <<EOF\nFROM a\nEOF\n",
        "cat <<EOF > app/Dockerfile\nFROM a\nEOF\n",
        "sed s/x/y/ app/Dockerfile.in > app/Dockerfile\n",
        "(cd app && envsubst < Dockerfile.in > Dockerfile)\n",
        "{\n  echo FROM a\n  echo RUN b\n} > app/Dockerfile\n",
        "for i in a b; do echo RUN $i; done >> app/Dockerfile\n",
        "echo FROM a | tee app/Dockerfile\n",
        "cp app/Dockerfile.in app/Dockerfile\n",
        "curl -fsSL https://example.com/Dockerfile -o app/Dockerfile\n",
    ],
)
def test_a_file_that_a_script_writes_is_another_one(tree: Make, command: str) -> None:
    build = tree({**FILES, "x.sh": f"{command}docker build app\n"}).build()
    assert (build.context, build.dockerfile) == ("app", WRITTEN)


@pytest.mark.parametrize(
    "command",
    [
        "cat app/Dockerfile > /dev/null\n",
        "sed s/x/y/ app/Dockerfile > app/Dockerfile.made\n",
        "sed s/x/y/ app/Dockerfile\n",
        "sed -i 's/a/b/' app/Dockerfile\n",
        "cp app/Dockerfile /tmp/Dockerfile\n",
        "grep FROM < app/Dockerfile\n",
        "cat > api/Dockerfile <<EOF\nFROM a\nEOF\n",
    ],
)
def test_what_reads_it_leaves_it_as_it_is(tree: Make, command: str) -> None:
    assert tree({**FILES, "x.sh": f"{command}docker build app\n"}).build().dockerfile == "app/Dockerfile"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "b: app/Dockerfile\n\tdocker build app\n\napp/Dockerfile:\n\tsed s/a/b/ $@.in > app/Dockerfile\n"),
        (
            ".github/workflows/a.yml",
            "jobs:\n  a:\n    steps:\n    - run: cp app/Dockerfile.in app/Dockerfile\n    - run: docker build app\n",
        ),
        (
            ".github/workflows/a.yml",
            "jobs:\n  a:\n    steps:\n    - run: cp app/Dockerfile.in app/Dockerfile\n"
            "    - {uses: docker/build-push-action@v6, with: {context: ./app}}\n",
        ),
        (".gitlab-ci.yml", "x:\n  script:\n  - cp app/Dockerfile.in app/Dockerfile\n  - docker build app\n"),
    ],
)
def test_other_commands_of_the_same_job_write_it(tree: Make, name: str, text: str) -> None:
    assert tree({**FILES, name: text}).build().dockerfile == WRITTEN


def test_an_action_with_the_pushed_context_takes_the_file_that_is_checked_in(tree: Make) -> None:
    steps = (
        "run: cp app/Dockerfile.in app/Dockerfile}, {uses: docker/build-push-action@v6, with: {file: app/Dockerfile}}"
    )
    made = tree({**FILES, ".github/workflows/a.yml": f"jobs: {{a: {{steps: [{{{steps}]}}}}\n"})
    assert made.build().dockerfile == "app/Dockerfile"


def test_a_file_that_is_not_checked_in_is_named(tree: Make) -> None:
    build = tree({**FILES, "x.sh": "sed s/a/b/ app/Dockerfile > Dockerfile.made\ndocker build -f Dockerfile.made .\n"})
    assert build.build().dockerfile == "Dockerfile.made"
