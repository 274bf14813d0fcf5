"""What instructions take from further contexts of a build, and what these hold no more."""

from __future__ import annotations

import pytest

from .test_breaks import ONE, told
from .test_review import Make

COMPOSE = (
    "services:\n  a:\n    build:\n      context: ./app\n      dockerfile: ../Dockerfile\n"
    "      additional_contexts:\n        sh: ./{}\n"
)
BAKE = 'target "a" {{\n  context = "app"\n  dockerfile = "../Dockerfile"\n  contexts = {{ sh = "{}" }}\n}}\n'
COPY = "COPY --from=sh x /x"
OTHER = {"t/y": "y\n", "s/y": "y\n", "app/y": "y\n"}


def files(line: str, text: str = COMPOSE, path: str = "compose.yaml") -> dict[str, str]:
    return {"Dockerfile": ONE.format(line), "s/x": "x\n", path: text.format("s"), **OTHER}


@pytest.mark.parametrize(
    ("line", "keyword"), [(COPY, "COPY"), ("RUN --mount=from=sh,source=/x,target=/x wc /x", "RUN")]
)
@pytest.mark.parametrize(("target", "fate"), [("", "deleted"), ("s/z", "renamed to z")])
def test_a_file_that_a_further_context_loses(repo: Make, line: str, keyword: str, target: str, fate: str) -> None:
    found = told(repo, files(line), moved={"s/x": target})
    assert found == [(2, True, f"x of the context `sh` is {fate} by this change, so {keyword} fails")]


@pytest.mark.parametrize(("text", "path"), [(COMPOSE, "compose.yaml"), (BAKE, "docker-bake.hcl")])
def test_another_directory_that_does_not_hold_it(repo: Make, text: str, path: str) -> None:
    found = told(repo, files(COPY, text, path), {path: text.format("t")})
    assert found == [(2, True, "x of the context `sh` is not in t, so COPY fails")]


def test_what_the_ignore_file_of_the_further_context_keeps_out(repo: Make) -> None:
    found = told(repo, files(COPY), {"s/.dockerignore": "x\n"})
    assert found == [(2, True, "x of the context `sh` is kept from the build by the .dockerignore of s, so COPY fails")]


def test_a_new_source_that_is_not_there_is_a_doubt(repo: Make) -> None:
    found = told(repo, files("RUN true"), {"Dockerfile": ONE.format("COPY --from=sh z /z")})
    reason = "z of the context `sh` is not in s, so COPY fails unless something makes it before the build"
    assert found == [(2, False, reason)]


@pytest.mark.parametrize(
    "line", ["COPY --from=sh * /x", "ARG F\nCOPY --from=sh $F /x", "COPY --from=sh . /x", "RUN true"]
)
def test_what_is_not_named_is_not_missed(repo: Make, line: str) -> None:
    assert told(repo, files(line), moved={"s/x": ""}) == []


def test_a_stage_of_the_same_name_goes_first(repo: Make) -> None:
    text = f'FROM debian:12-slim AS sh\nRUN touch x\nFROM debian:12-slim\n{COPY}\nUSER 1000\nCMD ["x"]\n'
    assert told(repo, {**files(COPY), "Dockerfile": text}, moved={"s/x": ""}) == []


def test_what_a_script_writes_is_a_doubt(repo: Make) -> None:
    found = told(repo, {**files(COPY), "make.sh": "date > s/x\n"}, moved={"s/x": ""})
    assert [fails for _, fails, _ in found] == [False]
