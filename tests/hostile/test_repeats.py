"""What one text of a file is read for again and again is counted: for each item of a loop, and each of many callers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds import (
    bake,
    compose,
    compose_service,
    make_values,
    platforms,
    tilt_values,
    workflows,
)
from dockerslim_rewrite.workspace.builds.bake_settings import BakeSettings
from dockerslim_rewrite.workspace.builds.graph import BuildGraph, build_graph
from dockerslim_rewrite.workspace.builds.growth import Steps
from dockerslim_rewrite.workspace.builds.shell_scripts import ScriptReader
from dockerslim_rewrite.workspace.repository import Repository


def read(root: Path, files: dict[str, str]) -> tuple[BuildGraph, Repository]:
    """The builds of the repository of *files* in the new folder *root*."""
    for name, text in {"Dockerfile": "FROM debian:12\nCOPY . /app\n", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    repository = Repository(root)
    return build_graph(repository), repository


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> Callable[[], int]:
    """How often the function *name* of *owner* has been called since the last time that somebody asked."""
    calls = 0
    real = getattr(owner, name)

    def count(*given: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        return real(*given, **named)

    def told() -> int:
        nonlocal calls
        before, calls = calls, 0
        return before

    monkeypatch.setattr(owner, name, count)
    return told


def nested_foreach(levels: int) -> str:
    loops = "$(foreach a,1 2 3 4 5 6 7 8 9," * levels + "x" + ")" * levels
    return f"L={loops}\nall:\n\tdocker build -t $(L) .\n"


def test_loops_of_make_within_loops_are_followed_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, make_values.Expansion, "_expanded")
    for levels in (3, 8, 30):
        graph, repository = read(tmp_path / str(levels), {"Makefile": nested_foreach(levels)})
        assert len(graph.builds) == 1
        assert calls() < 5_000
        assert ("Makefile" in repository.complaints) == (levels > 3), repository.complaints


def nested_for(levels: int) -> str:
    loops = "".join(f"{' ' * at}for a{at} in ['a', 'b', 'c', 'd']:\n" for at in range(levels))
    return f"{loops}{' ' * levels}docker_build('x' + {' + '.join(f'a{at}' for at in range(levels))}, '.')\n"


def test_loops_of_tilt_within_loops_are_followed_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch, tilt_values.Calls, "_expression")
    for levels in (4, 8, 30):
        graph, repository = read(tmp_path / str(levels), {"Tiltfile": nested_for(levels)})
        assert len(graph.builds) >= 256
        assert calls() < 10_000
        assert ("Tiltfile" in repository.complaints) == (levels > 4), repository.complaints


def test_commands_of_tilt_in_loops_are_read_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "A='docker build . # " + "a" * 4_000 + "'\n"
    text = f"{long}for a in [{', '.join(map(repr, 'abcdefghijklmnopqrst'))}]:\n  local({'+'.join('A' * 60)})\n" * 10
    read_: list[int] = []
    real = tilt_values.Calls.may_read

    def may_read(calls: tilt_values.Calls, shell: str) -> bool:
        if real(calls, shell):
            read_.append(len(shell))
            return True
        return False

    monkeypatch.setattr(tilt_values.Calls, "may_read", may_read)
    _, repository = read(tmp_path, {"Tiltfile": text})
    assert 0 < sum(read_) < 2_100_000
    assert "Tiltfile" in repository.complaints


#: Compose files of so many services that share what they say, and entries or files.
SHARED = {
    "include": lambda many: {
        "compose.yml": "include:\n" + " - c.yml\n" * many,
        "c.yml": "services:\n" + "".join(f"  a{at}: {{build: .}}\n" for at in range(many)),
    },
    "env_file": lambda many: {
        "compose.yml": "services:\n" + "".join(f"  a{at}: {{build: ., env_file: e.env}}\n" for at in range(many)),
        "e.env": "".join(f"A{at}=b\n" for at in range(5 * many)),
    },
    "environment": lambda many: {
        "compose.yml": "x-a: &a\n"
        + "".join(f"  - K{at}=$K{at}\n" for at in range(many))
        + "services:\n"
        + "".join(f"  a{at}: {{build: ., environment: *a, volumes: *a}}\n" for at in range(many)),
    },
    "args": lambda many: {
        "compose.yml": "x-a: &a\n"
        + "".join(f"  K{at}: $K\n" for at in range(many))
        + "services:\n"
        + "".join(f"  a{at}: {{build: {{context: ., args: *a}}}}\n" for at in range(many)),
        "b.sh": "#!/bin/sh\nK=1 docker compose build\n",
    },
    "text": lambda many: {
        "compose.yml": f"x-a: &a $K {'a b ' * 5 * many}\nservices:\n"
        + "".join(f"  a{at}: {{build: ., command: *a, environment: {{A: *a}}}}\n" for at in range(many)),
    },
    "devcontainer": lambda many: {
        ".devcontainer/a/devcontainer.json": '{"dockerComposeFile":[' + ",".join(['"../../c.yml"'] * many) + "]}",
        "c.yml": "services:\n" + "".join(f"  a{at}: {{build: .}}\n" for at in range(many)),
    },
    "extends": lambda many: {
        "compose.yml": "services:\n  b:\n    build: .\n    environment:\n"
        + "".join(f"      - K{at}=a\n" for at in range(many))
        + "".join(f"  a{at}: {{extends: b}}\n" for at in range(many)),
    },
}


@pytest.mark.parametrize("files", SHARED.values(), ids=SHARED)
def test_what_services_share_is_read_so_far(
    files: Callable[[int], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = counted(monkeypatch, compose_service, "Place")
    texts = counted(monkeypatch, compose, "interpolate")
    services = counted(monkeypatch, compose, "merged")
    for many in (20, 500, 2_000):
        graph, repository = read(tmp_path / str(many), files(many))
        told = sum(len(one.args) + len(one.runner.environment if one.runner else ()) for one in graph.builds)
        assert len(graph.builds) >= 20
        assert told < 1_500_000
        assert entries() + texts() + 5 * services() < 1_000_000
        if many != 500:
            assert bool(repository.complaints) == (many > 500), repository.complaints


def test_lines_of_a_file_of_variables_are_those_that_name_them(tmp_path: Path) -> None:
    def places(many: int) -> list[int]:
        files = {
            "compose.yml": "services:\n  a: {build: ., env_file: e.env}\n",
            "e.env": "# KEY1 of all\n" + "".join(f"KEY{at}X=b\n" for at in range(100, 100 + many)),
        }
        graph, _ = read(tmp_path / str(many), files)
        assert graph.builds[0].runner is not None
        return [place.line for _, _, place in graph.builds[0].runner.environment]

    assert places(100) == [*range(2, 102)]
    assert places(8_000) == [*range(2, 8_002)]


#: Bake files of so many targets that share what is said or set.
BAKED = {
    "set": lambda many: {
        "b.sh": "docker buildx bake " + "".join(f'--set "t*.args.A{at}=1" ' for at in range(many)) + "\n",
        "docker-bake.json": targets(many),
    },
    "patterns": lambda many: {
        "b.sh": "docker buildx bake " + "".join(f'--set "t*{at}.args.A=1" ' for at in range(many)) + "\n",
        "docker-bake.json": targets(many),
    },
    "called": lambda many: {
        "b.sh": "".join(f"docker buildx bake -f a.json -f d{at % 900}.json\n" for at in range(many)),
        "a.json": targets(many),
        **{f"d{at}.json": "{}" for at in range(min(many, 900))},
    },
    "labels": lambda many: {
        "docker-bake.json": '{"target": {"_b": {"labels": {'
        + ", ".join(f'"l{at}": "a"' for at in range(many))
        + "}}, "
        + ", ".join(f'"t{at}": {{"inherits": ["_b"]}}' for at in range(many))
        + "}}",
    },
}


def targets(many: int) -> str:
    return '{"target": {' + ", ".join(f'"t{at}": {{"context": "."}}' for at in range(many)) + "}}"


@pytest.mark.parametrize("files", BAKED.values(), ids=BAKED)
def test_what_targets_share_is_read_so_far(
    files: Callable[[int], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = counted(monkeypatch, bake._Bake, "_build")
    for many in (20, 2_000):
        graph, repository = read(tmp_path / str(many), files(many))
        assert len(graph.builds) >= 20
        assert sum(len(one.args) for one in graph.builds) < 400_000
        assert built() < 40_000
        assert bool(repository.complaints) == (many > 20), repository.complaints


def test_the_last_value_that_is_set_counts_wherever_the_pattern_stands() -> None:
    settings = BakeSettings(
        (("t*", "args.A", "1"), ("t", "target", "x"), ("*", "args.A", "2"), ("u", "args.B", "3"), ("t", "args.A", "4"))
    )
    assert [*settings.of("t", Steps(100)).items()] == [("args.A", "4"), ("target", "x")]
    assert settings.of("tu", Steps(100)) == {"args.A": "2"}
    assert settings.of("tu", Steps(0)) == {}


CALLED = ".github/workflows/r.yml"
CALLER = ".github/workflows/a.yml"
STEP = "{uses: docker/build-push-action@v6, with: {context: ., tags: '${{ inputs.x }}%d'}}"
#: Workflows of so many jobs that share steps, or are called with so many inputs.
JOBS = {
    "calls": lambda many: {
        CALLED: "on: {workflow_call: {inputs: {x: {type: string}}}}\njobs:\n  a:\n    steps:\n"
        + "".join(f"      - {STEP % at}\n" for at in range(many)),
        CALLER: "on: push\njobs:\n"
        + "".join(f"  a{at}: {{uses: ./{CALLED}, with: {{x: a{at}}}}}\n" for at in range(many)),
    },
    "matrix": lambda many: {
        CALLER: "on: push\njobs:\n"
        + "".join(
            f"  j{at}: {{strategy: {{matrix: {{a: {[*range(16)]}, b: {[*range(16)]}}}}}, steps: [{STEP % at}]}}\n"
            for at in range(many)
        ),
    },
    "steps": lambda many: {
        CALLER: "on: push\nx: &a\n"
        + "".join(f"  - {STEP % at}\n" for at in range(many))
        + "jobs:\n"
        + "".join(f"  j{at}: {{steps: *a}}\n" for at in range(many)),
    },
    "script": lambda many: {
        CALLER: "on: push\nx: &a |\n"
        + "  docker build -t x .\n" * (1 + many // 20)
        + "jobs:\n"
        + "".join(f"  j{at}: {{steps: [{{run: *a}}]}}\n" for at in range(many)),
    },
}


@pytest.mark.parametrize("files", JOBS.values(), ids=JOBS)
def test_what_jobs_share_is_read_so_far(
    files: Callable[[int], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = counted(monkeypatch, workflows._Job, "_action")
    scripts = counted(monkeypatch, ScriptReader, "_simple")
    for many in (4, 20, 1_500):
        graph, repository = read(tmp_path / str(many), files(many))
        assert len(graph.builds) >= min(many, 4) // 4
        assert steps() + scripts() < 20_000
        assert (CALLED in repository.complaints or CALLER in repository.complaints) == (many > 20)


def test_what_a_workflow_sets_is_not_copied_for_each_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared: set[int] = set()
    real = ScriptReader

    def reader(*given: Any, **named: Any) -> ScriptReader:
        shared.add(id(given[5].maps[-1]))
        return real(*given, **named)

    monkeypatch.setattr(workflows, "ScriptReader", reader)
    jobs = "".join(f"  j{at}: {{env: {{B: {at}}}, steps: [{{run: docker build -t $A$B .}}]}}\n" for at in range(50))
    graph, _ = read(tmp_path, {CALLER: f"on: push\nenv: {{A: x, B: y}}\njobs:\n{jobs}"})
    assert [one.tags for one in graph.builds] == [(f"x{at}",) for at in range(50)]
    assert len(shared) == 1


def test_words_that_steps_of_cloud_build_share_are_read_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = counted(monkeypatch, platforms, "_substituted")
    for many in (20, 1_500):
        shared = "".join(f", --build-arg, A{at}=$_A" for at in range(many))
        steps = "".join("- {name: docker, args: *a}\n" for _ in range(many))
        text = f"x: &a [build, .{shared}]\nsubstitutions: {{_A: b}}\nsteps:\n{steps}"
        graph, repository = read(tmp_path / str(many), {"cloudbuild.yaml": text})
        assert len(graph.builds) >= 20
        assert graph.builds[0].args[0] == ("A0", "b")
        assert words() < 200_000
        assert ("cloudbuild.yaml" in repository.complaints) == (many > 20)
