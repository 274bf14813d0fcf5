"""Lines that scripts of the repository pick out of a Dockerfile stay as the scripts find them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerslim_rewrite.analysis.evidence import Evidence
from dockerslim_rewrite.analysis.line_reader import line_reader
from dockerslim_rewrite.pipeline import Result

Make = Callable[..., Any]
ENV = "FROM debian:12-slim\nENV APP_VERSION 1.11\n"
STAGES = "FROM golang:1.25 as builder\nRUN true\n\nFROM debian:12-slim\nMAINTAINER Jo <jo@example.org>\nUSER 1\n"


def result(tree: Make, files: dict[str, str], **options: Any) -> Result:
    found: Result = tree(files).rewritten("Dockerfile", **options)
    return found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Makefile", "VERSION := $(shell grep 'ENV APP_VERSION' Dockerfile | awk '{print $$3}')\n"),
        ("a.sh", "v=\"$(grep -m1 'ENV APP_VERSION ' ./Dockerfile | cut -d' ' -f3)\"\n"),
        ("a.sh", "v=$(awk '/^ENV APP_VERSION/ {print $3}' Dockerfile)\n"),
        ("a.sh", "v=$(cat Dockerfile \\\n  | sed -n 's/^ENV APP_VERSION \\(.*\\)$/\\1/p')\n"),
        ("tools/a.sh", 'sed -i -e "s/^ENV APP_VERSION .*/ENV APP_VERSION $1/" "$dir/Dockerfile"\n'),
        ("a.sh", "v=$(grep -E '^(ENV|ARG) APP_VERSION ' Dockerfile)\nw=$(grep '^ENV [A-Z_]* ' Dockerfile)\n"),
    ],
)
def test_a_variable_stays_as_a_script_finds_it(tree: Make, name: str, text: str) -> None:
    found = result(tree, {"Dockerfile": ENV, name: text})
    assert "ENV APP_VERSION 1.11" in found.text
    [said] = [one for one in found.remarks if one.rule == "DS604"]
    assert f"{name}:" in said.reason


@pytest.mark.parametrize(
    "text",
    [
        "v=$(grep 'ENV OTHER' Dockerfile | awk '{print $3}')\n",
        "grep -q APP_VERSION Dockerfile\n",
        "# grep 'ENV APP_VERSION ' Dockerfile\n",
        "grep -v 'ENV APP_VERSION ' Dockerfile\n",
        "grep 'ENV APP_VERSION ' other/Dockerfile.dev\n",
        "curl -s https://example.org/a/Dockerfile | grep 'ENV APP_VERSION '\n",
    ],
)
def test_a_script_that_finds_it_all_the_same_holds_nothing(tree: Make, text: str) -> None:
    assert "ENV APP_VERSION=1.11" in result(tree, {"Dockerfile": ENV, "a.sh": text}).text


def test_stages_and_people_stay_as_a_script_finds_them(tree: Make) -> None:
    script = (
        "go=$(sed -n 's/^FROM golang:\\(.*\\) as builder$/\\1/p' Dockerfile)\n"
        "who=$(grep '^MAINTAINER' Dockerfile | cut -d' ' -f2-)\n"
    )
    found = result(tree, {"Dockerfile": STAGES, "a.sh": script})
    assert "as builder" in found.text
    assert "MAINTAINER Jo" in found.text
    changed = result(tree, {"Dockerfile": STAGES, "a.sh": "docker pull $(grep ^FROM Dockerfile | awk '{print $2}')\n"})
    assert "AS builder" in changed.text


@pytest.mark.parametrize(
    ("pattern", "line", "picked"),
    [
        ("^FROM alpine$", "FROM alpine", True),
        ("^FROM alpine$", "FROM alpine:3.20", False),
        (r"FROM [^ ]\+ as", "FROM a as b", True),
        (r"v1\.2", "ENV A v1.2", True),
        ("colou*r", "color", True),
        ("^ENV", " ENV A", False),
        ("x$", "y", False),
        (r"\(^FROM\) a", "FROM a", True),
        (r"\(^FROM\) a", "# FROM a", False),
    ],
)
def test_patterns_find_what_grep_does(pattern: str, line: str, picked: bool) -> None:
    reader = line_reader(Evidence("a", 1), pattern, any_case=False, fixed=False, field=None, delimiter=None)
    assert reader is not None
    assert reader.picks(line) is picked


@pytest.mark.parametrize("pattern", [".*", "a|b", "", "^$"])
def test_a_pattern_without_text_holds_nothing(pattern: str) -> None:
    assert line_reader(Evidence("a", 1), pattern, any_case=False, fixed=False, field=None, delimiter=None) is None


def test_a_digest_does_not_stand_in_the_place_of_a_version() -> None:
    reader = line_reader(Evidence("a", 1), "^FROM", any_case=False, fixed=False, field=2, delimiter=":")
    assert reader is not None
    assert reader.loses(["FROM a:1"], ["FROM a:1@sha256:00"])
    assert not reader.loses(["FROM a:1"], ["FROM a:2"])
