"""What rewriting makes of the builds of a repository."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dockerslim_rewrite import Options, Result, rewrite
from dockerslim_rewrite.registry.lock import read_lock
from dockerslim_rewrite.workspace.uses import MAX_WAYS, Workspace

Make = Callable[..., Any]

APP = {
    "app/app.py": "import http.server\n"
    "http.server.HTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()\n",
    "app/requirements.txt": "",
}
DOCKERFILE = 'FROM python:3.12-slim\nWORKDIR /app\nCOPY app/ .\nEXPOSE 8000\nCMD ["python", "app.py"]\n'


def result(made: Any, path: str = "docker/Dockerfile", **options: Any) -> Result:
    file = made.root / path
    workspace = Workspace(made.root)
    given = Options(builds=partial(workspace.projects, file), **options)
    return rewrite(file.read_text(), given, str(file))


def remarks(found: Result, rule: str) -> str:
    return "\n".join(remark.reason for remark in found.remarks if remark.rule == rule)


def test_the_context_comes_from_who_builds(tree: Make) -> None:
    made = tree(
        {
            **APP,
            "docker/Dockerfile": DOCKERFILE,
            "compose.yaml": "services:\n  web:\n    build: {context: ., dockerfile: docker/Dockerfile}\n",
        }
    )
    found = result(made)
    assert "USER" in found.text
    assert remarks(found, "DS802") == ""


def test_without_a_build_the_sources_of_copy_show_the_context(tree: Make) -> None:
    made = tree({**APP, "docker/Dockerfile": DOCKERFILE})
    (project,) = Workspace(made.root).projects(made.root / "docker/Dockerfile")
    assert project.name == str(made.root)
    assert project.found == "nobody in the repository builds it; the nearest directory with all that COPY names"
    assert "USER" in result(made).text


def test_nothing_is_told_of_a_context_that_is_a_guess(tree: Make) -> None:
    made = tree({"docker/Dockerfile": "FROM alpine:3.20\nCOPY nowhere.txt /\n"})
    assert remarks(result(made), "DS802") == ""
    made = tree({"compose.yaml": "services: {a: {build: docker}}\n"})
    assert "nowhere.txt is not in the build context" in remarks(result(made), "DS802")


def test_a_build_whose_context_holds_nothing_is_out_of_date(tree: Make) -> None:
    copied = "FROM python:3.12-slim\nWORKDIR /app\nCOPY app/app.py app/requirements.txt ./\nCOPY docker/run.sh /\n"
    files = {
        **APP,
        "docker/run.sh": "",
        "docker/Dockerfile": copied,
        "docker/Makefile": "all:\n\tdocker build -t a .\n",
    }
    made = tree(files)
    told = remarks(result(made), "DS802")
    assert told == (
        "docker/Makefile:2 builds it with a context (docker) that holds none of its 3 sources; all are in the "
        "repository's root, which is taken for the context"
    )
    (project,) = Workspace(made.root).projects(made.root / "docker/Dockerfile")
    assert project.name == str(made.root)
    # What several say alike is told once.
    made = tree({"docker/compose.yaml": "services:\n  a:\n    build: .\n"})
    (note,) = [one for one in result(made).remarks if one.rule == "DS802"]
    assert note.reason.startswith("docker/compose.yaml:3 and docker/Makefile:2 build it with a context (docker) that ")
    made = tree({"docker/compose.yaml": ""})
    # With another build that is right, its context counts for both.
    made = tree({"compose.yaml": "services:\n  a:\n    build: {context: ., dockerfile: docker/Dockerfile}\n"})
    (project,) = Workspace(made.root).projects(made.root / "docker/Dockerfile")
    assert (project.name, project.found) == (str(made.root), "compose.yaml:3 says so")
    # Where no folder holds all, nothing tells that another one is meant; nor where half is there.
    made = tree({"docker/Dockerfile": f"{copied}COPY gone /\n", "compose.yaml": ""})
    assert "sources is in docker" in remarks(result(made), "DS802")
    made = tree({"docker/Dockerfile": copied, "docker/app/app.py": ""})
    assert "are not in the build context (docker)" in remarks(result(made), "DS802")


def test_submodules_are_there_for_who_checks_them_out(tree: Make) -> None:
    made = tree(
        {
            **APP,
            ".gitmodules": '[submodule "x"]\n\tpath = app/libs/x\n\turl = https://example.com/x\n',
            "app/Dockerfile": "FROM python:3.12-slim\nCOPY app.py libs/ gone/ /app/\nCOPY libs/x/setup.py /app/libs/\n",
            "compose.yaml": "services:\n  a: {build: app}\n",
        }
    )
    assert remarks(result(made, "app/Dockerfile"), "DS802") == (
        "gone/ is not in the build context (app): the build fails unless something makes it first"
    )
    # What is checked out is looked at like everything else.
    made = tree({"app/libs/x/README": ""})
    assert remarks(result(made, "app/Dockerfile"), "DS802") == (
        "gone/ and libs/x/setup.py (line 3) are not in the build context (app): "
        "the build fails unless something makes them first"
    )


def test_dockerfiles_of_others_that_are_not_there_are_no_complaint(tree: Make) -> None:
    made = tree(
        {"Dockerfile": "FROM alpine:3.20\n", "a.sh": "docker build -f there/Dockerfile .\ndocker build -t b .\n"}
    )
    workspace = Workspace(made.root)
    assert workspace.projects(made.root / "Dockerfile")
    assert workspace.repository.complaints == {}


def test_an_edit_must_be_right_for_every_context(tree: Make) -> None:
    files = {
        "Dockerfile": "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
        'RUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n',
        "one/requirements.txt": "flask\n",
        "one/app.py": "print(1)\n",
        "two/requirements.txt": "-e .\n",
        "two/setup.py": "",
        "two/app.py": "print(1)\n",
    }
    one = "services:\n  one:\n    build: {context: one, dockerfile: ../Dockerfile}\n"
    two = "  two:\n    build: {context: two, dockerfile: ../Dockerfile}\n"
    alone = result(tree({**files, "compose.yaml": one}), "Dockerfile")
    assert "COPY requirements.txt" in alone.text
    both = result(tree({"compose.yaml": one + two}), "Dockerfile")
    assert "COPY requirements.txt" not in both.text
    assert "requirements.txt:1 installs from the project itself: -e ." in remarks(both, "DS701")
    # What does not depend on the context is made all the same.
    assert "--no-cache-dir" in both.text


UNTOLD = """FROM python:3.12-slim
WORKDIR /app
ADD data .
COPY . .
RUN pip install -r requirements.txt
RUN git clone https://github.com/a/b /opt/b
RUN apt-get update && apt-get install -y curl
HEALTHCHECK CMD /app/check.sh
CMD python app.py
"""
UNTOLD_CONTEXT = {
    "Dockerfile": UNTOLD,
    "one/data/x.txt": "",
    "one/requirements.txt": "flask\n",
    "one/app.py": "print(1)\n",
    "one/check.sh": "#!/bin/sh\n",
    "compose.yaml": "services:\n  one:\n    build: {context: one, dockerfile: ../Dockerfile}\n",
}


@pytest.mark.parametrize(
    ("script", "untold"),
    [
        ("", False),
        ("docker build -f Dockerfile $CTX\n", True),
        ("docker build -f Dockerfile one\n", False),
        # Nothing but the Dockerfile is sent: what copies fails, and tells nothing.
        ("docker build - < Dockerfile\n", False),
    ],
)
def test_a_context_that_nobody_can_tell_may_hold_anything(tree: Make, script: str, untold: bool) -> None:
    found = result(tree({**UNTOLD_CONTEXT, "build.sh": script}), "Dockerfile", level="aggressive")
    resting = ("COPY data", "COPY requirements.txt", "/opt/b/.git", 'CMD ["python"', "USER")
    assert [one for one in resting if one in found.text] == ([] if untold else [*resting])
    # What does not depend on the context is made all the same.
    assert "--no-cache-dir" in found.text
    assert "rm -rf /var/lib/apt/lists/*" in found.text
    why = "not right for build.sh:1, since nothing tells what its context $CTX holds"
    for rule in ("DS209", "DS501", "DS601", "DS603", "DS701"):
        assert (why in remarks(found, rule)) is untold
        assert "is not in the context" not in remarks(found, rule)


def test_a_program_of_an_untold_context_stays_in_its_build_stage(tree: Make) -> None:
    files = {
        "Dockerfile": "FROM golang:1.22\nWORKDIR /src\nCOPY . .\n"
        'RUN CGO_ENABLED=0 go build -o /bin/app .\nCMD ["/bin/app"]\n',
        "one/go.mod": "module x\n\ngo 1.22\n",
        "one/main.go": "package main\n\nfunc main() {}\n",
        "compose.yaml": "services:\n  one:\n    build: {context: one, dockerfile: ../Dockerfile}\n",
    }
    assert "AS runtime" in result(tree(files), "Dockerfile").text
    made = tree({"build.sh": "docker build -f Dockerfile $CTX\n"})
    found = result(made, "Dockerfile", level="aggressive")
    assert "AS runtime" not in found.text
    assert "since nothing tells what its context $CTX holds" in remarks(found, "DS401")


def test_where_no_build_tells_its_context_copy_shows_it(tree: Make) -> None:
    made = tree({**APP, "docker/Dockerfile": DOCKERFILE, "build.sh": "docker build -f docker/Dockerfile $CTX\n"})
    (project,) = Workspace(made.root).projects(made.root / "docker/Dockerfile")
    assert project.name == str(made.root)
    # A context that is given takes the place of all.
    made = tree({"compose.yaml": "services:\n  a:\n    build: {context: ., dockerfile: docker/Dockerfile}\n"})
    file = made.root / "docker/Dockerfile"
    assert [one.usage.untold for one in Workspace(made.root).projects(file)] == [None, "$CTX"]
    assert [one.usage.untold for one in Workspace(made.root).projects(file, made.root)] == [None]


STAGES = """FROM python:3.12-slim AS base
WORKDIR /app
COPY app/ .

