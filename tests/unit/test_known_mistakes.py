"""Mistakes that other fixers were measured to make: none of them at any level."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.pipeline import Result

LEVELS = ("safe", "standard", "aggressive")


def after(text: str, level: str) -> Result:
    return rewrite(text, Options(level=level, extend_select=("lint",)))


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_appended_to_a_comment_that_ends_a_continuation(level: str) -> None:
    text = "FROM debian:12\nRUN apt-get update && \\\n    apt-get install -y curl \\\n    # the end\n"
    result = after(text, level).text
    assert "    # the end\n" in result
    assert not any(line.lstrip().startswith("#") and "&&" in line for line in result.splitlines())
    assert "rm -rf /var/lib/apt/lists/*" in result


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("image", ["ubuntu:16.04", "centos:centos7", "python:2.7", "debian:stretch", "node:8"])
def test_no_tag_is_invented(image: str, level: str) -> None:
    text = f"FROM {image}\nRUN touch /a\n"
    assert after(text, level).text.splitlines()[0] in (f"FROM {image}", f"FROM {image}-slim")


@pytest.mark.parametrize("level", LEVELS)
def test_the_value_of_a_legacy_env_is_the_same(level: str) -> None:
    text = (
        'FROM debian:12-slim\n# why\nENV K "--flag=x "\n\n# and why\nENV L "a b"\nENV M=1 \\\n    # inside\n    N=2\n'
    )
    expected = text.replace("ENV K ", "ENV K=").replace("ENV L ", "ENV L=")
    assert after(text, level).text == expected


@pytest.mark.parametrize("level", LEVELS)
def test_cd_to_the_home_folder_is_no_workdir(level: str) -> None:
    text = "FROM debian:12-slim\nRUN cd ~ && make\nWORKDIR /app\n"
    assert after(text, level).text == text


@pytest.mark.parametrize("level", LEVELS)
def test_comments_between_merged_runs_stay(level: str) -> None:
    text = "FROM debian:12-slim\nRUN mkdir /a\n# what b is for\nRUN mkdir /b\n\n# and c\nRUN mkdir /c\n"
    result = after(text, level)
    assert result.text.count("RUN") == 1
    assert [line.strip() for line in result.text.splitlines() if line.strip().startswith("#")] == [
        "# what b is for",
        "# and c",
    ]


@pytest.mark.parametrize("level", LEVELS)
def test_no_user_is_set_before_an_entrypoint_that_works_as_root(level: str) -> None:
    text = 'FROM debian:12-slim\nCOPY entrypoint.sh /\nENTRYPOINT ["/entrypoint.sh"]\nCMD ["gosu", "app", "server"]\n'
    assert "USER" not in after(text, level).text


@pytest.mark.parametrize("level", LEVELS)
def test_a_fix_of_one_word_changes_one_word(level: str) -> None:
    text = (
        "FROM  debian:12-slim\n\n\n"
        'LABEL  z="1"   a="2"\n'
        "RUN   apt-get  update   &&  apt-get install -y --no-install-recommends  curl \\\n"
        "\t\t&&   rm -rf /var/lib/apt/lists/*\n\n"
        "ADD   conf   /etc/conf\n"
        "\n\nEXPOSE   8080\n"
        'CMD  [ "server" ]'
    )
    assert after(text, level).text == text.replace("ADD ", "COPY ")


@pytest.mark.parametrize("level", LEVELS)
def test_a_list_of_packages_keeps_its_order_and_its_lines(level: str) -> None:
    text = "FROM alpine:3.20\nRUN apk add --no-cache \\\n    zlib \\\n    git \\\n    curl\n"
    assert after(text, level).text == text


def test_no_line_is_made_that_buildkit_does_not_read() -> None:
    words = " \\\n".join("a" * 12 for _ in range(4_500))
    result = rewrite(f"FROM debian:12\nCMD echo {words}\n", Options(select=("DS603",)))
    assert not result.changed
    assert [remark.reason for remark in result.remarks] == [
        "CMD stays in shell form: BuildKit reads no line that is so long"
    ]


@pytest.mark.parametrize("level", LEVELS)
def test_no_line_that_is_added_ends_in_blanks(level: str) -> None:
    text = 'FROM debian:12\nRUN apt-get update && apt-get install -y curl  \nCMD ["curl"]\n'
    added = set(after(text, level).text.splitlines()) - set(text.splitlines())
    assert any("rm -rf /var/lib/apt/lists/*" in line for line in added)
    assert not any(line != line.rstrip() for line in added)
