"""Comments that switch rules off, and what is said of those that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockerslim_rewrite import Options, Result, rewrite


def notes(result: Result) -> list[tuple[int, str]]:
    return [(remark.line, remark.reason) for remark in result.remarks if remark.rule == "DS000"]


def test_a_comment_holds_for_the_instruction_below() -> None:
    result = rewrite("FROM debian:12\n# dockerslim: ignore=DS602 we keep it\nMAINTAINER a\n")
    assert not result.changed
    assert notes(result) == []


@pytest.mark.parametrize("comment", ["file-ignore", "global ignore", "global  ignore"])
def test_a_comment_holds_for_the_file(comment: str) -> None:
    result = rewrite(f"# dockerslim: {comment}=DS602\nFROM debian:12\nMAINTAINER a\n")
    assert not result.changed
    assert notes(result) == []


@pytest.mark.parametrize("rule", ["DS101", "DS102", "DS103"])
def test_what_holds_one_merge_off_holds_all(rule: str) -> None:
    text = f"FROM debian:12\nRUN mkdir -p /srv/app\n# dockerslim: ignore={rule}\nRUN rm -rf /srv/app\n"
    assert rewrite(text, Options(extend_select=("lint",), level="safe")).text.count("RUN") == 2


def test_an_unknown_rule_is_told_with_the_nearest_one() -> None:
    result = rewrite("FROM debian:12\n# dockerslim: ignore=maintainer-lable\nMAINTAINER a\n")
    assert result.changed
    assert notes(result) == [(2, "unknown rule maintainer-lable in an ignore comment; did you mean maintainer-label?")]


def test_a_comment_that_holds_nothing_back_is_told() -> None:
    result = rewrite("FROM debian:12\n# dockerslim: ignore=DS602\nRUN ls\n")
    assert notes(result) == [(2, "this ignore comment holds nothing back here; drop it")]


def test_nothing_is_said_of_rules_that_do_not_run_nor_of_other_linters() -> None:
    text = "FROM debian:12\n# dockerslim: ignore=DS602\nRUN ls\n# hadolint ignore=DL9999\nRUN ls\n"
    assert notes(rewrite(text, Options(select=("DS201",)))) == []


ROOT = ["# must be root to bind the port", "# uid 0 writes the volume", "# this one is privileged", "# needs sudo"]


@pytest.mark.parametrize("comment", ROOT)
@pytest.mark.parametrize("between", ["", "EXPOSE 8080\n"])
def test_a_comment_on_what_starts_that_speaks_of_root_keeps_it_roots(
    tmp_path: Path, comment: str, between: str
) -> None:
    (tmp_path / "a.py").write_text("print(1)\n")
    text = f'FROM python:3.12-slim\nCOPY a.py /a.py\n\n{comment}\n{between}CMD ["python", "/a.py"]\n'
    result = rewrite(text, Options(context=tmp_path, select=("DS501",)))
    assert not result.changed
    assert [remark.reason for remark in result.remarks if f'"{comment[2:]}"' in remark.reason]
    apart = text.replace(comment, f"{comment}\n")
    assert rewrite(apart, Options(context=tmp_path, select=("DS501",))).changed


@pytest.mark.parametrize("words", ["Use shell-style CMD", "in string form", "runs through a shell", "via sh -c"])
def test_a_comment_that_speaks_of_a_shell_keeps_the_form(words: str) -> None:
    result = rewrite(f"FROM alpine:3.20\n# {words}\nCMD httpd -f\n", Options(select=("DS603",)))
    assert not result.changed
    assert f'"{words}"' in result.remarks[0].reason


def test_a_long_comment_is_quoted_in_part() -> None:
    said = "a shell " + "and more words " * 20
    result = rewrite(f"FROM alpine:3.20\n# {said}\nCMD httpd -f\n", Options(select=("DS603",)))
    assert f'"{said[:59]}…"' in result.remarks[0].reason
