"""Builds of compose files, by the Compose specification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import FoundBuild, Place, Unknown
from dockerslim_rewrite.workspace.builds.interpolation import interpolate, read_env

Make = Callable[..., Any]


def one(tree: Make, compose: str, **files: str) -> FoundBuild:
    build: FoundBuild = tree({"compose.yaml": compose, **files}).build()
    return build


def test_the_short_and_the_long_form(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": "services:\n  a:\n    build: ./a\n  b:\n    build:\n      context: .\n"
            "      dockerfile: b/Dockerfile.dev\n"
        }
    )
    first, second = made.builds()
    assert (first.context, first.dockerfile, first.place) == ("a", "a/Dockerfile", Place("compose.yaml", 3))
    assert (second.context, second.dockerfile, second.name) == ("", "b/Dockerfile.dev", "b")


def test_what_a_service_says_of_its_container(tree: Make) -> None:
    build = one(
        tree,
        """
services:
  web:
    build:
      context: .
      target: prod
      args: {A: 010, "B": yes, C: }
      additional_contexts: ["base=./base", "other=docker-image://alpine"]
    command: gunicorn -b :8000 "my app"
    entrypoint: ["/start", "x"]
    user: "1000:1000"
    ports: ["127.0.0.1:8080:80/tcp", 9000, {target: 22, published: 2222}]
    volumes: ["./src:/src:ro", data:/data, /anonymous, {type: bind, source: /x, target: /y}]
    tmpfs: /tmp:size=1m
    read_only: true
    cap_add: [NET_ADMIN]
    cap_drop: [ALL]
    healthcheck: {test: ["CMD", "true"]}
""",
    )
    assert build.target == "prod"
    # YAML 1.2: no octal numbers, no yes for true.
    assert build.args == (("A", "010"), ("B", "yes"), ("C", None))
    assert build.contexts == (("base", "base"), ("other", "docker-image://alpine"))
    runner = build.runner
    assert runner is not None
    assert runner.command == ("gunicorn", "-b", ":8000", "my app")
    assert (runner.entrypoint, runner.user, runner.read_only) == (("/start", "x"), "1000:1000", True)
    assert [(port.container, port.published) for port in runner.ports] == [
        (80, "127.0.0.1:8080"),
        (9000, None),
        (22, "2222"),
    ]
    assert [(mount.kind, mount.target, mount.read_only) for mount in runner.mounts] == [
        ("bind", "/src", True),
        ("volume", "/data", False),
        ("volume", "/anonymous", False),
        ("bind", "/y", False),
        ("tmpfs", "/tmp", False),
    ]
    assert (runner.capabilities, runner.dropped, runner.healthcheck) == (("NET_ADMIN",), ("ALL",), ("CMD", "true"))
    assert runner.at("user") == Place("compose.yaml", 11)


def test_an_entrypoint_resets_the_command(tree: Make) -> None:
    runner = one(tree, "services: {a: {build: ., entrypoint: /start}}").runner
    assert runner is not None
    assert (runner.entrypoint, runner.command) == (("/start",), ())


def test_anchors_and_merge_keys(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": """
x-build: &build {context: ./app, target: base}
services:
  a: {build: *build}
  b:
    build:
      <<: *build
      target: other
