"""From claims to what traces may differ in, and from a rewrite to the bodies that are compared."""

from __future__ import annotations

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.change import (
    AddsCommand,
    AddsInstruction,
    AddsOption,
    Change,
    Claim,
    DropsFiles,
    JoinsInstructions,
    Layout,
    MovesInstruction,
    RemovesCommand,
    ReplacesWords,
    Safety,
)
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.record import evolve
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.text import Edit, Span
from tests.trace.allowances import allowance, pattern, shells
from tests.trace.model import NOTHING, Body, Words
from tests.trace.pairs import Pair, Unjudged, pairs
from tests.trace.stages import bodies


def change(*claims: Claim, evidence: tuple[str, ...] = ()) -> Change:
    return Change((), "", "", Safety.SAFE, claims, 1, evidence, rule="DS000")


@pytest.mark.parametrize(
    ("written", "glob"),
    [
        ("/var/lib/apt/lists/*", "/var/lib/apt/lists/*"),
        ("'*.c'", "[*].c"),
        (r"\*.c", "[*].c"),
        ('"a b"', "a b"),
        ('"$HOME/x"', "*/x"),
        ("${A:-b}c", "*c"),
        ("`pwd`/$(id -u)", "*/*"),
        ("~/.cache", "*/.cache"),
        ("a~", "a~"),
        (r'"\$A"', "$A"),
    ],
)
def test_written_words_become_globs(written: str, glob: str) -> None:
    assert pattern(written) == glob


def test_claims_that_say_nothing_of_commands_allow_nothing() -> None:
    assert allowance([change(Layout(), JoinsInstructions("RUN", 3))]) == NOTHING
    assert allowance([]) == NOTHING


def test_options_are_allowed_under_the_later_name_of_a_command_too() -> None:
    allow = allowance(
        [
            change(AddsOption(("apt", "install"), ("-y",))),
            change(ReplacesWords(("apt", "install"), ("apt-get", "install"))),
        ]
    )
    assert allow.inserted == (Words(("apt", "install"), ("-y",)), Words(("apt-get", "install"), ("-y",)))


def test_what_a_command_no_longer_leaves_may_be_missing() -> None:
    assert allowance([change(RemovesCommand(("apk", "update")))]).missing_paths == ("/var/cache/apk/index",)
    kept = allowance([change(AddsOption(("pip", "install"), ("--no-cache-dir",)))])
    assert kept.missing_paths == ("/root/.cache/pip/package",)
    assert allowance([change(AddsOption(("pip", "install"), ("-q",)))]).missing_paths == ()
    assert allowance([change(DropsFiles(("rm", "-rf", "/x"), ("/x",)))]).missing_paths == ("/x",)


def test_what_an_added_update_leaves_may_be_there_and_be_named_by_wildcards() -> None:
    update = allowance([change(AddsCommand(("apt-get", "update")))])
    assert update.extra_paths == ("/var/lib/apt/lists/index",)
    assert allowance([change(AddsCommand(("set", "-o", "pipefail")))]).extra_paths == ()


@pytest.mark.parametrize(
    ("text", "evidence", "script", "expected"),
    [
        ("", (), "a", ("dash", "bash", "ash")),
        ('SHELL ["/bin/ash", "-o", "pipefail", "-c"]', ("the image alpine:3.20",), "a", ("ash",)),
        ('SHELL ["/bin/bash", "-o", "pipefail", "-c"]', ("the image debian:12",), "a", ("dash",)),
        ('SHELL ["/bin/bash", "-o", "pipefail", "-c"]', ("yum runs on line 2",), "a", ("bash",)),
        ('SHELL ["/bin/bash", "-c"]', (), "rm /bin/sh && ln -s /bin/bash /bin/sh", ("bash",)),
        ('SHELL ["/bin/bash", "-c"]', ("nothing",), "a", ("dash", "bash")),
    ],
)
def test_shells_follow_from_what_a_change_rests_on(
    text: str, evidence: tuple[str, ...], script: str, expected: tuple[str, ...]
) -> None:
    claims: tuple[Claim, ...] = (AddsInstruction("SHELL", text),) if text else (Layout(),)
    assert shells([change(*claims, evidence=evidence)], [Body(script)]) == expected


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [("the image alpine:3.20", ("ash",)), ("yum runs on line 2", ("bash",)), ("nothing", ("bash", "ash"))],
)
def test_an_option_of_the_shell_is_tried_on_shells_that_know_it(evidence: str, expected: tuple[str, ...]) -> None:
    made = change(AddsCommand(("set", "-o", "pipefail")), evidence=(evidence,))
    assert shells([made], [Body("a")]) == expected


def test_bodies_stand_in_their_frames() -> None:
    text = """FROM debian:12 AS a
ARG V=1
ENV A="x $V" PATH=/o:$PATH
WORKDIR /srv
RUN first
WORKDIR $A
SHELL ["/bin/bash", "-c"]
RUN ["second", "a b"]
FROM a
RUN <<EOF
third
EOF
FROM windows
SHELL ["powershell"]
RUN dir
"""
    first, second, third = bodies(read_build(parse(text)))
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert isinstance(third, str)
    one, two = (placed.body for placed in first)
    assert (one.script, one.cwd, one.shell) == ("first", "/srv", ("/bin/sh", "-c"))
    assert dict(one.env)["A"] == "x 1"
    assert dict(one.env)["PATH"].startswith("/o:/usr/local/sbin:")
    assert (two.script, two.cwd, two.shell) == ("second 'a b'", "/srv/x 1", ("/bin/bash", "-c"))
    assert [(placed.body.script, placed.first, placed.last) for placed in second] == [("third\n", 10, 12)]


def test_only_what_changed_is_compared_with_the_claims_of_its_lines() -> None:
    text = 'FROM debian:12\nRUN pip install x\nCOPY y /y\nRUN apt-get update && apt-get install -y z\nRUN ["id"]\n'
    found = list(pairs(rewrite(text, Options(level="safe", select=("DS201", "DS204")))))
    assert all(isinstance(one, Pair) for one in found)
    single = [one for one in found if isinstance(one, Pair) and not one.whole]
    assert [(one.line, len(one.before), len(one.after)) for one in single] == [(2, 1, 1), (4, 1, 1)]
    assert [bool(one.allow.inserted) for one in single] == [True, False]
    assert [bool(one.allow.added) for one in single] == [False, True]


def test_stages_that_no_sandbox_can_judge_are_named() -> None:
    text = "FROM debian:12\nRUN pip install z\nRUN <<EOF\n#!/usr/bin/python3\nprint()\nEOF\n"
    assert [type(one) for one in pairs(rewrite(text, Options(level="safe")))] == [Unjudged]


def test_variables_that_come_later_may_be_missing_before() -> None:
    moved = evolve(
        change(MovesInstruction("ARG")), edits=(Edit(Span(0, 9), ""), Edit(Span(20, 20), "ARG A=1\nENV B=2 C=3\n"))
    )
    assert allowance([moved]).later == ("A", "B", "C")
    assert allowance([change(MovesInstruction("ARG"))]).later == ()