FROM base AS dev
CMD ["python", "app.py"]

FROM base AS prod
CMD ["python", "app.py"]
"""


def test_the_stage_that_a_build_names_is_judged_and_the_last_one(tree: Make) -> None:
    made = tree(
        {
            **APP,
            "docker/Dockerfile": STAGES,
            "compose.yaml": "services:\n  web:\n    build: {context: ., dockerfile: docker/Dockerfile, target: dev}\n",
        }
    )
    dev, prod = result(made).text.split("AS prod")
    assert dev.count("USER") == 1
    assert prod.count("USER") == 1


def service(tree: Make, attributes: str) -> Result:
    made = tree(
        {
            **APP,
            "docker/Dockerfile": DOCKERFILE,
            "compose.yaml": f"services:\n  web:\n"
            f"    build: {{context: ., dockerfile: docker/Dockerfile}}\n"
            f"    {attributes}\n",
        }
    )
    return result(made)


def test_what_a_service_needs_of_root(tree: Make) -> None:
    assert "USER" in service(tree, "ports: ['80:8000']").text
    for attributes, reason in (
        (
            "ports: ['80:80']",
            "port 80 is used by compose.yaml:4, and takes root on many hosts; a higher one would change both",
        ),
        ("user: root", "compose.yaml:4 runs it as root"),
        ("privileged: true", "compose.yaml:4 gives it ALL"),
        ("cap_add: [NET_ADMIN]", "compose.yaml:4 gives it NET_ADMIN"),
        ("volumes: ['/var/run/docker.sock:/var/run/docker.sock']", "hands it /var/run/docker.sock of the host"),
        ("volumes: ['data:/data']", "volumes keep the owner that their files have (compose.yaml:4)"),
        ("command: python other.py", "other.py is not copied into the image (compose.yaml:4)"),
        ("command: $COMMAND", "compose.yaml:4"),
    ):
        found = service(tree, attributes)
        assert "USER" not in found.text, attributes
        assert reason in remarks(found, "DS501"), attributes


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"compose.yaml": "services: {w: {build: ., environment: {PORT: '80'}}}\n"}, "compose.yaml:1"),
        ({"compose.yaml": "services:\n  w:\n    build: .\n    environment:\n    - PORT=80\n"}, "compose.yaml:5"),
        ({"compose.yaml": "services: {w: {build: ., env_file: w.env}}\n", "w.env": "A=1\nPORT=80\n"}, "w.env:2"),
        (
            {"compose.yaml": "services: {w: {build: ., env_file: [{path: w.env}]}}\n", "w.env": "PORT=80\n"},
            "w.env:1",
        ),
        (
            {
                "compose.yaml": "services: {w: {build: ., image: g/w}}\n",
                "k8s/pod.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: g/w\n    env:\n"
                "    - {name: PORT, value: '80'}\n",
            },
            "k8s/pod.yaml:7",
        ),
        ({"fly.toml": "[build]\ndockerfile = 'Dockerfile'\n[env]\nPORT = '80'\n"}, "fly.toml:4"),
        (
            {
                "render.yaml": "services:\n- {runtime: docker, envVars: [{key: PORT, value: 80}]}\n",
            },
            "render.yaml:2",
        ),
    ],
)
def test_a_port_for_root_alone_that_the_environment_gives(tree: Make, files: dict[str, str], told: str) -> None:
    app = {
        "Dockerfile": 'FROM node:22-slim\nWORKDIR /app\nCOPY a.js .\nCMD ["node", "a.js"]\n',
        "a.js": "require('http').createServer().listen(process.env.PORT || 3000)\n",
    }
    found = result(tree({**app, **files}), "Dockerfile")
    assert "USER" not in found.text
    assert f"{told} lets it listen on port 80 (PORT)" in remarks(found, "DS501")
    higher = {name: text.replace("80", "8080") for name, text in files.items()}
    assert "USER" in result(tree({**app, **higher}), "Dockerfile").text


def test_a_later_value_of_the_environment_takes_the_place_of_an_earlier_one(tree: Make) -> None:
    made = tree({"w.env": "PORT=80\n", **APP, "docker/Dockerfile": DOCKERFILE})
    assert made
    found = service(tree, "env_file: w.env\n    environment: {PORT: 8080}")
    assert "USER" in found.text


RUN = "# Web\n\n    docker run --rm -it \\\n      -p 80:8000 {} x/web --quick\n"


@pytest.mark.parametrize(
    "mount", ["-v $PWD/out:/out", "-itv ~/out:/out", "--mount type=bind,src=/o,dst=/out", "-v c:/Users/me:/out"]
)
def test_what_documents_let_people_mount_has_an_owner_of_theirs(tree: Make, mount: str) -> None:
    files = {**APP, "docker/Dockerfile": DOCKERFILE, "docker/README.md": RUN.format(mount)}
    found = result(tree(files), level="aggressive")
    assert "USER" in found.text
    assert "docker/README.md:3 lets people mount /out" in " ".join(change.reason for change in found.changes)
    assert "USER" not in result(tree(files)).text
    writes = "import http.server\nhttp.server.HTTPServer(('', 8000), H)\nopen('/out/x', 'w')\n"
    found = result(tree({**files, "app/app.py": writes}), level="aggressive")
    assert "USER" not in found.text
    assert "docker/README.md:3 mounts /out from the host" in remarks(found, "DS501")


@pytest.mark.parametrize(
    "mount",
    ["-v $PWD/out:/out:ro", "-v ./web.ini:/etc/web.ini", "-u $(id -u) -v /o:/out", "--mount type=bind,src=/,dst=/h,ro"],
)
def test_what_is_only_read_or_run_by_somebody_else_may_be_anybodys(tree: Make, mount: str) -> None:
    files = {**APP, "docker/Dockerfile": DOCKERFILE, "docker/README.md": RUN.format(mount)}
    assert "USER" in result(tree(files)).text


def test_a_document_elsewhere_has_to_name_the_image(tree: Make) -> None:
    files = {**APP, "docker/Dockerfile": DOCKERFILE, "README.md": RUN.format("-v /o:/out")}
    assert "USER" in result(tree(files)).text
    named = {
        **files,
        "compose.yaml": "services: {w: {image: g/web, build: {context: ., dockerfile: docker/Dockerfile}}}",
    }
    assert "USER" not in result(tree(named)).text


@pytest.mark.parametrize(
    ("image", "folder", "user"), [("x/web", "out", False), ("other", "out", True), ("other", "srv", False)]
)
def test_any_document_may_say_what_is_mounted(tree: Make, image: str, folder: str, user: bool) -> None:
    said = f"# How\n\n`docker run -p 80:8000 -v /o:/{folder} {image}`\n"
    made = {**APP, "docker/Dockerfile": DOCKERFILE.replace("/app", "/srv"), "docs/how.md": said}
    made["compose.yaml"] = "services: {w: {image: g/web, build: {context: ., dockerfile: docker/Dockerfile}}}"
    assert ("USER" in result(tree(made)).text) is user


COMPOSED = "services:\n  a:\n    image: {}\n    volumes: ['./out:/out']\n"


@pytest.mark.parametrize(
    ("name", "image", "made_by", "user"),
    [
        ("docker/compose.yaml", "x/other", "RUN mkdir -p /out/x", False),
        ("docker/compose.yaml", "other", "RUN mkdir -p /out/x", True),
        ("docker/compose.yaml", "other", "RUN mkdir /out", False),
        ("compose.yaml", "x/other", "RUN mkdir /out", False),
        ("compose.yaml", "x/other", "RUN mkdir -p /out/x", True),
        ("compose.yaml", "x/web:2", "RUN mkdir -p /out/x", False),
    ],
)
def test_a_service_whose_image_nobody_builds_may_run_this_one(
    tree: Make, name: str, image: str, made_by: str, user: bool
) -> None:
    writes = "import http.server\nhttp.server.HTTPServer(('', 8000), H)\nopen('/out/x', 'w')\n"
    files = {
        "docker/Dockerfile": DOCKERFILE.replace("WORKDIR", f"{made_by}\nWORKDIR"),
        name: COMPOSED.format(image),
        "docker/app/app.py": writes,
    }
    made = tree({**files, "Makefile": "all:\n\tdocker build -t y/web docker\n"})
    found = result(made, level="aggressive")
    assert ("USER" in found.text) is user
    told = f"it writes /out/x, and {name}:4 mounts /out from the host"
    assert (told in remarks(found, "DS501")) is not user


def test_a_socket_of_the_host_in_a_document_is_roots(tree: Make) -> None:
    mount = "-v /var/run/docker.sock:/var/run/docker.sock"
    found = result(tree({**APP, "docker/Dockerfile": DOCKERFILE, "docker/README.md": RUN.format(mount)}))
    assert "docker/README.md:3 hands it /var/run/docker.sock of the host" in remarks(found, "DS501")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wdl/call.wdl", "task call {\n  runtime {\n    docker: caller_docker\n  }\n}\n"),
        ("call.cwl", "requirements:\n  DockerRequirement:\n    dockerPull: g/caller:1.2\n"),
        ("main.nf", "process CALL {\n\n  container 'quay.io/g/caller:1.2'\n}\n"),
        ("nextflow.config", "process {\n\n  container = 'g/caller'\n}\n"),
        ("Snakefile", "rule call:\n\n    container: 'docker://g/caller'\n"),
    ],
)
def test_the_engine_of_a_workflow_is_root(tree: Make, name: str, text: str) -> None:
    made = tree({**APP, "images/caller/Dockerfile": DOCKERFILE, name: text})
    found = result(made, "images/caller/Dockerfile", level="aggressive")
    assert "USER" not in found.text
    assert f"{name}:3 runs it in a workflow" in remarks(found, "DS501")
    other = {**APP, "images/caller/Dockerfile": DOCKERFILE, name: text.replace("caller", "other")}
    assert "USER" in result(tree(other), "images/caller/Dockerfile").text


@pytest.mark.parametrize("disk", ["[mounts]\ndestination = '/d'\n", "[[mounts]]\ndestination = '/d'\n"])
def test_a_volume_of_a_platform_keeps_its_owner(tree: Make, disk: str) -> None:
    made = tree({**APP, "Dockerfile": DOCKERFILE, "fly.toml": f"[build]\ndockerfile = 'Dockerfile'\n{disk}"})
    assert "volumes keep the owner that their files have (fly.toml:4)" in remarks(result(made, "Dockerfile"), "DS501")


def test_a_service_that_runs_as_somebody_else_has_no_say(tree: Make) -> None:
    assert "USER" in service(tree, "user: '1000'\n    ports: ['80:80']").text


def test_every_way_to_start_is_followed(tree: Make) -> None:
    made = tree(
        {
            **APP,
            "app/worker.py": "import os\nos.setuid(5)\n",
            "docker/Dockerfile": DOCKERFILE,
            "compose.yaml": "services:\n"
            "  web:\n    build: &b {context: ., dockerfile: docker/Dockerfile}\n"
            "  worker:\n    build: *b\n    command: python worker.py\n",
        }
    )
    found = result(made)
    assert "USER" not in found.text
    assert "setuid" in remarks(found, "DS501")


def test_stages_called_by_number_stay(tree: Make) -> None:
    made = tree(
        {
            "Dockerfile": 'FROM alpine:3.20\nRUN true\n\nFROM alpine:3.20\nCMD ["true"]\n',
            "b.sh": "docker build --target 0 .\n",
        }
    )
    found = result(made, "Dockerfile", level="aggressive", select=("DS106",))
    assert not found.changed
    assert "builds stage 0 by its number" in remarks(found, "DS106")
    (made.root / "b.sh").unlink()
    assert result(made, "Dockerfile", level="aggressive", select=("DS106",)).changed


def test_too_many_ways_to_build_leave_the_context_out(tree: Make) -> None:
    services = "".join(
        f"  s{n}:\n    build: {{context: c{n}, dockerfile: ../Dockerfile}}\n" for n in range(MAX_WAYS + 1)
    )
    made = tree({"Dockerfile": "FROM alpine:3.20\nCOPY x /\n", "compose.yaml": "services:\n" + services})
    assert Workspace(made.root).projects(made.root / "Dockerfile") == ()
    assert remarks(result(made, "Dockerfile"), "DS802") == ""


def test_a_stage_that_others_are_built_from_stays_as_it_is(tree: Make) -> None:
    made = tree(
        {
            **APP,
            "docker/Dockerfile": STAGES.replace("FROM base AS prod", "FROM dev AS tools\n\nFROM base AS prod"),
            "compose.yaml": "services:\n  web:\n    build: {context: ., dockerfile: docker/Dockerfile, target: dev}\n",
        }
    )
    found = result(made)
    dev, prod = found.text.split("AS tools")
    assert "USER" not in dev
    assert "USER" in prod
    assert "the stage on line 8 is built from it" in remarks(found, "DS501")
    assert found.bugs == ()


def test_the_user_of_a_stage_that_is_copied_from_concerns_nobody(tree: Make) -> None:
    made = tree(
        {
            **APP,
            "docker/Dockerfile": STAGES.replace(
                "FROM base AS prod", "FROM base AS prod\nCOPY --from=dev /app/app.py /x.py"
            ),
            "compose.yaml": "services:\n  web:\n    build: {context: ., dockerfile: docker/Dockerfile, target: dev}\n",
        }
    )
    assert result(made).text.count("USER") == 2


COMPOSE = "services:\n  web:\n    build: {context: ., dockerfile: docker/Dockerfile}\n"
WRITER = (
    "import http.server, os\n"
    "open('/srv/state/x', 'w')\n"
    "http.server.HTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()\n"
)


def stays_root(made: Any) -> str:
    found = result(made, level="aggressive")
    assert "USER" not in found.text
    return remarks(found, "DS501")


def test_a_directory_of_the_hosts_over_what_it_writes_keeps_it_roots(tree: Make) -> None:
    compose = COMPOSE + "    volumes: ['./s:/srv/state']\n"
    made = tree({**APP, "app/app.py": WRITER, "docker/Dockerfile": DOCKERFILE, "compose.yaml": compose})
    assert "mounts /srv/state from the host" in stays_root(made)
    made = tree({**APP, "docker/Dockerfile": DOCKERFILE, "compose.yaml": compose.replace("./s:", "./other:")})
    assert "USER" in result(made).text


@pytest.mark.parametrize("name", ["secrets.yaml", "creds.json", "app.key", "id_rsa", "tls.pem", "api_token"])
@pytest.mark.parametrize("file", ["monkey.txt", "config.yaml", "keys.js"])
def test_a_secret_of_the_hosts_is_for_its_owner(tree: Make, name: str, file: str) -> None:
    made = {**APP, "docker/Dockerfile": DOCKERFILE}
    volumes = "    volumes: ['/srv/x/{0}:/etc/app/{0}:ro']\n"
    assert f"mounts /etc/app/{name} from the host" in stays_root(
        tree({**made, "compose.yaml": COMPOSE + volumes.format(name)})
    )
    assert "USER" in result(tree({**made, "compose.yaml": COMPOSE + volumes.format(file)})).text


def test_a_directory_of_the_hosts_keeps_what_may_write_there_roots(tree: Make) -> None:
    files = {
        **APP,
        "app/app.py": WRITER.replace("'/srv/state/x'", "os.environ['STATE']"),
        "docker/Dockerfile": DOCKERFILE,
    }
    compose = COMPOSE + "    volumes: ['./s:/app']\n"
    assert "mounts /app from the host" in stays_root(tree({**files, "compose.yaml": compose}))
    other = compose.replace(":/app", ":/other")
    assert "mounts /other from the host" in stays_root(tree({**files, "compose.yaml": other}))
    assert (
        "USER" in result(tree({**files, "compose.yaml": other.replace("/other", "/other:ro")}), level="aggressive").text
    )


@pytest.mark.parametrize(
    ("mount", "stays"),
    [("./s:/state", True), ("./s:/state:default", True), ("./s:/state:ro", False), ("./s:/etc/a.ini", False)],
)
def test_what_may_write_anywhere_may_write_to_a_directory_of_the_hosts(tree: Make, mount: str, stays: bool) -> None:
    job = {"app/app.py": "import reefkit\nreefkit.run('/x')\n", "app/requirements.txt": "reefkit\n"}
    dockerfile = DOCKERFILE.replace("EXPOSE 8000\n", "")
    compose = f"services:\n  job:\n    build: {{context: ., dockerfile: docker/Dockerfile}}\n    volumes: ['{mount}']\n"
    found = result(tree({**job, "docker/Dockerfile": dockerfile, "compose.yaml": compose}), level="aggressive")
    assert ("USER" not in found.text) is stays
    assert ("compose.yaml:4 mounts /state from the host" in remarks(found, "DS501")) is stays


def test_a_mount_in_roots_home_keeps_it_roots(tree: Make) -> None:
    compose = COMPOSE + "    volumes: ['~/.aws:/root/.aws:ro']\n"
    made = tree({**APP, "docker/Dockerfile": DOCKERFILE, "compose.yaml": compose})
    assert "mounts /root/.aws, in root's home" in stays_root(made)


def test_a_privileged_pod_is_found_by_the_end_of_its_images_name(tree: Make) -> None:
    cloudbuild = (
        "steps:\n- name: gcr.io/cloud-builders/docker\n"
        "  args: ['build', '-t', '$LOCATION-docker.pkg.dev/$PROJECT_ID/g/web:v1', '-f', 'docker/Dockerfile', '.']\n"
    )
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n"
        "    image: REGION-docker.pkg.dev/PROJECT_ID/g/web:v1\n    securityContext: {privileged: true}\n"
    )
    files = {**APP, "docker/Dockerfile": DOCKERFILE, "cloudbuild.yaml": cloudbuild}
    assert "gives it ALL" in stays_root(tree({**files, "k8s/pod.yaml": pod}))
    assert "USER" in result(tree({**files, "k8s/pod.yaml": pod.replace("g/web", "h/web")})).text


def test_cloud_build_starts_beside_its_configuration_where_only_that_holds_a_dockerfile(tree: Make) -> None:
    cloudbuild = "steps:\n- name: gcr.io/cloud-builders/docker\n  args: ['build', '-t', 'gcr.io/p/web', '.']\n"
    made = tree({"sub/Dockerfile": "FROM alpine:3.20\nCOPY a /\n", "sub/cloudbuild.yaml": cloudbuild, "sub/a": "1"})
    workspace = Workspace(made.root)
    (project,) = workspace.projects(made.root / "sub/Dockerfile")
    assert workspace.repository.complaints == {}
    assert project.name == str(made.root / "sub")
    assert project.found is not None
    assert "sub/cloudbuild.yaml:2" in project.found


SHELL = {"b.sh": "docker build -t x/svc svc\ndocker build -t x/two -f D2.Dockerfile .\n"}
CONTEXTS = (
    "services:\n  a: {build: svc}\n  b:\n    build:\n      context: .\n      dockerfile: D2.Dockerfile\n"
    '      additional_contexts: {base: "service:a"}\n'
)
BAKE = (
    'target "a" {\n context = "svc"\n}\n'
    'target "b" {\n dockerfile = "D2.Dockerfile"\n contexts = { base = "target:a" }\n}\n'
)
SKAFFOLD = (
    "apiVersion: skaffold/v4beta11\nkind: Config\nbuild:\n  artifacts:\n  - {image: a, context: svc}\n"
    "  - {image: b, context: ., docker: {dockerfile: D2.Dockerfile}, requires: [{image: a, alias: BASE}]}\n"
)


@pytest.mark.parametrize(
    ("base", "files"),
    [
        ("FROM x/svc\n", SHELL),
        ("FROM base\n", {"compose.yaml": CONTEXTS}),
        ("FROM base\n", {"docker-bake.hcl": BAKE}),
        ("ARG BASE\nFROM $BASE\n", {"skaffold.yaml": SKAFFOLD}),
    ],
)
def test_an_image_that_another_dockerfile_goes_on_from_keeps_root_and_its_lists(
    tree: Make, base: str, files: dict[str, str]
) -> None:
    service = 'FROM debian:12\nRUN apt-get update && apt-get install -y curl\nCOPY run.sh /\nCMD ["/run.sh"]\n'
    made = tree(
        {
            "svc/Dockerfile": service,
            "svc/run.sh": "#!/bin/sh\necho hi\n",
            "D2.Dockerfile": f"{base}RUN apt-get install -y git\n",
            **files,
        }
    )
    found = result(made, "svc/Dockerfile")
    assert "USER" not in found.text
    assert "rm -rf /var/lib/apt/lists" not in found.text
    assert "other builds go on from here (D2.Dockerfile:" in remarks(found, "DS501")
    assert "builds on this image, and may install from them" in remarks(found, "DS201")


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("base/Dockerfile", "FROM base\n"),
        ("images/base/Dockerfile", "FROM acme/base:$version\n"),
        ("images/base/context/Dockerfile", "ARG BASE=registry.example/acme/base:1\nFROM ${BASE}\n"),
        ("docker/base.Dockerfile", "FROM acme/base\n"),
        ("docker/Dockerfile.base", "ARG FROM=acme/base:1\nFROM $FROM AS app\n"),
    ],
)
def test_an_image_called_like_its_folder_is_gone_on_from_whoever_builds_it(tree: Make, path: str, base: str) -> None:
    text = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"
    made = tree({path: text, "app/Dockerfile": f"{base}RUN apt-get install -y git\n"})
    found = result(made, path)
    assert found.text == text
    assert "app/Dockerfile:" in remarks(found, "DS201")


INSTALLS = "RUN apt-get install -y git\n"
BASE = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"


@pytest.mark.parametrize(
    "files",
    [
        # Who goes on from it is built by nobody here.
        {"build.sh": "docker build -t x/a a\n", "b/Dockerfile": f"FROM x/a:1\n{INSTALLS}"},
        # Or goes on from what does.
        {
            "build.sh": "docker build -t x/a a\ndocker build -t x/b b\n",
            "b/Dockerfile": "FROM x/a\n",
            "c/Dockerfile": f"FROM x/b\n{INSTALLS}",
        },
        # Its name stands in settings that a script reads.
        {
            "a/bin/image.conf": "name=x/lists\n",
            "a/bin/build.sh": '. "$here/image.conf"\ndocker build -t "$name" .\n',
            "b/Dockerfile": f"FROM x/lists\n{INSTALLS}",
        },
        # A script installs.
        {
            "build.sh": "docker build -t x/a a\n",
            "b/Dockerfile": "FROM x/a\nCOPY setup.sh /\nRUN /setup.sh\n",
            "b/setup.sh": "apt-get install -y git\n",
        },
    ],
)
def test_whoever_goes_on_from_an_image_may_read_its_lists(tree: Make, files: dict[str, str]) -> None:
    found = result(tree({"a/Dockerfile": BASE, **files}), "a/Dockerfile")
    assert found.text == BASE
    assert "builds on this image, and may install from them" in remarks(found, "DS201")


def test_a_script_that_fetches_lists_of_its_own_needs_no_others(tree: Make) -> None:
    child = {"b/Dockerfile": "FROM x/a\nCOPY setup.sh /\nRUN /setup.sh\n"}
    script = {"b/setup.sh": "apt-get update\napt-get install -y git\n", "build.sh": "docker build -t x/a a\n"}
    assert "rm -rf /var/lib/apt/lists" in result(tree({"a/Dockerfile": BASE, **child, **script}), "a/Dockerfile").text


@pytest.mark.parametrize(
    ("own", "base"),
    [
        # Another repository's, which both begin with.
        ("FROM vendor/base\n", "FROM vendor/base\n"),
        ("FROM debian:12\n", "FROM debian:12 AS base\nFROM base\n"),
        ("FROM debian:12\n", "FROM acme/database\n"),
    ],
)
def test_an_image_that_is_called_otherwise_is_not_the_folders(tree: Make, own: str, base: str) -> None:
    text = f"{own}RUN apt-get update && apt-get install -y curl\n"
    made = tree({"base/Dockerfile": text, "app/Dockerfile": f"{base}RUN apt-get install -y git\n"})
    assert "rm -rf /var/lib/apt/lists" in result(made, "base/Dockerfile").text


def test_an_image_of_the_catalogue_comes_from_elsewhere(tree: Make) -> None:
    text = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"
    made = tree({"nginx/Dockerfile": text, "app/Dockerfile": "FROM nginx\nRUN apt-get install -y git\n"})
    assert "rm -rf /var/lib/apt/lists" in result(made, "nginx/Dockerfile").text


def test_a_dockerfile_that_fetches_lists_of_its_own_takes_none_away(tree: Make) -> None:
    made = tree(
        {
            "svc/Dockerfile": "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n",
            "D2.Dockerfile": "FROM x/svc\nRUN apt-get update && apt-get install -y git\n",
            **SHELL,
        }
    )
    assert "rm -rf /var/lib/apt/lists" in result(made, "svc/Dockerfile").text


@pytest.mark.parametrize(
    ("path", "develops"),
    [
        ("Dockerfile-dev", True),
        ("Dockerfile.dev", True),
        ("dev.Dockerfile", True),
        ("docker/dev/Dockerfile", True),
        ("Dockerfile.development", True),
        ("Dockerfile", False),
        ("devices/Dockerfile", False),
        ("Dockerfile.devices", False),
    ],
)
def test_a_dockerfile_for_development_keeps_what_people_work_with(tree: Make, path: str, develops: bool) -> None:
    made = tree({path: "FROM php:8.3-cli\nCOPY . .\nRUN composer install\n"})
    (project, *_) = Workspace(made.root).projects(made.root / path)
    assert (project.usage.workplace is not None) is develops


def test_the_script_of_a_job_reaches_no_entrypoint_in_shell_form(tree: Make) -> None:
    text = "FROM debian:12\nENTRYPOINT /usr/bin/check\n"
    script = {"build.sh": "docker build -t acme/check .\n", "Dockerfile": text}
    assert '["/usr/bin/check"]' in result(tree(script), "Dockerfile").text
    job = {".gitlab-ci.yml": "check:\n  image: acme/check\n  script: [make]\n"}
    assert result(tree({**script, **job}), "Dockerfile").text == text


@pytest.mark.parametrize(("words", "stays"), [("command: serve --port 80", True), ("ports: ['80:80']", False)])
def test_words_that_a_service_gives_reach_no_entrypoint_in_shell_form(tree: Make, words: str, stays: bool) -> None:
    made = tree(
        {
            "docker/Dockerfile": "FROM python:3.12-slim\nCOPY main.py /\nENTRYPOINT python /main.py\n",
            "docker/main.py": "print(1)\n",
            "compose.yaml": f"services:\n  web:\n    build: docker\n    {words}\n",
        }
    )
    found = result(made)
    assert ("ENTRYPOINT python" in found.text) is stays
    assert ("the words `serve --port 80` of compose.yaml:4" in remarks(found, "DS603")) is stays


@pytest.mark.parametrize(("over", "stays"), [(".:/code", True), ("./data:/data", False)])
def test_a_script_of_the_host_is_not_started_without_a_shell(tree: Make, over: str, stays: bool) -> None:
    made = tree(
        {
            "docker/Dockerfile": "FROM alpine:3.20\nWORKDIR /code\nCMD ./start.sh\n",
            "compose.yaml": f"services:\n  web:\n    build: docker\n    volumes: ['{over}']\n",
        }
    )
    found = result(made)
    assert ("CMD ./start.sh" in found.text) is stays
    assert ("compose.yaml:4 mounts ./start.sh" in remarks(found, "DS603")) is stays


def test_no_registry_is_to_be_asked_for_an_image_that_the_repository_builds(tree: Make) -> None:
    compose = "services:\n  b:\n    build: base\n    image: acme/base\n  a:\n    build: .\n"
    made = tree({"compose.yaml": compose, "base/Dockerfile": "FROM debian:12\n", "Dockerfile": "FROM acme/base\n"})
    told = remarks(result(made, "Dockerfile"), "DS301")
    assert "this repository builds it" in told
    assert "registry" not in told


@pytest.mark.parametrize(("shell", "guards"), [('"-o", "pipefail", "-c"', True), ('"-c"', False)])
def test_a_shell_of_the_repositorys_own_base_image_is_inherited(tree: Make, shell: str, guards: bool) -> None:
    base = f'FROM centos:7\nSHELL ["/bin/bash", {shell}]\nRUN yum -y install curl\n'
    own = "FROM acme/base:latest\nRUN yum -y update && curl -sSL https://example.com/a | sh\n"
    script = "docker build -t acme/base:latest -f base/Dockerfile .\n"
    made = tree({"build.sh": script, "base/Dockerfile": base, "Dockerfile": own})
    assert ("pipefail" not in result(made, "Dockerfile").text) == guards


@pytest.mark.parametrize("override", ["command: node worker.js", "entrypoint: [node, worker.js]"])
def test_an_override_leaves_the_images_own_start_as_it_is(tree: Make, override: str) -> None:
    app = {
        "Dockerfile": 'FROM node:22-slim\nWORKDIR /a\nCOPY *.js ./\nEXPOSE 80\nCMD ["node", "server.js"]\n',
        "server.js": "require('http').createServer().listen(80)\n",
        "worker.js": "setInterval(() => 0, 1000)\n",
        "compose.yaml": f"services:\n  w:\n    build: .\n    {override}\n",
    }
    assert "listens on port 80 (server.js:1)" in remarks(result(tree(app), "Dockerfile"), "DS501")


def test_builds_that_go_on_from_an_image_keep_its_base_and_its_stage(tree: Make) -> None:
    made = tree(
        {
            "Makefile": "all:\n\tdocker build -t acme/base base\n\tdocker build -t acme/app app\n",
            "base/Dockerfile": "FROM python:3.12\nRUN apt-get update && apt-get install -y gcc\nWORKDIR /app\n"
            'COPY requirements.txt util.py ./\nRUN pip install -r requirements.txt\nCMD ["python", "util.py"]\n',
            "base/requirements.txt": "flask==3.0.0\n",
            "base/util.py": "import flask\n",
            "app/Dockerfile": "FROM acme/base\nRUN pip install psycopg2\n",
        }
    )
    found = result(made, "base/Dockerfile", level="aggressive")
    assert "AS build" not in found.text
    assert "slim" not in found.text
    assert "other builds go on from here (app/Dockerfile:1)" in remarks(found, "DS304")


def test_files_that_an_earlier_step_may_make_are_told_with_that(tree: Make) -> None:
    docker = "- name: gcr.io/cloud-builders/docker\n  args: ['build', '-t', 'x', '.']\n"
    files = {"Dockerfile": "FROM alpine:3.20\nCOPY a hello /\n", "a": "1"}

    def told(steps: str) -> str:
        made = tree({**files, "cloudbuild.yaml": f"steps:\n{steps}"})
        path = made.root / "Dockerfile"
        given = Options(builds=partial(Workspace(made.root).projects, path), select=("DS802",))
        return "\n".join(one.reason for one in rewrite(path.read_text(), given, str(path)).remarks)

    assert told(docker).endswith(
        "hello is not in the build context (the repository's root): the build fails unless something makes it first"
    )
    made = told(f"- name: gcr.io/cloud-builders/go\n  args: ['build']\n{docker}")
    assert made.endswith("(the repository's root): the build fails unless what cloudbuild.yaml:2 runs makes it first")


@pytest.mark.parametrize("place", [".devcontainer", ".editor"])
def test_people_work_in_a_development_container(tree: Make, place: str) -> None:
    """What only comes along, and what the full image has, may be at hand for them."""
    dockerfile = 'FROM node:22\nRUN apt-get update && apt-get install -y git vim\nCMD ["node", "i.js"]\n'
    compose = "services:\n  dev:\n    build: {context: .., dockerfile: docker/Dockerfile}\n"
    made = tree({"docker/Dockerfile": dockerfile, "package.json": "{}", f"{place}/compose.yaml": compose})
    found = result(made, level="aggressive")
    at_work = f"people work in the container that {place}/compose.yaml:3 builds"
    assert (at_work in remarks(found, "DS613")) == (place == ".devcontainer")
    assert ("--no-install-recommends" in found.text) == (place != ".devcontainer")
    assert ("FROM node:22\n" in found.text) or place != ".devcontainer"


SERVED = {
    "Dockerfile": "FROM node:20-alpine\nRUN apk add --no-cache python3 make g++\nWORKDIR /app\n"
    'COPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\nCMD ["node", "a.js"]\n',
    "package.json": '{"name": "a", "dependencies": {"bcrypt": "5.1.1"}}\n',
    "package-lock.json": '{"lockfileVersion": 3, "packages": {"": {}, "node_modules/bcrypt": {"version": "5.1.1", '
    '"hasInstallScript": true}}}\n',
    "a.js": "require('http').createServer().listen(3000)\n",
    ".dockerignore": "node_modules\n",
}


@pytest.mark.parametrize(
    ("more", "splits"),
    [
        ("volumes: ['.:/app', /app/node_modules]", False),
        ("volumes: ['.:/app'], command: nodemon a.js", False),
        ("volumes: ['.:/app:ro', /app/node_modules], command: npm run start:dev", False),
        ("volumes: ['./data:/app/data']", True),
        ("volumes: ['.:/app']", True),
        ("ports: ['3000:3000']", True),
    ],
)
def test_where_people_work_in_the_container_compilers_stay(tree: Make, more: str, splits: bool) -> None:
    made = tree({**SERVED, "compose.yaml": f"services: {{a: {{build: ., {more}}}}}\n"})
    found = result(made, "Dockerfile", select=("DS403",), level="aggressive")
    assert found.changed == splits
    assert ("people work in the container: compose.yaml:1 mounts" in remarks(found, "DS403")) != splits


@pytest.mark.parametrize(("volume", "level"), [("'.:/app'", "aggressive"), ("'.:/app:ro'", "standard")])
def test_sources_of_the_host_over_the_working_directory_leave_the_user_in_doubt(
    tree: Make, volume: str, level: str
) -> None:
    text = DOCKERFILE.replace("COPY app/ .", "COPY app .")
    compose = f"services: {{web: {{build: ., ports: ['8000:8000'], volumes: [{volume}]}}}}\n"
    made = tree({**APP, "Dockerfile": text, "compose.yaml": compose})
    for one in ("standard", "aggressive"):
        changed = result(made, "Dockerfile", select=("DS501",), level=one).changed
        assert changed == (one in (level, "aggressive"))


@pytest.mark.parametrize(
    ("key", "replaced"),
    [
        ("node:22", True),
        ("docker.io/library/node:22", True),
        ("node:${V:-22}", True),
        ("node:20", False),
        ("shared", False),
    ],
)
def test_nothing_is_known_of_a_base_that_a_further_context_replaces(tree: Make, key: str, replaced: bool) -> None:
    compose = (
        f"services: {{a: {{build: {{context: ., additional_contexts: {{'{key}': 'docker-image://my/node:1'}}}}}}}}\n"
    )
    files = {
        "package.json": '{"name": "b", "version": "1.0.0"}\n',
        "package-lock.json": '{"name": "b", "lockfileVersion": 3, "packages": {"": {"name": "b"}}}\n',
        "i.js": "1\n",
        "Dockerfile": 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "i.js"]\n',
    }
    found = result(tree({**files, "compose.yaml": compose}), "Dockerfile")
    assert ("FROM node:22-slim" in found.text) is not replaced
    assert ("USER" in found.text) is not replaced
    told = [one.reason for one in found.remarks if one.rule == "DS304"]
    if replaced:
        assert told == ["node:22 becomes node:22-slim: compose.yaml:1 puts a further context in the place of node:22"]


def test_a_stage_that_a_further_context_replaces_is_not_known_below_others(tree: Make) -> None:
    text = 'FROM node:22 AS deps\nRUN npm i -g x\nFROM deps\nCOPY i.js /\nCMD ["node", "/i.js"]\n'
    files = {"Dockerfile": text, "i.js": "1\n", "x.sh": "docker build --build-context deps=../other .\n"}
    assert "USER" not in result(tree(files), "Dockerfile").text
    files["x.sh"] = "docker build --build-context others=../other .\n"
    assert "USER" in result(tree(files), "Dockerfile").text


@pytest.mark.parametrize(("command", "stays"), [("migrate", False), ("collectstatic --noinput", True)])
def test_static_files_are_collected_into_the_project(tree: Make, command: str, stays: bool) -> None:
    dockerfile = (
        'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD ["python", "manage.py", "runserver"]\n'
    )
    made = tree(
        {
            "Dockerfile": dockerfile,
            "manage.py": 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "s")\n',
            "s.py": "STATIC_ROOT = BASE_DIR / 'staticfiles'\n",
            "compose.yml": f"services:\n  web:\n    build: .\n    command: sh -c 'python manage.py {command}'\n"
            "    volumes: ['.:/app']\n",
        }
    )
    workspace = Workspace(made.root)
    found = rewrite(
        dockerfile,
        Options(select=("DS501",), level="aggressive", builds=lambda: workspace.projects(made.root / "Dockerfile")),
    )
    assert ("what manage.py collectstatic collects" in "".join(one.reason for one in found.remarks)) == stays


@pytest.mark.parametrize(
    ("services", "splits"),
    [
        ({"web": "gunicorn app:app"}, True),
        ({"web": "gunicorn app:app", "worker": "python worker.py"}, True),
        ({"web": "gunicorn app:app", "odd": "unheard-of"}, False),
        ({"web": "bash"}, False),
        ({"web": None}, False),
        ({"web": "gunicorn app:app", "other": None}, False),
    ],
)
def test_what_all_services_run_is_the_start_of_an_image_without_one(
    tree: Make, services: dict[str, str | None], splits: bool
) -> None:
    dockerfile = "FROM python:3.12\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\n"
    told = "".join(
        f"  {name}:\n    build: .\n" + (f"    command: {command}\n" if command else "")
        for name, command in services.items()
    )
    made = tree(
        {
            "Dockerfile": dockerfile,
            "requirements.txt": "psycopg2==2.9.9\ngunicorn==22.0.0\n",
            "app.py": "import psycopg2\n",
            "worker.py": "import psycopg2\n",
            "compose.yml": f"services:\n{told}",
        }
    )
    lock = read_lock(
        'version = 1\n[package."pypi-3.12-debian"."psycopg2==2.9.9"]\nasked = ["psycopg2==2.9.9"]\ncompiled = true\n'
        'locked = 2026-01-01T00:00:00Z\n[package."pypi-3.12-debian"."gunicorn==22.0.0"]\nasked = ["gunicorn==22.0.0"]\n'
        'bins = ["gunicorn"]\nlocked = 2026-01-01T00:00:00Z\n'
    )
    workspace = Workspace(made.root)
    found = rewrite(
        dockerfile,
        Options(
            select=("DS402",),
            level="aggressive",
            lock=lock,
            builds=lambda: workspace.projects(made.root / "Dockerfile"),
        ),
    )
    assert ("FROM python:3.12-slim AS runtime" in found.text) == splits, [one.reason for one in found.remarks]


@pytest.mark.parametrize(("image", "told"), [("{name}:latest", True), ("me/{name}", True), ("other", False)])
def test_a_script_may_run_what_nobody_is_seen_to_build(tree: Make, image: str, told: bool) -> None:
    dockerfile = 'FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nCMD ["python", "app.py"]\n'
    made = tree({"Dockerfile": dockerfile, "app.py": "print(1)\n"})
    command = f"docker run -v $(pwd)/builder:/builder {image.format(name=made.root.name)} /builder"
    (made.root / "run.sh").write_text(f"#!/bin/sh\n{command}\n")
    workspace = Workspace(made.root)
    projects = workspace.projects(made.root / "Dockerfile")
    mounted = [one.path for project in projects for one in project.usage.documented]
    assert mounted == ["/builder"] * told
