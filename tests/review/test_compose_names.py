"""What compose files name and nobody has: Compose refuses the project, so that nothing is built."""

from __future__ import annotations

import pytest

from .test_breaks import told
from .test_review import Make

FILES = {"Dockerfile": "FROM alpine:3.24\n"}
A = "  a:\n    build: .\n"
B = "services:\n{}  b:\n    build: .\n"
LOST = "the service `a`, which is not there, so the build fails"


@pytest.mark.parametrize(
    ("rest", "line", "said"),
    [
        ("    extends: a\n", 4, "`b` extends"),
        ("    extends:\n      service: a\n", 5, "`b` extends"),
        ("    depends_on: [a]\n", 4, "`b` depends on"),
        ("    depends_on:\n      a:\n        condition: service_started\n", 5, "`b` depends on"),
        ("    network_mode: service:a\n", 4, "`b` shares its network_mode with"),
    ],
)
def test_a_service_that_is_gone(repo: Make, rest: str, line: int, said: str) -> None:
    text = B + rest
    found = told(repo, {**FILES, "compose.yaml": text.format(A)}, {"compose.yaml": text.format("")})
    assert found == [(line, True, f"{said} {LOST}")]


@pytest.mark.parametrize("named", ["e: service:a", "- e=service:a"])
@pytest.mark.parametrize("use", ["FROM alpine:3.24\nCOPY --from=e /a /", "FROM e"])
def test_a_service_that_a_further_context_names(repo: Make, named: str, use: str) -> None:
    text = "services:\n  {}:\n    build: x\n  b:\n    build:\n      context: .\n      additional_contexts:\n{}"
    files = {"x/Dockerfile": "FROM alpine:3.24\n", "Dockerfile": f"{use}\n"}
    before, after = ({"compose.yaml": text.format(name, f"        {named}\n")} for name in ("a", "a2"))
    found = told(repo, {**files, **before}, after)
    assert [one for one in found if one[1]] == [(8, True, f"`b` is built with {LOST}")]


@pytest.mark.parametrize(
    "more",
    [
        # Files may be read together, and what is included from elsewhere may have any service.
        {"compose.override.yaml": "services:\n  a:\n    image: x\n"},
        {"dev/docker-compose.yml": "services:\n  a:\n    image: x\n"},
        {"docker-compose.x.yml": "include: [https://example.org/x.git]\n"},
        {"docker-compose.x.yml": "include: ['${MORE}']\n"},
    ],
)
def test_a_service_that_another_file_may_have(repo: Make, more: dict[str, str]) -> None:
    text = f"{B}    depends_on: [a]\n"
    found = told(repo, {**FILES, "compose.yaml": text.format(A), **more}, {"compose.yaml": text.format("")})
    assert found == []


@pytest.mark.parametrize(
    "rest",
    ["    depends_on:\n      a:\n        required: false\n", "    depends_on: ['${X}']\n", "    network_mode: host\n"],
)
def test_what_names_no_service_or_needs_none(repo: Make, rest: str) -> None:
    files = {**FILES, "compose.yaml": B.format(A) + rest}
    assert told(repo, files, {"compose.yaml": B.format("") + rest}) == []


def test_a_project_without_a_build_is_left_alone(repo: Make) -> None:
    text = "services:\n{}  b:\n    image: x\n    depends_on: [a]\n"
    files = {**FILES, "compose.yaml": text.format("  a:\n    image: x\n")}
    assert told(repo, files, {"compose.yaml": text.format("")}) == []


COMMON = {"common.yaml": f"services:\n{A}"}
EXTENDS = "services:\n  b:\n    extends:\n      file: common.yaml\n      service: a\n"


def test_a_file_that_is_extended_and_gone(repo: Make) -> None:
    found = told(repo, {**FILES, **COMMON, "compose.yaml": EXTENDS}, moved={"common.yaml": ""})
    reason = "common.yaml, which `b` extends a service of, is not there, so the build fails"
    assert found == [(4, True, reason)]


def test_a_service_of_another_file_that_is_gone(repo: Make) -> None:
    files = {**FILES, **COMMON, "compose.yaml": EXTENDS}
    found = told(repo, files, {"common.yaml": f"services:\n{A.replace('a:', 'c:')}"})
    assert found == [
        (5, True, "`b` extends the service `a` of common.yaml, which is not there, so the build fails"),
    ]


@pytest.mark.parametrize("include", ["[common.yaml]", "[{path: common.yaml}]", "[{path: [common.yaml]}]"])
def test_a_file_that_is_included_and_gone(repo: Make, include: str) -> None:
    files = {**FILES, **COMMON, "compose.yaml": f"include: {include}\n"}
    found = told(repo, files, moved={"common.yaml": ""})
    assert found == [(1, True, "the included file common.yaml is not there, so the build fails")]


def test_a_file_that_something_else_makes_is_no_loss(repo: Make) -> None:
    files = {**FILES, **COMMON, "compose.yaml": EXTENDS}
    assert told(repo, files, {".gitignore": "common.yaml\n"}, {"common.yaml": ""}) == []


SECRET = "services:\n  a:\n    build:\n      context: .\n      secrets: [{}]\nsecrets:\n  s:\n    file: s.txt\n"


@pytest.mark.parametrize("named", ["s", "{source: s, target: t}"])
def test_a_secret_of_a_build_that_is_gone(repo: Make, named: str) -> None:
    found = told(repo, {**FILES, "s.txt": "x\n", "compose.yaml": SECRET.format(named)}, moved={"s.txt": ""})
    assert found == [(8, True, "s.txt, the secret `s` of a build, is not there, so the build fails")]


def test_a_new_secret_is_kept_by_whoever_builds(repo: Make) -> None:
    assert told(repo, {**FILES, "compose.yaml": B.format("")}, {"compose.yaml": SECRET.format("s")}) == []


@pytest.mark.parametrize(("target", "fails"), [("0", []), ("1", [True])])
def test_a_target_that_counts_stages(repo: Make, target: str, fails: list[bool]) -> None:
    text = f"services:\n  b:\n    build:\n      context: .\n      target: '{target}'\n"
    found = told(repo, {**FILES, "compose.yaml": B.format("")}, {"compose.yaml": text})
    assert [one[1] for one in found] == fails
