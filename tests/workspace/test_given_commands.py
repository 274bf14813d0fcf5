"""What containers of the repository run besides what the image says: the runtime has to have it as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dockerslim_rewrite import Options, Result, rewrite
from dockerslim_rewrite.workspace.uses import Workspace

Make = Callable[..., Any]

GO = {
    "Dockerfile": "FROM golang:1.22\nWORKDIR /s\nCOPY go.mod main.go ./\n"
    'RUN CGO_ENABLED=0 go build -o /app .\nCMD ["/app"]\n',
    "go.mod": "module x\ngo 1.22\n",
    "main.go": "package main\nfunc main() {}\n",
}
NODE = {
    "Dockerfile": "FROM node:20-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\n"
    'RUN npm ci\nCOPY . .\nCMD ["node", "i.js"]\n',
    "i.js": "require('ms')\n",
    "job.js": "require('ms')\n",
    "package.json": '{"scripts": {"test": "jest", "job": "node job.js"}, "dependencies": {"ms": "2.1.3"},'
    ' "devDependencies": {"jest": "29.0.0"}}',
    "package-lock.json": '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"ms": "2.1.3"},'
    ' "devDependencies": {"jest": "29.0.0"}}, "node_modules/ms": {"version": "2.1.3"},'
    ' "node_modules/jest": {"version": "29.0.0", "dev": true}}}',
}
COMPOSE = "services:\n  app:\n    build: .\n"


def result(made: Any, select: str, level: str = "standard") -> Result:
    file = made.root / "Dockerfile"
    given = Options(builds=partial(Workspace(made.root).projects, file), level=level, select=(select,))
    return rewrite(file.read_text(), given, str(file))


def reasons(found: Result) -> str:
    return "\n".join(remark.reason for remark in found.remarks)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("compose.yaml", f"{COMPOSE}    command: go vet ./...\n", "go vet ./... (compose.yaml:4) belongs to the tools"),
        ("compose.yaml", f"{COMPOSE}    entrypoint: [sh, -c, 'nc -z db 1; exec /app']\n", "may lack nc"),
        ("compose.yaml", f"{COMPOSE}    command: $CMD\n", "is not known"),
        (
            "Makefile",
            "IMG := me/app\nb:\n\tdocker build -t $(IMG) .\n\tdocker run --rm -it $(IMG) go test ./...\n",
            "go test",
        ),
        ("run.sh", "docker build -t a .\ndocker run -e A=1 --entrypoint make a check\n", "make check (run.sh:2)"),
        ("t.sh", "docker run -d --name w a\ndocker exec w go env\n", "go env (t.sh:2)"),
        ("t.sh", "if docker run --rm a go env; then\n  :\nfi\n", "go env (t.sh:1)"),
        (
            "k8s/pod.yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: a, image: a, command: [go, run, .]}\n",
            "go run . (k8s/pod.yaml:5)",
        ),
    ],
)
def test_a_command_of_the_build_tools_keeps_the_stage_whole(tree: Make, name: str, text: str, said: str) -> None:
    made = tree({**GO, name: text, "b.sh": "docker build -t a .\n"})
    found = result(made, "DS401")
    assert not found.changed
    assert said in reasons(found)


@pytest.mark.parametrize(
    "text",
    [
        f"{COMPOSE}    command: /app --serve\n",
        f"{COMPOSE}    healthcheck: {{test: 'grep -q x /proc/1/cmdline'}}\n",
        f"{COMPOSE}    command: [sh, -c, 'sleep 1; exec /app']\n",
    ],
)
def test_what_the_runtime_has_may_be_run(tree: Make, text: str) -> None:
    found = result(tree({**GO, "compose.yaml": text}), "DS401")
    assert "AS runtime" in found.text


def test_what_a_package_brings_is_installed(tree: Make) -> None:
    text = f"{COMPOSE}    healthcheck: {{test: curl -f localhost}}\n"
    found = result(tree({**GO, "compose.yaml": text}), "DS401")
    assert "--no-install-recommends ca-certificates curl" in found.text


def test_a_shell_takes_a_base_with_a_shell(tree: Make) -> None:
    made = tree({**GO, "compose.yaml": COMPOSE, "Makefile": "sh:\n\tdocker compose exec app sh\n"})
    assert "distroless" not in result(made, "DS401", "aggressive").text
    made = tree({**GO, "compose.yaml": COMPOSE, "Makefile": "sh:\n\tls\n"})
    assert "distroless" in result(made, "DS401", "aggressive").text


def test_a_script_is_read(tree: Make) -> None:
    made = tree(
        {
            "Dockerfile": 'FROM rust:1.79-slim\nWORKDIR /app\nCOPY . .\nRUN cargo build\nCMD ["target/debug/a"]\n',
            "Cargo.lock": "",
            "Cargo.toml": '[package]\nname = "a"\n',
            "src/main.rs": "fn main() {}\n",
            "dev.sh": "#!/bin/sh\ncargo watch\n",
            "compose.yaml": f"{COMPOSE}    command: ./dev.sh\n",
        }
    )
    found = result(made, "DS405")
    assert "cargo watch (compose.yaml:4) belongs to the tools of the build" in reasons(found)


JAVA = {
    "Dockerfile": "FROM maven:3.9-eclipse-temurin-21\nWORKDIR /b\nCOPY . .\nRUN mvn -q package\n"
    'CMD ["java", "-jar", "target/a.jar"]\n',
    "pom.xml": "<project/>",
    "src/main/java/A.java": "class A {}\n",
}


@pytest.mark.parametrize("words", ["java Tool.java", "java --source 21 Tool", "jps", "mvn test", "jcmd 1 VM.version"])
def test_what_compiles_java_needs_the_kit(tree: Make, words: str) -> None:
    found = result(tree({**JAVA, "compose.yaml": f"{COMPOSE}    command: {words}\n"}), "DS404")
    assert not found.changed
    assert "compose.yaml:4" in reasons(found)


@pytest.mark.parametrize("words", ["java -cp target/a.jar Main", "java -jar target/a.jar --x", "curl localhost"])
def test_what_runs_java_does_not(tree: Make, words: str) -> None:
    assert result(tree({**JAVA, "compose.yaml": f"{COMPOSE}    command: {words}\n"}), "DS404").changed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", f"{COMPOSE}    command: npm test\n"),
        ("compose.yaml", f"{COMPOSE}    healthcheck: {{test: npx jest}}\n"),
        ("Makefile", "t:\n\tdocker build -t a .\n\tdocker run --rm a npx jest\n"),
        (
            ".github/workflows/ci.yml",
            "jobs:\n  t:\n    steps:\n    - run: docker build -t a . && docker run a npm test\n",
        ),
        ("package.json", NODE["package.json"][:-1] + ', "x": "docker run a npm test"}'),
    ],
)
def test_development_stays_where_it_is_run(tree: Make, name: str, text: str) -> None:
    found = result(tree({**NODE, "b.sh": "docker build -t a .\n", name: text}), "DS410")
    assert not found.changed
    assert name in reasons(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "## Tests\n\n```sh\n$ docker compose exec app npm test\n```\n"),
        ("README.md", "1. Run `docker-compose run --rm app npx jest` and read `coverage/index.html`.\n"),
        ("CONTRIBUTING.md", "    docker compose exec -T app npm test\n"),
        ("docs/DEVELOPMENT.md", "docker compose exec app \\\n  npm test\n"),
    ],
)
def test_development_stays_where_people_are_told_to_run_it(tree: Make, name: str, text: str) -> None:
    found = result(tree({**NODE, "compose.yaml": COMPOSE, name: text}), "DS410")
    assert not found.changed
    assert name in reasons(found)


def test_development_goes_where_only_the_program_is_run(tree: Make) -> None:
    text = f"{COMPOSE}    command: npm run job\n    healthcheck: {{test: curl -f localhost}}\n"
    made = tree({**NODE, "compose.yaml": text, "Makefile": "sh:\n\tdocker compose exec app bash\n"})
    assert "npm ci --omit=dev" in result(made, "DS410").text


def test_tools_of_python_stay_where_they_are_run(tree: Make) -> None:
    files = {
        "Dockerfile": "FROM python:3.12\nRUN pip install poetry\nWORKDIR /a\nCOPY pyproject.toml poetry.lock ./\n"
        'RUN poetry install --no-root\nCOPY a.py ./\nCMD ["python", "a.py"]\n',
        "a.py": "print(1)\n",
        "poetry.lock": "",
        "pyproject.toml": '[tool.poetry.group.dev.dependencies]\npytest = "8"\n',
    }
    assert "--without=dev" in result(tree(files), "DS410").text
    for words in ("poetry run pytest", "make check", "sh -c '$$X'"):
        found = result(tree({**files, "compose.yaml": f"{COMPOSE}    command: {words}\n"}), "DS410")
        assert not found.changed
        assert "compose.yaml:4 runs" in reasons(found)


PYTHON = {
    "Dockerfile": 'FROM python:3.12-slim\nWORKDIR /srv/app\nCOPY app.py .\nEXPOSE 8000\nCMD ["python", "app.py"]\n',
    "app.py": "from http.server import HTTPServer, BaseHTTPRequestHandler\n"
    "HTTPServer(('', 8000), BaseHTTPRequestHandler).serve_forever()\n",
}


def user_set(tree: Make, line: str) -> Result:
    script = f"docker build -t app .\n{line}\n"
    return result(tree(PYTHON | {"ci/test.sh": f"cd ..\n{script}", "test.sh": script}), "DS501", "aggressive")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('docker run app bash -c "pip install pytest && pytest"', "test.sh:2 runs pip install inside"),
        ('docker run "app:$SHA" pip install pytest', "test.sh:2 runs pip install inside"),
        ("docker run --entrypoint apt-get app install -y vim", "test.sh:2 runs apt-get install inside"),
    ],
)
def test_packages_that_are_installed_inside_need_root(tree: Make, line: str, said: str) -> None:
    found = user_set(tree, line)
    assert not found.changed
    assert said in reasons(found)


@pytest.mark.parametrize(
    "line",
    [
        'docker run -v "$(pwd)/out:/srv/app/out" app sh -c "date > out/a"',
        "docker run --rm -v ~/out:/srv/app/out:rw,z app",
        "docker run --mount type=bind,source=$PWD/out,target=/srv/app/out app",
        "docker run --volume=$PWD/out:/srv/app/out app",
    ],
)
def test_what_is_mounted_by_hand_is_not_settled_here(tree: Make, line: str) -> None:
    found = user_set(tree, line)
    assert "lets people mount /srv/app/out" in "\n".join(
        (*(one for change in found.changes for one in change.evidence), reasons(found))
    )


@pytest.mark.parametrize(
    "script",
    [
        'MOUNTS="-v $(pwd)/out:/srv/app/out"  # what stays\ndocker run --rm $MOUNTS app\n',
        "OUT=/srv/app/out\nFLAGS='--rm'\nFLAGS+=\" -v ~/out:$OUT\"\ndocker run ${FLAGS} app\n",
        'declare -a FLAGS=(-v "$PWD/out:/srv/app/out")\ndocker run "${FLAGS[@]}" app\n',
    ],
)
def test_options_may_stand_in_variables(tree: Make, script: str) -> None:
    found = result(tree(PYTHON | {"t.sh": f"docker build -t app .\n{script}"}), "DS501", "aggressive")
    assert "lets people mount /srv/app/out" in "\n".join(
        (*(one for change in found.changes for one in change.evidence), reasons(found))
    )


@pytest.mark.parametrize(
    ("mounted", "refused"), [("data", True), ("data/new", True), ("data/seed.csv", False), ("logs", False)]
)
def test_what_is_mounted_where_the_program_writes_needs_root(tree: Make, mounted: str, refused: bool) -> None:
    files = PYTHON | {"config.ini": "[main]\ndata_dir = /srv/app/data\n"}
    files["Dockerfile"] = PYTHON["Dockerfile"].replace("app.py .", "app.py config.ini ./")
    made = tree(files | {"t.sh": f"docker build -t app .\ndocker run -v ~/x:/srv/app/{mounted} app\n"})
    found = result(made, "DS501", "aggressive")
    assert (f"mounts /srv/app/{mounted} from the host" in reasons(found)) is refused
    assert found.changed is not refused


@pytest.mark.parametrize(
    "line",
    [
        "docker run -v out:/srv/app/out app",
        "docker run -v $PWD/out:/srv/app/out:ro app",
        'docker run -u 0:0 -v "$PWD/out:/srv/app/out" other',
        'docker run --user "$(id -u)" -v "$PWD/out:/srv/app/out" app pip install x',
    ],
)
def test_what_is_run_by_hand_may_leave_the_user_alone(tree: Make, line: str) -> None:
    found = user_set(tree, line)
    assert "mount" not in reasons(found) + "".join(one for change in found.changes for one in change.evidence)
    assert found.changed


BYTECODE = "FROM debian:12\nENV PYTHONDONTWRITEBYTECODE=1\nRUN pip3 install django\n"


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        ({}, True),
        ({"compose.yaml": COMPOSE}, True),
        ({"compose.yaml": f"{COMPOSE}    command: python3 manage.py runserver\n"}, False),
        ({"run.sh": "docker build -t a .\ndocker run --rm a python3 -m django\n"}, False),
        ({"run.sh": "docker build -t a .\n", "web/Dockerfile": "FROM a\nCMD django-admin\n"}, False),
    ],
)
def test_bytecode_stays_where_something_starts_the_image(tree: Make, files: dict[str, str], changed: bool) -> None:
    assert result(tree({"Dockerfile": BYTECODE, **files}), "DS212", "aggressive").changed is changed


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"compose.yaml": f"{COMPOSE}    command: sleep infinity\n"},
            "people work in the container that compose.yaml:4",
        ),
        ({"compose.yaml": f"{COMPOSE}    entrypoint: [bash]\n"}, "people work in the container that compose.yaml:4"),
        ({"README.md": "Write\n\n\tFROM me/lamp:1\n\tRUN x\n"}, "may use them (README.md:3)"),
        ({"docs/use.md": "```\nFROM me/lamp\n```\n", "b.sh": "docker build -t me/lamp .\n"}, "(docs/use.md:2)"),
        ({"compose.yaml": f"{COMPOSE}    command: cron -f\n"}, None),
        ({"README.md": "FROM the sources, or:\n\nFROM debian:12\n"}, None),
        ({"docs/use.md": "FROM me/other\n", "b.sh": "docker build -t me/lamp .\n"}, None),
    ],
)
def test_recommended_packages_stay_for_people_and_images_on_top(
    tree: Make, files: dict[str, str], said: str | None
) -> None:
    text = "FROM debian:12\nRUN apt-get update && apt-get install -y git\n"
    found = result(tree({"Dockerfile": text, **files}), "DS613", "aggressive")
    assert found.changed is (said is None)
    assert (said or "") in reasons(found)
