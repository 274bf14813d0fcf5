"""Images of the repository that a request renames while other Dockerfiles still begin with them."""

from __future__ import annotations

import pytest

from .test_breaks import told
from .test_review import Make

MAKE = "all:\n\tdocker build -t {} base\n\tdocker build -t acme/app:1 app\n"
COMPOSE = "services:\n  {}:\n    image: {}\n    build: ./base\n  app:\n    build: ./app\n"
SCRIPT = 'cd "$(dirname "$0")"\ndocker build -t {} base\ndocker build -t acme/app app\n'
BAKE = 'target "base" {{\n  context = "base"\n  tags = ["{}"]\n}}\ntarget "app" {{\n  context = "app"\n}}\n'
FILES = {"base/Dockerfile": "FROM debian:12-slim\n", "app/Dockerfile": "FROM acme/base:1\nUSER 1\n"}
REASON = "nothing here builds acme/base any more, which app/Dockerfile:1 begins with: it is pulled, if it is there"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("Makefile", MAKE, 2),
        ("compose.yaml", COMPOSE.replace("{}", "base", 1), 4),
        ("b.sh", SCRIPT, 2),
        ("docker-bake.hcl", BAKE, 1),
    ],
)
def test_a_base_that_gets_another_name(repo: Make, path: str, text: str, line: int) -> None:
    found = told(repo, {**FILES, path: text.format("acme/base:1")}, {path: text.format("acme/root:1")})
    assert found == [(line, False, REASON)]


def test_a_base_that_is_built_no_more(repo: Make) -> None:
    after = {"Makefile": "all:\n\tdocker build -t acme/app:1 app\n"}
    assert told(repo, {**FILES, "Makefile": MAKE.format("acme/base:1")}, after) == [(1, False, REASON)]


def test_a_base_that_gets_another_tag(repo: Make) -> None:
    files = {**FILES, "Makefile": MAKE.format("acme/base:1")}
    found = told(repo, files, {"Makefile": MAKE.format("acme/base:2")})
    assert found == [(2, False, REASON.replace("acme/base", "acme/base:1"))]


def test_a_base_that_is_renamed_with_those_that_begin_with_it(repo: Make) -> None:
    after = {"Makefile": MAKE.format("acme/root:1"), "app/Dockerfile": "FROM acme/root:1\nUSER 1\n"}
    assert told(repo, {**FILES, "Makefile": MAKE.format("acme/base:1")}, after) == []


def test_a_base_that_something_else_builds_now(repo: Make) -> None:
    files = {**FILES, "Makefile": MAKE.format("acme/base:1"), "b.sh": SCRIPT.format("acme/base:1")}
    assert told(repo, files, {"Makefile": MAKE.format("acme/root:1")}) == []


def test_a_target_that_another_is_built_with(repo: Make) -> None:
    app = 'target "app" {{\n  context = "app"\n  contexts = {{ b = "target:base" }}\n}}\n'
    text = f'target "{{}}" {{{{\n  context = "base"\n}}}}\n{app}'
    files = {**FILES, "app/Dockerfile": "FROM b\nUSER 1\n", "docker-bake.hcl": text.format("base")}
    found = told(repo, files, {"docker-bake.hcl": text.format("root")})
    reason = "no target is called `base` any more, which app/Dockerfile:1 begins with: its build fails"
    assert (1, True, reason) in found
