"""What a request copies anew and an ignore file keeps from the build."""

from __future__ import annotations

import pytest

from .test_breaks import FILES, ONE, told
from .test_review import Make

SAID = "{} is kept from the build by .dockerignore, so {} fails"


@pytest.mark.parametrize("known", [{}, FILES])
@pytest.mark.parametrize("there", [{}, {"dist/a.js": "x\n"}, {".gitignore": "dist\n"}])
@pytest.mark.parametrize(
    ("line", "keyword"), [("COPY dist /d", "COPY"), ("RUN --mount=source=dist,target=/d ls /d", "RUN")]
)
def test_a_new_source_that_an_ignore_file_keeps_out_is_an_error(
    repo: Make, known: dict[str, str], there: dict[str, str], line: str, keyword: str
) -> None:
    before = {"Dockerfile": ONE.format("RUN true"), ".dockerignore": "dist\n", "b": "x\n", **known, **there}
    found = told(repo, before, {"Dockerfile": ONE.format(line)})
    assert found == [(2, True, SAID.format("dist", keyword))]


@pytest.mark.parametrize("ignored", ["dist\n!dist/keep\n", "*\n!**/keep\n", "dist/*\n"])
def test_a_directory_of_which_something_may_get_in_is_no_error(repo: Make, ignored: str) -> None:
    before = {"Dockerfile": ONE.format("RUN true"), ".dockerignore": ignored, "b": "x\n", **FILES}
    assert not any(fails for _, fails, _ in told(repo, before, {"Dockerfile": ONE.format("COPY dist /d")}))


def test_what_was_kept_out_before_is_no_news(repo: Make) -> None:
    before = {"Dockerfile": ONE.format("COPY dist /d"), ".dockerignore": "dist\n", "b": "x\n", **FILES}
    assert not any(fails for _, fails, _ in told(repo, before, {"Dockerfile": ONE.format("RUN true\nCOPY dist /d")}))


def test_a_stage_that_nobody_builds_is_none(repo: Make) -> None:
    text = 'FROM debian:12-slim AS extra\n{}\nFROM debian:12-slim\nUSER 1000\nCMD ["x"]\n'
    before = {"Dockerfile": text.format("RUN true"), ".dockerignore": "dist\n", "b": "x\n", **FILES}
    assert not any(fails for _, fails, _ in told(repo, before, {"Dockerfile": text.format("COPY dist /d")}))


def test_an_ignore_file_beside_the_dockerfile_is_called_by_its_path_in_the_repository(repo: Make) -> None:
    before = {
        "tools/Dockerfile.lint": ONE.format("COPY dist /d"),
        "dist/a": "x\n",
        "Makefile": "lint:\n\tdocker build -f tools/Dockerfile.lint .\n",
    }
    found = told(repo, before, {"tools/Dockerfile.lint.dockerignore": "dist\n"})
    reason = "dist is kept from the build by tools/Dockerfile.lint.dockerignore now, so COPY fails"
    assert found == [(2, True, reason)]


COPIES = "FROM debian:12-slim\nRUN true\nCOPY a.txt /a\nUSER 1000\n"


@pytest.mark.parametrize(
    ("text", "fault"), [("[a\n", "line 1: '[a' is not a pattern"), ("x\n!\n", "line 2: ! without a pattern")]
)
def test_an_ignore_file_that_no_build_reads(repo: Make, text: str, fault: str) -> None:
    files = {"Dockerfile": COPIES, "a.txt": "", "compose.yaml": "services: {a: {build: .}}\n"}
    (found,) = [one for one in told(repo, files, {".dockerignore": text}) if "cannot be read" in one[2]]
    assert found[:2] == (3, True)
    assert found[2].startswith(f".dockerignore cannot be read ({fault}")


@pytest.mark.parametrize("dockerfile", [COPIES, "FROM debian:12-slim\nCOPY --from=busybox /bin/sh /sh\nUSER 1000\n"])
def test_an_ignore_file_that_was_not_read_before_or_that_nobody_needs(repo: Make, dockerfile: str) -> None:
    before = {".dockerignore": "[a\n"} if dockerfile == COPIES else {}
    files = {"Dockerfile": dockerfile, "a.txt": "", "compose.yaml": "services: {a: {build: .}}\n", **before}
    found = told(repo, files, {".dockerignore": "[a\nb\n"})
    assert not [one for one in found if "cannot be read" in one[2]]
