"""Builds of Skaffold, editors, Tilt and platforms, and how Kubernetes runs their images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import Place, Unknown
from dockerslim_rewrite.workspace.builds.reading import without_comments

Make = Callable[..., Any]


def test_skaffold(tree: Make) -> None:
    made = tree(
        {
            "k/skaffold.yaml": """
apiVersion: skaffold/v4beta14
kind: Config
build:
  artifacts:
    - image: web
      context: ../app
      docker: {dockerfile: Dockerfile.dev, target: prod, buildArgs: {A: "1", B: "{{.X}}"}}
    - image: jib
      jib: {}
profiles:
  - name: in-cluster
    build:
      artifacts:
        - image: api
          kaniko: {}
"""
        }
    )
    web, api = made.builds()
    assert (web.context, web.dockerfile, web.target, web.place) == (
        "app",
        "app/Dockerfile.dev",
        "prod",
        Place("k/skaffold.yaml", 6),
    )
    assert web.args == (("A", "1"), ("B", Unknown("{{.X}}")))
    assert (api.context, api.dockerfile, api.condition) == ("k", "k/Dockerfile", "profile in-cluster")


def test_development_containers(tree: Make) -> None:
    made = tree(
        {
            ".devcontainer/devcontainer.json": """{
  // a comment, with "quotes"
  "name": "dev", /* and another */
  "build": {"dockerfile": "Dockerfile", "context": "..", "target": "dev", "args": {"V": "${localEnv:V}"},},
}"""
        }
    )
    build = made.build()
    assert (build.context, build.dockerfile, build.target) == ("", ".devcontainer/Dockerfile", "dev")
    assert (build.args, build.place.line) == ((("V", Unknown("${localEnv:V}")),), 4)


def test_comments_in_strings_stay() -> None:
    assert without_comments('{"a": "//x, ]", "b": [1, /* , */ ],}') == '{"a": "//x, ]", "b": [1          ] }'


def test_tilt(tree: Make) -> None:
    made = tree(
        {
            "Tiltfile": "registry = 'r/web'\n"
            "docker_build(registry, './web', dockerfile='web/Dockerfile.dev',\n"
            "             target='dev', build_args={'A': '1', 'B': x})\n"
            "docker_build('api', path)\n"
        }
    )
    web, api = made.builds()
    assert (web.context, web.dockerfile, web.target, web.tags) == ("web", "web/Dockerfile.dev", "dev", ("r/web",))
    assert web.args == (("A", "1"), ("B", Unknown("x")))
    assert api.context == Unknown("path")


def test_cloud_build(tree: Make) -> None:
    made = tree(
        {
            "cloudbuild.yaml": """
substitutions: {_DIR: app}
steps:
  - name: gcr.io/cloud-builders/docker
    args: [build, -t, gcr.io/$PROJECT_ID/x, -f, $_DIR/Dockerfile, .]
  - name: gcr.io/kaniko-project/executor:latest
    args: ["--context=app", "--dockerfile=app/Dockerfile"]
  - name: gcr.io/cloud-builders/docker
    entrypoint: bash
    args: ["-c", "docker build app"]
  - name: gcr.io/cloud-builders/docker
    args: [push, x]
