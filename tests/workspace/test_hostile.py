"""Repositories that mean harm: bounded work, nothing read outside, one line for each file that was not read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.workspace import repository
from dockerslim_rewrite.workspace.builds.bake import _Bake
from dockerslim_rewrite.workspace.builds.compose import ComposeReader
from dockerslim_rewrite.workspace.builds.found import Unknown
from dockerslim_rewrite.workspace.builds.interpolation import interpolate
from dockerslim_rewrite.workspace.builds.make_values import Expansion
from dockerslim_rewrite.workspace.builds.reading import json_file
from dockerslim_rewrite.workspace.builds.shell_scripts import ScriptReader
from dockerslim_rewrite.workspace.discovery import Skipped, discover
from dockerslim_rewrite.workspace.repository import MAX_BYTES

Make = Callable[..., Any]
BUILDS = ComposeReader.__module__.rpartition(".")[0]


@pytest.fixture(autouse=True)
def _soon() -> Any:
    start = time.process_time()
    yield
    assert time.process_time() - start < 10


def bomb() -> str:
    lines = ["x0: &x0 [a, a, a, a, a, a, a, a, a]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 30)]
    return "\n".join(lines) + "\n"


def test_aliases_within_aliases(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": bomb()
            + "services:\n  a:\n    build: {context: ., args: *x29, tags: *x29}\n    command: *x29\n",
            ".gitlab-ci.yml": bomb() + "a: {script: [docker build .]}\n",
            "pod.yaml": bomb() + "apiVersion: v1\nkind: Pod\nspec: {containers: *x29}\n",
        }
    )
    assert [build.kind for build in made.builds()] == ["compose", "ci"]


def test_merge_keys_within_merge_keys(tree: Make) -> None:
    text = "x0: &x0 {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\n"
    text += "".join(f"x{n}: &x{n} {{<<: [*x{n - 1}], y{n}: 1}}\n" for n in range(1, 400))
    made = tree({"compose.yaml": text})
    assert made.builds() == []
    assert "merge keys copy more than" in made.complaints["compose.yaml"]


def test_a_value_that_holds_itself(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": "services: &s\n  a:\n    build: .\n    command: &c [*c]\n    extends: a\n  b: *s\n",
            "azure-pipelines.yml": "a: &a [*a, {b: *a, task: Docker@2, inputs: {command: build}}]\n",
        }
    )
    assert {build.kind for build in made.builds()} == {"compose", "ci"}
    assert made.complaints["compose.yaml"] == "service a extends itself; followed once"


def test_files_that_include_each_other(tree: Make) -> None:
    made = tree(
        {
            "compose.yaml": "include: [other.yaml]\nservices: {a: {build: .}}\n",
            "other.yaml": "include: [compose.yaml]\nservices: {b: {extends: {file: compose.yaml, service: a}}}\n",
        }
    )
    assert "a" in {build.name for build in made.builds()}
    assert made.complaints == {"compose.yaml": "is included by files that it includes; followed once"}


@pytest.mark.parametrize(
    "name", ["compose.yaml", ".gitlab-ci.yml", "skaffold.yaml", "x.yaml", ".devcontainer/devcontainer.json"]
)
def test_nesting_without_end(tree: Make, name: str) -> None:
    made = tree({name: "apiVersion: containers\na: " + "[" * 20_000})
    assert made.builds() == []
    assert all("\n" not in reason for reason in made.complaints.values())


def test_files_too_large_to_read(tree: Make) -> None:
    made = tree({"compose.yaml": "", "docker-bake.hcl": "", "Makefile": "", "Dockerfile": "FROM alpine\n"})
    for name in ("compose.yaml", "docker-bake.hcl", "Makefile", "Dockerfile"):
        with open(made.root / name, "r+b") as file:
            file.truncate(100 * 1024 * 1024)
    assert made.builds() == []
    reason = f"is larger than {MAX_BYTES // 1024} KiB; not read"
    assert made.complaints == dict.fromkeys(("compose.yaml", "docker-bake.hcl", "Makefile"), reason)
    (skipped,) = discover([str(made.root)])
    assert isinstance(skipped, Skipped)
    assert skipped.reason.startswith("larger than 4 MiB")


def test_links_out_of_the_repository(tree: Make, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("services: {s: {build: .}}\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "compose.yaml").write_text("services: {s: {build: .}}\n")
    made = tree(
        {
            "compose.yaml": "include: [../secret.yaml, link.yaml]\n"
            "services: {a: {build: ./away}, b: {extends: {file: /etc/passwd, service: x}}}\n"
        }
    )
    (made.root / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (made.root / "away").symlink_to(tmp_path / "folder")
    (made.root / "docker-compose.yml").symlink_to(tmp_path / "secret.yaml")
    assert [(build.name, build.context) for build in made.builds()] == [("a", Unknown("./away"))]
    assert set(made.complaints) == {"../secret.yaml", "link.yaml", "./away"}


def test_bake_that_computes_without_end(tree: Make) -> None:
    text = 'function "f" {\n  params = [x]\n  result = "${f(x)}${f(x)}"\n}\n'
    text += 'variable "A" { default = "' + "a" * 1000 + '" }\n'
    text += 'target "x" {\n  tags = [f(1)]\n  dockerfile = "${join(A, split("", A))}"\n}\n'
    text += (
        'target "y" {\n  matrix = { a = [' + ", ".join(["1"] * 400) + "], b = [" + ", ".join(["1"] * 400) + "] }\n}\n"
    )
    first, second = tree({"docker-bake.hcl": text}).builds()
    assert first.tags == (Unknown("f(1)"),)
    assert isinstance(first.dockerfile, Unknown)
    assert second.name == "y"


def test_variables_that_grow(tree: Make) -> None:
    lines = (
        "A=" + "a" * 100 + "\n" + "".join(f"A{n}=${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, 60)).replace("A0", "A")
    )
    made = tree({".env": lines, "compose.yaml": "services: {a: {build: .}}\n"})
    assert len(made.builds()) == 1
    make = "".join(f"V{n} = $(V{n + 1})$(V{n + 1})$(V{n + 1})\n" for n in range(30)) + "all:\n\tdocker build $(V0)\n"
    assert tree({"Makefile": make}).builds()
    assert isinstance(interpolate("${A:-" * 500, {}), Unknown)


def test_names_that_are_no_paths(tree: Make) -> None:
    made = tree(
        {"compose.yaml": 'services:\n  a:\n    build: "a\\0b"\n  b:\n    build: {context: ' + "a" * 5000 + "}\n"}
    )
    assert len(made.builds()) == 2


def test_targets_that_inherit_by_many_ways(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    attributes = _Bake._attributes

    def counted(self: Any, name: str, *rest: Any) -> Any:
        read.append(name)
        return attributes(self, name, *rest)

    monkeypatch.setattr(_Bake, "_attributes", counted)
    lines = [f'target "t{n}" {{ inherits = ["t{n + 1}", "t{n + 2}"] }}' for n in range(30)]
    made = tree({"docker-bake.hcl": "\n".join([*lines, 'target "t30" { context = "a" }', 'target "t31" {}']) + "\n"})
    assert [(build.name, build.context) for build in made.builds()] == [("t0", "a"), ("t30", "a")]
    assert len(read) == 32


def test_services_that_extend_without_end(tree: Make) -> None:
    lines = [f"  s{n}: {{extends: s}}" for n in range(2_100)]
    made = tree({"compose.yaml": "\n".join(["services:", "  s: {build: .}", *lines]) + "\n"})
    assert len(made.builds()) == 2_001
    assert "more than 2,000 services extend others" in made.complaints["compose.yaml"]


def test_a_bake_file_that_takes_a_thousand_times_its_size(tree: Make) -> None:
    made = tree({"docker-bake.hcl": 'target "a" { args = { A = 1' + "+1" * 70_000 + " } }\n"})
    assert made.builds() == []
    assert "larger than 128 KiB" in made.complaints["docker-bake.hcl"]


def test_variables_of_a_script_that_double(tree: Make) -> None:
    made = tree({"build.sh": "A=x\n" + "A=$A$A\n" * 25 + "docker build --build-arg V=$A .\n"})
    assert made.build().args == (("V", Unknown("$A")),)
    made = tree({"build.sh": f"A={'x' * 1000}\ndocker build --build-arg V={'$A' * 1000} .\n"})
    assert isinstance(dict(made.build().args)["V"], Unknown)


def test_recipes_of_variables_that_double(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced: list[int] = []
    expanded = Expansion.text

    def counted(self: Expansion, text: str) -> str:
        shell = expanded(self, text)
        replaced.append(self.replaced)
        return shell

    monkeypatch.setattr(Expansion, "text", counted)
    lines = "".join(f"A{n} = $(A{n - 1})$(A{n - 1})\n" for n in range(1, 60))
    made = tree({"Makefile": f"A0 = a\n{lines}a:\n" + "\tdocker build -t $(A59) .\n" * 100})
    assert len(made.builds()) == len(replaced) == 100
    assert sum(replaced) < 50_000


def test_what_make_puts_into_commands_is_bounded_however_many_include_it(
    tree: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    asked = ScriptReader.read

    def counted(self: ScriptReader, text: str) -> Any:
        read.append(len(text))
        return asked(self, text)

    monkeypatch.setattr(ScriptReader, "read", counted)
    deep = "a/b/c/d/e/f/g"
    above = [deep[:end] for end in range(1, len(deep) + 1, 2)]
    names = ("Makefile", "makefile", "GNUmakefile")
    includes = {f"{one}/{name}": f"include {deep[len(one) + 1 :] or '.'}/c.mk\n" for one in above for name in names}
    values = f"A0 = {'a' * 900}\n" + "".join(f"A{n} = $(A{n - 1}) $(A{n - 1})\n" for n in range(1, 12))
    commands = "".join(f"\tdocker build $(A{n % 8}) .\n" for n in range(1_000))
    made = tree({**includes, f"{deep}/c.mk": f"{values}a:\n{commands}", "Dockerfile": ""})
    assert made.builds()
    assert max(read) <= 20_000
    assert sum(read) < 3_000_000


def includes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The compose files that are put together from now on."""
    read: list[str] = []
    put_in = ComposeReader._put_in

    def counted(self: Any, path: str, *rest: Any) -> Any:
        read.append(path)
        return put_in(self, path, *rest)

    monkeypatch.setattr(ComposeReader, "_put_in", counted)
    return read


