"""Compose and Bake files that only a command names, and what else the commands of a repository say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from dockerslim_rewrite.workspace.builds.found import Unknown

from .conftest import Tree

Make = Callable[[Mapping[str, str]], Tree]

BASE = "services:\n  web:\n    build: ../app\n"
PRODUCTION = "services:\n  web:\n    build: {target: prod}\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "up:\n\tdocker compose -f deploy/base.yml -f deploy/prod.yml up -d\n"),
        ("scripts/up.sh", 'docker-compose \\\n  --file "deploy/base.yml" --file=deploy/prod.yml up\n'),
        ("package.json", '{"scripts": {"up": "docker compose -p x -f deploy/base.yml -f deploy/prod.yml up"}}'),
        (".github/workflows/a.yml", "steps:\n- run: docker compose -f deploy/base.yml -f deploy/prod.yml build\n"),
        (".env", "COMPOSE_FILE=deploy/base.yml:deploy/prod.yml\n"),
        ("deploy/.env", "COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=base.yml,prod.yml\n"),
        ("Tiltfile", "docker_compose(['deploy/base.yml', \"deploy/prod.yml\"])\n"),
    ],
)
def test_files_that_a_command_reads_together(tree: Make, name: str, text: str) -> None:
    files = {name: text, "deploy/base.yml": BASE, "deploy/prod.yml": PRODUCTION, "app/Dockerfile": "FROM a AS prod\n"}
    build = tree(files).build()
    assert (build.context, build.target, build.place.path) == ("app", "prod", "deploy/prod.yml")


@pytest.mark.parametrize(
    "text", ["docker compose -f $FILE up", "docker compose -f deploy/none.yml up", "docker compose -f ../base.yml up"]
)
def test_files_that_nobody_knows_are_not_read(tree: Make, text: str) -> None:
    text = text.replace("base.yml", "base.conf")
    assert tree({"up.sh": text, "deploy/base.conf": BASE}).builds() == []


def test_a_compose_file_is_known_by_its_keys_whatever_its_name(tree: Make) -> None:
    other = (
        "services:\n  web:\n    build: {context: ../app, dockerfile: Dockerfile.dev}\n  db:\n    build: {target: x}\n"
    )
    made = tree({"deploy/develop.yml": other, "app/Dockerfile.dev": "FROM a\n"})
    assert (made.build().context, made.build().dockerfile) == ("app", "app/Dockerfile.dev")
    # What says nothing of services, or of builds, belongs to others.
    made = tree({"deploy/develop.yml": other.replace("services", "servers"), "deploy/b.yml": "services:\n  a: {}\n"})
    assert made.builds() == []


def test_a_project_directory_is_what_paths_are_relative_to(tree: Make) -> None:
    files = {
        "up.sh": "docker compose --project-directory . -f deploy/a.yml up",
        "deploy/a.yml": BASE.replace("../", ""),
    }
    assert tree(files).build().context == "app"


def test_a_file_that_is_called_from_the_root_has_paths_of_the_root(tree: Make) -> None:
    files = {
        "deploy/docker-bake.hcl": 'target "a" {\n  context = "."\n}\n',
        "deploy/Dockerfile": "FROM a\n",
        "Dockerfile": "FROM b\n",
    }
    assert tree(files).build().dockerfile == "deploy/Dockerfile"
    files["Makefile"] = "all:\n\tdocker buildx bake -f deploy/docker-bake.hcl a\n"
    assert tree(files).build().dockerfile == "Dockerfile"


def test_a_service_that_extends_another_keeps_its_name(tree: Make) -> None:
    made = tree({"compose.yaml": "services:\n  a: {build: .}\n  b:\n    extends: {service: a}\n"})
    assert [build.name for build in made.builds()] == ["a", "b"]


def test_what_jenkins_builds(tree: Make) -> None:
    text = """pipeline { agent { dockerfile { filename 'Dockerfile.ci'
 dir "tools" } } }
node { docker.build("shop/web:${env.BUILD_ID}", '-f web/Dockerfile --target prod ./web')
 docker.build 'shop/all' }
"""
    files = {"Jenkinsfile": text, "web/Dockerfile": "FROM a", "tools/Dockerfile.ci": "FROM b", "Dockerfile": "FROM c"}
    web, whole, agent = tree(files).builds()
    assert (web.context, web.dockerfile, web.target, web.place.line) == ("web", "web/Dockerfile", "prod", 3)
    assert web.tags == (Unknown('"shop/web:${env.BUILD_ID}"'),)
    assert (whole.dockerfile, whole.tags, whole.place.line) == ("Dockerfile", ("shop/all",), 4)
    assert (agent.context, agent.dockerfile, agent.place.line) == ("tools", "tools/Dockerfile.ci", 1)


def test_comments_of_jenkinsfiles_build_nothing(tree: Make) -> None:
    text = """// sh 'docker build old'
/* docker.build('old',
   'old') */