""",
            "app/Dockerfile": "",
        }
    )
    assert [(build.context, build.dockerfile, build.place.line) for build in made.builds()] == [
        ("", "app/Dockerfile", 4),
        ("app", "app/Dockerfile", 6),
        ("app", "app/Dockerfile", 10),
    ]
    assert made.builds()[0].tags == (Unknown("gcr.io/$PROJECT_ID/x"),)


def test_hosting_platforms(tree: Make) -> None:
    made = tree(
        {
            "fly.toml": 'app = "f"\n[build]\ndockerfile = "web/Dockerfile"\n'
            'build-target = "prod"\n[build.args]\nA = "1"\n',
            "render.yaml": "services:\n  - type: web\n    name: r\n    runtime: docker\n"
            "    dockerfilePath: ./web/Dockerfile\n    dockerContext: ./web\n"
            "    dockerCommand: start -x\n  - runtime: node\n",
            "heroku.yml": "build:\n  docker:\n    web: web/Dockerfile\nrun:\n  web: serve\n",
            "web/Dockerfile": "",
        }
    )
    fly, render, heroku = made.builds()
    assert (fly.context, fly.dockerfile, fly.target, fly.args) == ("", "web/Dockerfile", "prod", (("A", "1"),))
    assert (render.context, render.runner.command) == ("web", ("start", "-x"))
    assert (heroku.context, heroku.dockerfile, heroku.runner.command) == ("web", "web/Dockerfile", ("serve",))


POD = """
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      securityContext: {runAsUser: 1000, runAsNonRoot: true}
      volumes: [{name: tmp, emptyDir: {}}, {name: data, persistentVolumeClaim: {claimName: x}}]
      containers:
        - name: web
          image: example/web:2
          command: ["/run"]
          ports: [{containerPort: 8080}]
          volumeMounts: [{name: tmp, mountPath: /tmp}, {name: data, mountPath: /data, readOnly: true}]
          securityContext:
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL], add: [NET_ADMIN]}
"""


def test_kubernetes_runs_what_a_build_tags(tree: Make) -> None:
    graph = tree(
        {"compose.yaml": "services:\n  w:\n    image: example/web:1\n    build: .\n", "k8s/web.yaml": POD}
    ).graph()
    (run,) = graph.runs_of(graph.builds[0])
    runner = run.runner
    assert (runner.entrypoint, runner.command, runner.user, runner.nonroot) == (("/run",), (), "1000", True)
    assert [port.container for port in runner.ports] == [8080]
    assert [(mount.kind, mount.target, mount.read_only) for mount in runner.mounts] == [
        ("tmpfs", "/tmp", False),
        ("volume", "/data", True),
    ]
    assert (runner.capabilities, runner.dropped, runner.read_only) == (("NET_ADMIN",), ("ALL",), True)


def test_charts_and_other_yaml_are_no_manifests(tree: Make) -> None:
    chart = POD.replace("example/web:2", "{{ .Values.image }}")
    graph = tree(
        {"chart/templates/web.yaml": chart, "values.yaml": "containers: [", "x.yml": "apiVersion: 1\ncontainers: 2\n"}
    ).graph()
    assert graph.runs == ()


CLOUD_STEP = "steps:\n- name: gcr.io/cloud-builders/docker\n  args: ['build', '--file=Dockerfile-base', '.']\n"


@pytest.mark.parametrize(
    ("files", "context"),
    [
        ({"sub/Dockerfile-base": "", "Dockerfile": ""}, "sub"),
        ({"Dockerfile-base": "", "sub/Dockerfile": ""}, ""),
        ({"Dockerfile": "", "sub/Dockerfile": ""}, Unknown(".")),
        ({"Dockerfile-base": "", "sub/Dockerfile-base": ""}, Unknown(".")),
    ],
)
def test_cloud_build_is_submitted_from_where_its_dockerfile_is(
    tree: Make, files: dict[str, str], context: object
) -> None:
    assert tree({**files, "sub/cloudbuild.yaml": CLOUD_STEP}).build().context == context


def test_the_workspace_of_kaniko_is_the_checkout(tree: Make) -> None:
    step = "steps:\n- name: gcr.io/kaniko-project/executor\n  args: ['--context=dir:///workspace/web']\n"
    build = tree({"cloudbuild.yaml": step, "web/Dockerfile": ""}).build()
    assert (build.context, build.dockerfile) == ("web", "web/Dockerfile")


def test_scripts_are_known_by_their_first_line_too(tree: Make) -> None:
    made = tree(
        {
            "hack/image": "#!/usr/bin/env bash\ndocker build a\n",
            "hack/other": "#!/usr/bin/env python\n# docker build b\n",
        }
    )
    assert made.builds() == []
    for name in ("image", "other"):
        (made.root / "hack" / name).chmod(0o755)
    assert [one.context for one in made.builds()] == ["a"]


@pytest.mark.parametrize(
    ("command", "context", "dockerfile"),
    [
        ("/kaniko/executor --context dir:///workspace --context-sub-path app", "app", "app/Dockerfile"),
        ("/kaniko/executor -c . --context-sub-path=app/", "app", "app/Dockerfile"),
        ("/kaniko/executor -c . --context-sub-path $SUB", Unknown("$SUB"), Unknown("Dockerfile")),
        ("docker run -v $PWD:/workspace gcr.io/kaniko-project/executor:v1 -c /workspace/app", "app", "app/Dockerfile"),
        ('docker run --rm -v "$(pwd)"/app:/w:ro kaniko-project/executor --context=dir:///w', "app", "app/Dockerfile"),
        ("docker run -v $PWD/app:/workspace gcr.io/kaniko-project/executor --no-push", "app", "app/Dockerfile"),
        ("docker run -v $X:/w gcr.io/kaniko-project/executor -c /w/app", Unknown("$X/app"), Unknown("Dockerfile")),
        ("cd app && podman build -t a", "app", "app/Dockerfile"),
        ("cd app && buildah bud --layers -f Containerfile", "app", "app/Containerfile"),
        ("podman build con", "con", "con/Containerfile"),
        ("docker build con", "con", "con/Dockerfile"),
    ],
)
def test_where_tools_look_for_their_context(
    tree: Make, command: str, context: str | Unknown, dockerfile: str | Unknown
) -> None:
    files = ("app/Dockerfile", "app/Containerfile", "con/Containerfile", "con/Dockerfile")
    made = tree(
        {**dict.fromkeys(files, "FROM a\n"), ".github/workflows/a.yml": f"jobs: {{a: {{steps: [run: '{command}']}}}}\n"}
    )
    if "app/Containerfile" not in str(dockerfile):
        (made.root / "app/Containerfile").unlink()
    build = made.build()
    assert (build.context, build.dockerfile) == (context, dockerfile)
