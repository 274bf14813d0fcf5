"""Charts of Helm, with the values that they have themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import FoundRun, Unknown

Make = Callable[..., Any]

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.fullname" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
{{/* A comment
     of two lines */}}
spec:
  template:
    spec:
      {{- with .Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- toYaml .Values.podSecurityContext | nindent 8 }}
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          {{- if .Values.command }}
          command: ["{{ .Values.command }}", {{ .Values.unheard | quote }}]
          {{- end }}
          ports:
            - containerPort: {{ .Values.service.port | default 80 }}
          env:
            - name: MODE
              value: {{ .Values.mode | default "fast" | quote }}
          volumeMounts:
            - name: data
              mountPath: {{ .Values.data.path }}
"""
VALUES = """\
image: {repository: example/web, tag: ""}
podSecurityContext:
  runAsUser: 1000
  runAsNonRoot: true
service: {port: 8080}
command: /run
data:
  path: /data
"""
COMPOSE = "services:\n  w:\n    image: example/web:2\n    build: .\n"


def run_of(tree: Make, template: str, values: str | None = VALUES, chart: str = "appVersion: 2\n") -> FoundRun:
    files = {"compose.yaml": COMPOSE, "charts/web/templates/web.yaml": template, "charts/web/Chart.yaml": chart}
    graph = tree({**files, **({"charts/web/values.yaml": values} if values is not None else {})}).graph()
    (run,) = graph.runs
    assert isinstance(run, FoundRun)
    return run


def test_a_chart_runs_what_its_values_say(tree: Make) -> None:
    run = run_of(tree, TEMPLATE)
    runner = run.runner
    assert run.image == "example/web:2"
    assert (runner.user, runner.nonroot) == ("1000", True)
    assert [(port.container, port.place.line) for port in runner.ports] == [(8080, 25)]
    assert [mount.target for mount in runner.mounts] == ["/data"]
    assert isinstance(runner.entrypoint, tuple)
    assert runner.entrypoint[0] == "/run"
    assert isinstance(runner.entrypoint[1], Unknown)
    assert [(name, value) for name, value, _ in runner.environment] == [("MODE", "fast")]


def test_without_values_most_is_not_known(tree: Make) -> None:
    run = run_of(tree, TEMPLATE, values=None)
    assert isinstance(run.image, Unknown)
    assert run.runner.user is None
    assert isinstance(run.runner.mounts[0].target, Unknown)


@pytest.mark.parametrize(
    "values", ["image: [", "a: &a {b: *a}\npodSecurityContext: *a\n", "- 1\n", "image: {repository: {deep: 1}}\n"]
)
def test_values_that_are_none_say_nothing(tree: Make, values: str) -> None:
    assert isinstance(run_of(tree, TEMPLATE, values).image, Unknown)


def test_a_template_that_renders_to_no_yaml_is_none(tree: Make) -> None:
    broken = TEMPLATE + "{{- range .Values.more }}\n  - [\n{{- end }}\n"
    files = {"compose.yaml": COMPOSE, "web/templates/web.yaml": broken, "web/Chart.yaml": "", "web/values.yaml": VALUES}
    assert tree(files).graph().runs == ()
