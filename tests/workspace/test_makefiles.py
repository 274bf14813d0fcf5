"""Builds in Makefiles: what variables, functions and conditions come to, and where recipes run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.workspace.builds.found import Unknown

Make = Callable[..., Any]
FILES = {"Dockerfile": "", "api/Dockerfile": "", "web/Dockerfile": "", "k/Dockerfile": ""}


@pytest.mark.parametrize(
    ("definitions", "command"),
    [
        ("DOCKERCMD=$(shell which docker)\nBUILD=$(DOCKERCMD) build --pull", "$(BUILD) -t x api"),
        ("CLI?=$(if $(shell command -v docker),docker,container)", "@$(CLI) build api"),
        ("CLI := $(or $(shell command -v podman),$(shell command -v docker))", "${CLI} build api"),
        ("ifeq ($(P),1)\nCLI=podman\nelse\nCLI=docker\nendif", "$(CLI) build api"),
        ("Q ?= @", "$(Q)docker build api"),
        ("", "$(Q)docker build api"),
        ("ifndef D\nD = api\nendif", "docker build $(D)"),
        ("ifeq ($(strip $(D)),)\nD = api\nendif", "docker build $(D)"),
        ("D = $(if ,web,api)", "docker build $(D)"),
    ],
)
def test_tools_and_defaults_are_found(tree: Make, definitions: str, command: str) -> None:
    build = tree({**FILES, "Makefile": f"{definitions}\nx:\n\t{command}\n"}).build()
    assert (build.context, build.dockerfile) == ("api", "api/Dockerfile")


def test_a_recipe_may_stand_in_the_line_of_its_rule(tree: Make) -> None:
    assert tree({**FILES, "Makefile": "b c: k ; @docker build api\n"}).build().context == "api"


def test_foreach_makes_a_command_of_each_word(tree: Make) -> None:
    made = tree({**FILES, "Makefile": "S = api web\nx:\n\t$(foreach s,$(S),docker build $(s);)\n"})
    assert [one.context for one in made.builds()] == ["api", "web"]
    made = tree({**FILES, "Makefile": "x:\n\t$(foreach s,$(S),docker build $(s);)\n"})
    assert made.build().context == Unknown("$(s)")


@pytest.mark.parametrize(
    ("definitions", "options", "target"),
    [
        ("", "--target $(if $(CI),prod,dev)", "$(if $(CI),prod,dev)"),
        ("TGT = $(if $(CI),prod,dev)", "--target $(TGT)", "$(TGT)"),
        ("ifeq ($(X),1)\nT = a\nelse\nT = b\nendif", "--target $(T)", "$(T)"),
        ("T = a\nifdef X\nT = b\nendif", "--target $(T)", "$(T)"),
        ("O = -t x\nifdef X\nO += --target b\nendif", "$(O)", "$(O)"),
    ],
)
def test_what_a_condition_decides_is_not_known(tree: Make, definitions: str, options: str, target: str) -> None:
    build = tree({**FILES, "Makefile": f"{definitions}\nx:\n\tdocker build {options} api\n"}).build()
    assert (build.context, build.target) == ("api", Unknown(target))


def test_options_that_choose_no_file_leave_it_known(tree: Make) -> None:
    text = "ifdef P\nF = --platform $(P)\nendif\nx:\n\tdocker build $(F) api\n"
    build = tree({**FILES, "Makefile": text}).build()
    assert (build.context, build.dockerfile, build.target) == ("api", "api/Dockerfile", None)


def test_an_included_file_runs_where_make_runs(tree: Make) -> None:
    files = {**FILES, "mk/inc.mk": "D = k\nx:\n\tdocker build $(D)\n\tdocker build $(CURDIR)/$(OTHER)\n"}
    made = tree({**files, "Makefile": "include mk/inc.mk\nOTHER = api\n"})
    assert [one.context for one in made.builds()] == ["k", "api"]


def test_where_a_file_runs_that_nobody_is_seen_to_include_its_paths_show(tree: Make) -> None:
    made = tree({**FILES, "mk/inc.mk": "x:\n\tdocker build k\n\tdocker build nowhere\n"})
    first, second = made.builds()
    assert (first.context, first.dockerfile) == ("k", "k/Dockerfile")
    assert isinstance(second.dockerfile, Unknown)


def test_a_makefile_that_is_read_from_the_root_finds_its_files_there(tree: Make) -> None:
    text = "P = $(CURDIR)/api\nx:\n\tdocker build -f $(P)/Dockerfile .\n\tdocker build .\n"
    first, second = tree({**FILES, "make/Makefile": text, "make/Dockerfile": ""}).builds()
    assert (first.context, first.dockerfile) == ("", "api/Dockerfile")
    assert (second.context, second.dockerfile) == ("make", "make/Dockerfile")


def test_a_canned_recipe_is_one(tree: Make) -> None:
    text = "define image\ndocker build k --target $(1)\nendef\nx:\n\t$(call image,dev)\n"
    build = tree({**FILES, "Makefile": text}).build()
    assert (build.context, build.target) == ("k", Unknown("$(1)"))


@pytest.mark.parametrize("specific", ["prod: DIR = b", "prod: export DIR := b", "prod test: override DIR?=b"])
def test_a_variable_of_a_target_is_not_known(tree: Make, specific: str) -> None:
    makefile = f"DIR = a\nprod:\n\tdocker build $(DIR)\n{specific}\n"
    (build,) = tree({"Makefile": makefile, "a/Dockerfile": "", "b/Dockerfile": ""}).builds()
    assert isinstance(build.context, Unknown)


def test_one_shell_keeps_the_directory_that_an_earlier_line_changes_to(tree: Make) -> None:
    text = "a:\n\tcd app\n\tdocker build .\n"
    files = {"Dockerfile": "FROM a\n", "app/Dockerfile": "FROM a\n"}
    assert tree({"Makefile": text, **files}).build().context == ""
    assert tree({"Makefile": ".ONESHELL:\n" + text, **files}).build().context == Unknown("")


GIVEN = "D ?= a\nS = one\nT := $(S)\nx:\n\tdocker build --build-arg V=$(V) --target $(T) $(D)\n"
BY_HAND = [("svc/a", "one")]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.sh", "make -C svc x D=b\n", [*BY_HAND, ("svc/b", "one")]),
        ("x.sh", "cd svc && make S=two D='b'\n", [*BY_HAND, ("svc/b", "two")]),
        ("x.sh", "make -C svc x D=$1\n", [*BY_HAND, (Unknown("$(D)"), "one")]),
        ("x.sh", "make -C $DIR x S=two\n", [*BY_HAND, ("svc/a", "two")]),
        ("x.sh", "make -C svc/a S=two\n", BY_HAND),
        ("x.sh", "make -C checkout/svc S=two\n", [*BY_HAND, ("svc/a", "two")]),
        ("x.sh", "D=b S=two make -C svc\n", [*BY_HAND, ("svc/b", "one")]),
        ("svc/x.sh", "export D=b\nmake\n", [*BY_HAND, ("svc/b", "one")]),
        ("x.sh", "export D=b\n", BY_HAND),
        ("Makefile", "all:\n\t$(MAKE) -C svc S=two\n", [*BY_HAND, ("svc/a", "two")]),
        ("Makefile", "all:\n\tfor d in a b; do $(MAKE) -C svc D=$$d; done\n", [*BY_HAND, (Unknown("$(D)"), "one")]),
        (".gitlab-ci.yml", "x:\n  variables: {D: b}\n  script: [make -C svc x]\n", [*BY_HAND, ("svc/b", "one")]),
        (
            ".github/workflows/a.yml",
            "jobs:\n  a:\n    steps:\n    - run: make x D=${{ matrix.d }} S=two\n      working-directory: svc\n",
            [*BY_HAND, (Unknown("$(D)"), "two")],
        ),
    ],
)
def test_who_calls_make_sets_variables(tree: Make, name: str, text: str, expected: list[tuple[object, str]]) -> None:
    made = tree({"svc/Makefile": GIVEN, "svc/a/Dockerfile": "", "svc/b/Dockerfile": "", name: text})
    assert [(one.context, one.target) for one in made.builds()] == expected


def test_arguments_that_callers_of_make_set_are_not_known(tree: Make) -> None:
    made = tree({"Makefile": "V = 1\nx:\n\tdocker build --build-arg V=$(V) .\n", "x.sh": "make V=2\n"})
    assert made.build().args == (("V", Unknown("2")),)


def test_what_a_makefile_overrides_stays(tree: Make) -> None:
    made = tree({"Makefile": "override D = a\nx:\n\tdocker build $(D)\n", "x.sh": "make D=b\n"})
    assert made.build().context == "a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d := 'a'\nx:\n    docker build {{d}}\n", ["a"]),
        ('d := "a"  # here\nx:\n    @docker build -f {{ d }}/Dockerfile .\n', [""]),
        ("d := 'a'\nx d='b':\n    docker build {{d}}\n", [Unknown("{{d}}")]),
        ("d := env_var('D')\nx:\n    docker build {{d}}\n", [Unknown("{{d}}")]),
        ("x:\n    docker build $DIR\n", [Unknown("$DIR")]),
        ("x:\n    docker build $(pwd)/a\n", ["a"]),
    ],
)
def test_justfiles(tree: Make, text: str, expected: list[object]) -> None:
    assert [one.context for one in tree({"justfile": text, "a/Dockerfile": ""}).builds()] == expected