"""
        }
    )
    assert [(build.context, build.target) for build in made.builds()] == [("app", "base"), ("app", "other")]


def test_variables_from_dot_env(tree: Make) -> None:
    build = one(
        tree,
        "services:\n  a:\n    image: ${REPO:-none}/a:${TAG}\n    build:\n"
        "      context: ${DIR}\n      dockerfile: $NAME\n",
        **{".env": "DIR=./app # here\nexport NAME='Docker file'\nREPO=\"r-${DIR}\"\n"},
    )
    assert (build.context, build.dockerfile) == ("app", "app/Docker file")
    # TAG is set by nobody here: it may be by whoever calls.
    assert build.tags == (Unknown("${REPO:-none}/a:${TAG}"),)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A-${A}", "1-1"),
        ("$$A", "$A"),
        ("${X:-d}", "d"),
        ("${E-d}${E:-d}", "d"),
        ("${X-${Y:-deep}}", "deep"),
        ("${A:+yes}${E:+no}", "yes"),
        ("a${X:+more}", Unknown("a${X:+more}")),
        ("${A:?must}", "1"),
        ("${X:?must}", Unknown("${X:?must}")),
        ("$X", Unknown("$X")),
        ("${X", Unknown("${X")),
        ("a$", "a$"),
    ],
)
def test_interpolation(text: str, value: object) -> None:
    assert interpolate(text, {"A": "1", "E": ""}) == value


def test_dot_env_files() -> None:
    text = "# no\nA=1\nB = two words # comment\nC='$A'\nD=\"x\\ny\"\nE=${A}${B}\nF=$MISSING\nG=a#b\nnot a line\n"
    assert read_env(text) == {"A": "1", "B": "two words", "C": "$A", "D": "x\ny", "E": "1two words", "G": "a#b"}


def test_override_files_are_merged(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": "services:\n  a:\n    build: {context: ./a, args: {X: 1, Y: 1}}\n"
            "    ports: ['80:80']\n    command: one\n",
            "compose.override.yaml": "services:\n  a:\n    build: {args: {Y: 2}, target: dev}\n"
            "    ports: ['81:81']\n    command: two\n",
        }
    )
    build = made.build()
    assert (build.context, build.target, build.args) == ("a", "dev", (("X", "1"), ("Y", "2")))
    assert build.runner.command == ("two",)
    assert [port.container for port in build.runner.ports] == [80, 81]


def test_other_files_of_the_folder_are_read_on_top_or_alone(tree: Make) -> None:
    made = tree(
        {
            "docker-compose.yml": "services:\n  a:\n    build: ./a\n",
            "docker-compose.prod.yml": "services:\n  a:\n    command: prod\n",
            "docker-compose.test.yml": "services:\n  t:\n    build: ./t\n",
        }
    )
    assert [(build.context, build.runner.command) for build in made.builds()] == [
        ("a", None),
        ("a", ("prod",)),
        ("t", None),
    ]


def test_tags_reset_and_override(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": "services:\n  a:\n    build: .\n    ports: ['80:80']\n    user: root\n",
            "compose.override.yaml": "services:\n  a:\n    ports: !override ['81:81']\n    user: !reset null\n",
        }
    )
    runner = made.build().runner
    assert [port.container for port in runner.ports] == [81]
    assert runner.user is None


def test_extends(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": "services:\n  a:\n"
            "    extends: {file: common/base.yaml, service: base}\n    command: a\n"
            "  b:\n    extends: a\n    user: '5'\n",
            "common/base.yaml": "services:\n  base:\n    build: {context: ./app, target: x}\n",
        }
    )
    first, second = made.builds()
    assert (first.context, first.target, first.runner.command) == ("common/app", "x", ("a",))
    assert (second.context, second.runner.command, second.runner.user) == ("common/app", ("a",), "5")


def test_include_has_its_own_folder_and_variables(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": "include:\n  - sub/included.yaml\n  - path: [other/x.yaml]\n"
            "    project_directory: .\nservices: {}\n",
            ".env": "TARGET=local\n",
            "sub/.env": "TARGET=theirs\nDIR=app\n",
            "sub/included.yaml": "services:\n  a:\n    build: {context: ./$DIR, target: $TARGET}\n",
            "other/x.yaml": "services:\n  b:\n    build: ./b\n",
        }
    )
    assert {(build.context, build.target) for build in made.builds()} == {("sub/app", "local"), ("b", None)}


@pytest.mark.parametrize(
    ("named", "expected"), [("sub/a.env", "a"), ("[sub/a.env, sub/b.env]", "b"), ("sub/gone.env", "dev")]
)
def test_include_names_the_files_of_its_variables(tree: Make, named: str, expected: str) -> None:
    made = tree(
        {
            "compose.yaml": f"include:\n  - path: sub/included.yaml\n    env_file: {named}\nservices: {{}}\n",
            "sub/.env": "STAGE=never\n",
            "sub/a.env": "STAGE=a\n",
            "sub/b.env": "STAGE=b\n",
            "sub/included.yaml": 'services:\n  a:\n    build: {context: ., target: "${STAGE:-dev}"}\n',
        }
    )
    assert made.build().target == expected


def test_inline_profiles_and_remote_contexts(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": "services:\n  a:\n    profiles: [debug]\n    build:\n"
            "      dockerfile_inline: |\n        FROM alpine\n"
            "  b:\n    build: https://example.com/x.git\n"
        }
    )
    first, second = made.builds()
    assert (first.inline, first.dockerfile, first.condition) == ("FROM alpine\n", None, "profile debug")
    assert second.context == Unknown("https://example.com/x.git")
    assert isinstance(second.dockerfile, Unknown)


def test_a_file_of_another_kind_with_such_a_name(tree: Make) -> None:
    made = tree({"compose-app.yaml": "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Pod\nspec: {}\n"})
    assert made.builds() == []
    assert made.complaints == {}


def test_what_is_outside_is_unknown(tree: Make) -> None:
    made = tree({"compose.yaml": "services:\n  a:\n    build: ../elsewhere\n"})
    assert made.build().context == Unknown("../elsewhere")
    assert made.complaints == {"../elsewhere": "lies outside of the repository; not followed"}


@pytest.mark.parametrize("args", ["[SENTRY, OTHER]", "{SENTRY: , OTHER: }"])
def test_arguments_without_a_value_come_from_the_project(tree: Make, args: str) -> None:
    text = f"services:\n  a:\n    build: {{context: ., args: {args}}}\n    environment: [SENTRY, OTHER]\n"
    build = tree({".env": "SENTRY=sentry:25\n", "compose.yaml": text}).build()
    assert build.args == (("SENTRY", "sentry:25"), ("OTHER", None))
    assert build.runner is not None
    assert [(name, value) for name, value, _ in build.runner.environment] == [("SENTRY", "sentry:25")]


def test_a_later_file_takes_back_what_it_resets(tree: Make) -> None:
    first = "services:\n  a:\n    build: {context: ., dockerfile: D, target: dev, args: {X: '1', Y: '2'}}\n"
    second = "services:\n  a:\n    build: {target: !reset null, dockerfile: !reset '', args: !override {Z: '3'}}\n"
    (build,) = tree({"compose.yaml": first, "compose.override.yaml": second, "Dockerfile": ""}).builds()
    assert (build.target, build.dockerfile, build.args) == (None, "Dockerfile", (("Z", "3"),))


def test_devices_and_volumes_of_others_are_mounts(tree: Make) -> None:
    runner = one(
        tree,
        "services:\n  a:\n    build: .\n    devices: ['/dev/ttyUSB0:/dev/serial:rw', /dev/kvm]\n"
        "    volumes_from: [b, 'c:ro']\n",
    ).runner
    assert runner is not None
    assert [(mount.kind, mount.target, mount.read_only) for mount in runner.mounts] == [
        ("bind", "/dev/serial", False),
        ("bind", "/dev/kvm", False),
        ("volume", Unknown("volumes_from"), False),
        ("volume", Unknown("volumes_from"), True),
    ]


GIVEN = (
    "services:\n  web:\n    build:\n      context: ${DIR:-.}\n      dockerfile: ${FILE:-Dockerfile}\n"
    '      target: "${STAGE:-}"\n      args: {V: "${V:-1}"}\n'
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.sh", "export FILE=Dockerfile.prod\ndocker compose build\n"),
        ("a.sh", 'FILE="Dockerfile.prod" docker-compose build\n'),
        ("Makefile", "export FILE := Dockerfile.prod\nall:\n\tdocker compose build\n"),
        ("package.json", '{"scripts": {"build": "FILE=Dockerfile.prod docker compose build"}}\n'),
        (
            ".github/workflows/a.yml",
            "env:\n  FILE: Dockerfile.prod # of production\njobs:\n  a:\n    steps:\n      - run: make image\n",
        ),
        (".gitlab-ci.yml", "a:\n  variables:\n    FILE: 'Dockerfile.prod'\n  script: [docker compose build]\n"),
    ],
)
def test_what_the_repositorys_commands_set_comes_before_defaults(tree: Make, path: str, text: str) -> None:
    made = tree({"compose.yaml": GIVEN, path: text})
    # Whoever runs it by hand gets the default.
    assert [one.dockerfile for one in made.builds()] == ["Dockerfile", "Dockerfile.prod"]


def test_what_only_a_run_of_a_command_tells_is_not_the_default(tree: Make) -> None:
    made = tree({"compose.yaml": GIVEN, "a.sh": "FILE=$1 V=$(git describe) docker compose build\n"})
    plain, doubt = made.builds()
    assert (plain.dockerfile, doubt.dockerfile) == ("Dockerfile", Unknown("${FILE:-Dockerfile}"))
    assert plain.args == doubt.args == (("V", Unknown("${V:-1}")),)
    # What arguments alone rest on makes no other build.
    made = tree({"a.sh": "V=2 docker compose build\n"})
    assert made.build().args == (("V", Unknown("${V:-1}")),)
    # Nobody need set what has no value otherwise.
    made = tree({"compose.yaml": GIVEN.replace(":-Dockerfile", ""), "a.sh": "export FILE=Dockerfile.prod\n"})
    assert made.build().dockerfile == "Dockerfile.prod"


def test_many_ways_to_set_variables_are_not_followed(tree: Make) -> None:
    files = {f"{at}.sh": f"export FILE=Dockerfile.{at}\ndocker compose build\n" for at in range(9)}
    found = tree({"compose.yaml": GIVEN, **files}).builds()
    assert [str(one.dockerfile) for one in found] == ["Dockerfile", "${FILE:-Dockerfile}"]


@pytest.mark.parametrize(
    ("command", "of_a", "of_b"),
    [
        ("docker compose build --build-arg V=1", {"V": Unknown("1")}, {"V": Unknown("1"), "W": "2"}),
        ("docker compose build --build-arg W=2", {"W": Unknown("2")}, {"W": "2"}),
        ('docker-compose build --pull --build-arg="V=$(date)" b', {}, {"V": Unknown("$(date)"), "W": "2"}),
        ("docker compose --profile x build \\\n  --progress plain --build-arg W=3 b", {}, {"W": Unknown("3")}),
        ("docker compose build --build-arg V=1 $S", {"V": Unknown("1")}, {"V": Unknown("1"), "W": "2"}),
        ("docker compose build b; x --build-arg V=1", {}, {"W": "2"}),
    ],
)
def test_commands_give_build_arguments(tree: Make, command: str, of_a: dict[str, Any], of_b: dict[str, Any]) -> None:
    files = {
        "compose.yaml": "services:\n  a: {build: a}\n  b: {build: {context: b, args: {W: 2}}}\n",
        "build.sh": f"{command}\n",
    }
    assert [dict(one.args) for one in tree(files).builds()] == [of_a, of_b]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.sh", "COMPOSE_FILE=one.yml:two.yml docker compose build\n"),
        ("run.sh", "export COMPOSE_FILE='one.yml:two.yml'\ndocker compose build\n"),
        ("run.sh", "export COMPOSE_PATH_SEPARATOR=, COMPOSE_FILE=one.yml,two.yml\ndocker compose build\n"),
        ("Makefile", "export COMPOSE_FILE := one.yml:two.yml\nx:\n\tdocker compose build\n"),
        (".github/workflows/a.yml", "env: {COMPOSE_FILE: 'one.yml:two.yml'}\njobs: {}\n"),
        (".devcontainer/devcontainer.json", '{"dockerComposeFile": ["../one.yml", "../two.yml"], "service": "a"}'),
    ],
)
def test_files_that_variables_and_devcontainers_name_are_read_together(tree: Make, name: str, text: str) -> None:
    files = {
        "one.yml": "services:\n  a:\n    build: {context: a, target: one}\n",
        "two.yml": "services:\n  a:\n    build: {target: two}\n",
    }
    assert [(one.context, one.target) for one in tree({**files, name: text}).builds()] == [("a", "two")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web:\n  build: a\n  dockerfile: x.Dockerfile\ndb:\n  image: postgres\n", ("a", "a/x.Dockerfile")),
        ("web:\n  extends: {file: common.yml, service: w}\n", ("a", "a/Dockerfile")),
    ],
)
def test_files_of_the_first_format_have_services_alone(tree: Make, text: str, expected: tuple[str, str]) -> None:
    build = tree({"docker-compose.yml": text, "common.yml": "w:\n  build: a\n"}).build()
    assert (build.context, build.dockerfile) == expected


def test_files_with_other_keys_and_no_services_have_none(tree: Make) -> None:
    assert tree({"docker-compose.yml": "x-a:\n  build: a\nvolumes: {}\n"}).builds() == []
