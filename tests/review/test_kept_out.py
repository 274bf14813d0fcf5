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