def test_files_that_are_included_by_many_ways(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    read = includes(monkeypatch)
    files = {"compose.10.yaml": "services: {a: {build: .}}\n"}
    for n in range(10):
        files[f"compose.{n}.yaml"] = f"include: [compose.{n + 1}.yaml, compose.x{n}.yaml]\n"
        files[f"compose.x{n}.yaml"] = f"include: [compose.{n + 1}.yaml]\nservices: {{}}\n"
    assert {build.name for build in tree(files).builds()} == {"a"}
    assert len(read) == len(files)


def test_files_that_include_each_other_by_many_ways(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    read = includes(monkeypatch)
    files = {
        f"compose.{n}.yaml": f"include: [compose.{(n + 1) % 20}.yaml, compose.{(n + 7) % 20}.yaml]\n"
        f"services: {{s{n}: {{build: .}}}}\n"
        for n in range(20)
    }
    made = tree(files)
    assert {build.name for build in made.builds()} == {f"s{n}" for n in range(20)}
    assert len(read) <= 2_000 + len(files)
    assert any("more than 2,000 files are included" in said for said in made.complaints.values())


def test_commands_are_counted_in_the_whole_repository(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(text: str) -> Any:
        read.append(text)
        return read_script(text)

    monkeypatch.setattr(f"{BUILDS}.shell_scripts.read_script", counted)
    monkeypatch.setattr(repository, "MAX_COMMANDS", 100)
    rows = ", ".join(map(str, range(10)))
    job = f"{{strategy: {{matrix: {{a: [{rows}]}}}}, steps: [{{run: 'docker build -t ${{{{ matrix.a }}}} .'}}]}}"
    made = tree(
        {
            **{f".github/workflows/{n}.yml": f"jobs: {{a: {job}}}\n" for n in range(10)},
            "Makefile": "".join(f"t{n}:\n\tdocker build -t x{n} .\n" for n in range(100)),
            "a.sh": "docker build -t z .\n",
        }
    )
    assert len(made.builds()) == 50
    assert len(read) == 50
    told = [path for path, reason in made.complaints.items() if "commands that may build images" in reason]
    assert len(told) == 1


def test_a_thousand_files_of_commands_are_followed(tree: Make) -> None:
    made = tree({f"d{n}/Makefile": "a:\n\tdocker build .\n" for n in range(1000)})
    assert len(made.builds()) == 1000
    assert not made.complaints


def test_many_scripts_of_one_package(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[int] = []

    class Counted(str):
        def find(self, sub: str, start: Any = 0, end: Any = None) -> int:
            at = super().find(sub, start, end)
            sought.append((at if at >= 0 else min(len(self), end or len(self))) - start)
            return at

    def opened(*args: Any) -> Any:
        data, text = json_file(*args)
        return data, Counted(text)

    monkeypatch.setattr(f"{BUILDS}.pipelines.json_file", opened)
    scripts = ",\n".join(f'"b{n}": "npm run b{n + 1} && docker build ."' for n in range(500))
    text = f'{{"scripts": {{\n{scripts}}}}}'
    made = tree({"package.json": text})
    assert [build.place.line for build in made.builds()] == list(range(2, 502))
    assert sum(sought) < 5 * len(text)


def test_a_path_without_links_needs_no_walk_from_the_top(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tree({"a/b.sh": "docker build .\n", "Dockerfile": "FROM a\n"})
    (made.root / "link").symlink_to(made.root.parent)
    (made.root / "near").symlink_to("a")
    walked: list[str] = []
    realpath = os.path.realpath

    def counted(path: Any) -> str:
        walked.append(str(path))
        return str(realpath(path))

    monkeypatch.setattr(os.path, "realpath", counted)
    assert all(map(made.repository.inside, ("a/b.sh", "", "a", "a/none/at/all")))
    assert not walked
    assert made.repository.inside("near/b.sh")
    assert not made.repository.inside("link/x")
    assert not made.repository.inside("near/../../x")
    assert not made.repository.inside("a/b.sh/../../../x")
    assert not made.repository.inside("a/none/../../../x")


def test_commands_that_variables_make_long(tree: Make) -> None:
    start = time.monotonic()
    made = tree(
        {
            "b.sh": f'A="{"x " * 20_000}"\ndocker build {"$A " * 2_000}.\n',
            "c.sh": "A=(a)\n" + 'A+=("${A[@]}" b)\n' * 1_000 + 'docker build "${A[@]}"\n',
            "Makefile": f"a:\n\tdocker build {'$(if ' * 20_000}{')' * 20_000}\n\tdocker build {'$(' * 100_000}\n",
            "m/Makefile": "".join(f"include d{n}.mk\n" for n in range(300)),
            **{f"m/d{n}.mk": "a:\n\tdocker build .\n" for n in range(300)},
            "m/Dockerfile": "",
        }
    )
    assert len(made.builds()) > 300
    assert time.monotonic() - start < 20


def test_a_reader_that_fails_hides_no_other(tree: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("unhashable")

    monkeypatch.setattr("dockerslim_rewrite.workspace.builds.tilt.tiltfile", broken)
    made = tree({"Dockerfile": "FROM debian:12\n", "Tiltfile": "docker_build('a', '.')\n", "b.sh": "docker build .\n"})
    assert [build.place.path for build in made.builds()] == ["b.sh"]
    assert made.complaints == {"Tiltfile": "its reader failed (TypeError: unhashable); please report this file"}