pipeline { agent { dockerfile true } stages { stage('a') { steps {
 echo 'see https://example.com/x'
 sh label: 'the image', script: 'docker build web' // 'docker build old'
} } } }
"""
    made = tree({"Jenkinsfile": text, **{f"{name}Dockerfile": "FROM x\n" for name in ("", "web/", "old/")}})
    assert {(one.context, one.place.line) for one in made.builds()} == {("web", 6), ("", 4)}


def test_what_is_not_known_is_shown_as_it_is_written(tree: Make) -> None:
    made = tree(
        {
            "Makefile": "all:\n\tdocker build -t shop/web:$(VERSION) .\n",
            ".github/workflows/a.yml": "jobs:\n  a:\n    steps:\n    - run: docker build -t web:${{ github.sha }} .\n",
            "Dockerfile": "FROM a\n",
        }
    )
    assert {build.name for build in made.builds()} == {"shop/web:$(VERSION)", "web:${{ github.sha }}"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Tiltfile.dc", "docker_compose('deploy/base.conf')\n"),
        (
            "azure-pipelines.yml",
            "steps:\n- task: DockerCompose@1\n  inputs: {dockerComposeFile: '**/deploy/base.conf'}\n",
        ),
    ],
)
def test_a_file_that_a_task_or_another_tiltfile_names(tree: Make, name: str, text: str) -> None:
    made = tree({name: text, "deploy/base.conf": BASE, "app/Dockerfile": "FROM a\n"})
    assert (made.build().context, made.build().kind) == ("app", "compose")


def test_other_tiltfiles_are_read(tree: Make) -> None:
    made = tree({"Tiltfile.dc": "docker_build('x', 'app')\n", "app/Dockerfile": "FROM a\n"})
    assert (made.build().kind, made.build().context) == ("tilt", "app")


def test_variables_come_from_the_file_that_the_command_names(tree: Make) -> None:
    made = tree(
        {
            "run.sh": "docker compose --env-file deploy/prod.env -f deploy/stack.conf up\n",
            "deploy/stack.conf": "services: {a: {build: {context: ../app, target: '${T:-dev}'}}}\n",
            "deploy/.env": "T=test\n",
            "deploy/prod.env": "T=prod\n",
            "app/Dockerfile": "FROM a\n",
        }
    )
    assert made.build().target == "prod"


STEP = "jobs:\n  a:\n    steps:\n"
HCL = 'target "a" {\n  context = "a"\n}\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.sh", "cd svc\n%s\n"),
        ("x.sh", "(cd svc && cd ../svc; %s)\n"),
        ("deep/x.sh", "cd ../svc\n%s\n"),
        ("Makefile", "a:\n\tcd other\n\tcd svc && \\\n\t%s\n"),
        ("package.json", '{"scripts": {"a": "cd other", "b": "cd svc && %s"}}'),
        (".gitlab-ci.yml", "x:\n  script:\n  - cd svc\n  - %s\n"),
        (".github/workflows/a.yml", f"{STEP}    - run: cd other\n    - run: |\n        cd svc\n        %s\n"),
        (".github/workflows/a.yml", f"{STEP}    - working-directory: svc\n      run: %s\n    - run: x\n"),
        (".github/workflows/a.yml", f"{STEP}    - run: %s\n      working-directory: svc/../svc\n"),
        (".github/workflows/a.yml", f"defaults:\n  run:\n    working-directory: svc\n{STEP}    - run: %s\n"),
    ],
)
def test_commands_name_files_from_where_they_are_run(tree: Make, name: str, text: str) -> None:
    files = {"svc/a/Dockerfile": "", "svc/b.hcl": HCL, "svc/c.yml": "services:\n  a:\n    build: a\n"}
    other = {"other/c.yml": "services:\n  a:\n    image: x\n"}
    for command in ("docker buildx bake -f b.hcl", "docker compose -f c.yml build"):
        made = tree({**files, **other, name: text % command})
        assert {one.context for one in made.builds()} == {"svc/a"}, made.builds()


@pytest.mark.parametrize(
    ("given", "context"),
    [
        ("{files: svc/b.hcl}", "a"),
        ("{files: './svc/b.hcl', source: .}", "a"),
        ('{files: "svc/b.hcl,\\n"}', "a"),
        ("{files: 'cwd://b.hcl', workdir: svc}", "svc/a"),
        ("{files: b.hcl, source: '{{defaultContext}}:svc'}", "svc/a"),
    ],
)
def test_files_of_bakes_action(tree: Make, given: str, context: str) -> None:
    text = f"{STEP}    - uses: docker/bake-action@v6\n      with: {given}\n"
    files = {"svc/b.hcl": HCL, "a/Dockerfile": "", "svc/a/Dockerfile": "", ".github/workflows/a.yml": text}
    assert tree(files).build().context == context


@pytest.mark.parametrize("given", ["{files: svc/b.hcl, source: 'https://example.com/x.git'}", "{targets: a}"])
def test_what_bakes_action_takes_from_elsewhere_is_nothing_of_here(tree: Make, given: str) -> None:
    text = f"{STEP}    - uses: docker/bake-action@v6\n      with: {given}\n"
    assert tree({"svc/b.hcl": HCL, ".github/workflows/a.yml": text}).builds() == []
