"""What makes a file before the build that asks for it: then its loss is a doubt."""

from __future__ import annotations

import pytest

from .test_breaks import told
from .test_review import Make

ONE = "FROM debian:12.6-slim\nCOPY {} /a\n"
LOST = "{} is deleted by this change, so COPY fails"
FLOW = ".github/workflows/b.yml"
STEPS = (
    "jobs:\n  b:\n    steps:\n      - uses: actions/checkout@v4\n      - {}\n"
    "      - uses: docker/build-push-action@v6\n        with:\n          context: .\n"
)
GITLAB = "a:\n  script: [ls]\n  {}: {{paths: [{}]}}\nb:\n  script:\n    - docker build .\n"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (".gitlab-ci.yml", GITLAB.format("artifacts", "app.txt"), 3),
        (".gitlab-ci.yml", GITLAB.format("artifacts", '"*.txt"'), 3),
        (".gitlab-ci.yml", GITLAB.format("cache", "app.txt"), 3),
        ("b.sh", "curl -fsSLo app.txt https://x/y\ndocker build .\n", 1),
        ("b.sh", "curl -fsSLO https://x/app.txt\ndocker build .\n", 1),
        ("b.sh", "wget -q https://x/app.txt\ndocker build .\n", 1),
        ("b.sh", "cp ../other/app.txt .\ndocker build .\n", 1),
        (FLOW, STEPS.format("run: aws s3 cp s3://b/app.txt ."), 5),
        (FLOW, STEPS.format("{uses: actions/cache@v4, with: {path: app.txt, key: k}}"), 5),
    ],
)
def test_a_file_that_something_names_before_the_build(repo: Make, path: str, text: str, line: int) -> None:
    found = told(repo, {"Dockerfile": ONE.format("app.txt"), "app.txt": "x", path: text}, moved={"app.txt": ""})
    assert found == [(2, False, f"{LOST.format('app.txt')} unless {path}:{line} writes it")]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("Makefile", "img: jar\n\tdocker build .\njar:\n\tmvn package\n", 4),
        ("Makefile", "img: all\n\tdocker build .\nall: jar\njar: x\n\t./gradlew build\n", 5),
        ("Makefile", "img:\n\tmvn package\n\tdocker build .\n", 2),
        ("b.sh", "#!/bin/sh\nnpm run build\ndocker build .\n", 2),
        (FLOW, STEPS.format("uses: actions/download-artifact@v4"), 5),
        (FLOW, STEPS.format("uses: ./.github/actions/build"), 5),
        (FLOW, STEPS.format("uses: gradle/gradle-build-action@v3"), 5),
        (FLOW, STEPS.format("run: ./ci/build.sh"), 5),
        (FLOW, STEPS.format("run: bash ci/build.sh"), 5),
        (FLOW, STEPS.format("run: docker run -v $PWD:/w -w /w maven:3 mvn package"), 5),
    ],
)
def test_a_file_that_may_well_be_made(repo: Make, path: str, text: str, line: int) -> None:
    before = {"Dockerfile": ONE.format("app.jar"), "app.jar": "x", path: text}
    found = told(repo, before, moved={"app.jar": ""})
    assert found == [(2, False, f"{LOST.format('app.jar')} unless what {path}:{line} runs makes it")]


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        # What people write, no build makes.
        ("setup.py", FLOW, STEPS.format("run: ./ci/build.sh")),
        ("package.json", "Makefile", "img: jar\n\tdocker build .\njar:\n\tmvn package\n"),
        # What runs after the build, or beside it, makes nothing for it.
        ("app.jar", "Makefile", "img:\n\tdocker build .\n\tmvn package\njar:\n\tmvn package\n"),
        ("app.jar", "b.sh", "docker build .\nmvn package\n"),
        ("app.jar", FLOW, STEPS.format("uses: actions/setup-java@v4")),
        ("app.jar", FLOW, STEPS.format("uses: docker/login-action@v3")),
        ("app.jar", FLOW, STEPS.format("{uses: actions/upload-artifact@v4, with: {path: app.jar}}")),
        ("app.jar", FLOW, STEPS.format("run: java -jar app.jar")),
        ("app.jar", FLOW, "on: {push: {paths: [app.jar]}}\n" + STEPS.format("run: ls")),
        ("app.jar", ".gitlab-ci.yml", "b:\n  rules: [{changes: {paths: [app.jar]}}]\n  script: [docker build .]\n"),
        ("app.jar", "b.sh", "cp app.jar /tmp/\ndocker build .\n"),
    ],
)
def test_what_nothing_makes_is_an_error(repo: Make, name: str, path: str, text: str) -> None:
    found = told(repo, {"Dockerfile": ONE.format(name), name: "x", path: text}, moved={name: ""})
    assert found == [(2, True, LOST.format(name))]


def test_another_build_that_runs_nothing_first_fails(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("app.jar"), "app.jar": "x", "b.sh": "docker build .\n"}
    found = told(repo, {**before, FLOW: STEPS.format("run: ./ci/build.sh")}, moved={"app.jar": ""})
    assert found == [(2, True, LOST.format("app.jar"))]
