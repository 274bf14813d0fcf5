"""The program that a Dockerfile is: steps, stages, who is built from whom, and in which state each step runs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite.analysis.flow.graph import stage_graph
from dockerslim_rewrite.analysis.flow.state import State, states
from dockerslim_rewrite.ir.build import Build, read_build
from dockerslim_rewrite.ir.steps import Arg, Copy, Env, Exec, From, Healthcheck, Onbuild, Run, Shell, Value
from dockerslim_rewrite.record import field_names
from dockerslim_rewrite.shell.script import Opaque, Script
from dockerslim_rewrite.syntax import Document, ParseError, parse
from tests.properties.strategies import dockerfiles

TEXT = """\
ARG TAG=12
FROM debian:${TAG} AS base
SHELL ["/bin/bash", "-c"]
ENV A=1 B="two words"
WORKDIR /srv
USER app:app
FROM base
ARG MORE
ENV C=$A-$MORE D=${B}
WORKDIR sub
RUN --mount=type=cache,target=/c --mount=type=bind,from=base,target=/b make
COPY --from=0 /x /y/ ./
HEALTHCHECK --interval=1m CMD curl -f localhost
ONBUILD RUN ["a", "b"]
CMD exec serve
"""


def program(text: str) -> Build:
    return read_build(parse(text))


def final_state(text: str) -> State:
    build = program(text)
    return states(build)[build.stages[-1].steps[-1].index]


def test_steps() -> None:
    build = program(TEXT)
    assert [type(step) for step in build] == [
        *(Arg, From, Shell, Env, Value, Value),
        *(From, Arg, Env, Value, Run, Copy, Healthcheck, Onbuild, Exec),
    ]
    assert [step.index for step in build] == list(range(15))
    assert [step.line for step in build] == list(range(1, 16))
    assert [stage.head.alias for stage in build.stages] == ["base", None]
    run, copy, health, onbuild, command = build.stages[1].steps[3:]
    assert isinstance(run, Run)
    assert [mount["type"] for mount in run.mounts] == ["cache", "bind"]
    assert run.body is not None
    assert isinstance(run.body.script, Script)
    assert isinstance(copy, Copy)
    assert (copy.sources, copy.destination) == (("/x", "/y/"), "./")
    assert isinstance(health, Healthcheck)
    assert (health.test, health.command, health.argv) == ("CMD", "curl -f localhost", None)
    assert isinstance(onbuild, Onbuild)
    assert isinstance(onbuild.trigger, Run)
    assert onbuild.trigger.argv == ("a", "b")
    assert isinstance(command, Exec)
    assert command.argv is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FROM a\nFOO b\n", 2),
        ("FROM\n", 1),
        ("FROM a b\n", 1),
        ("FROM a AS\n", 1),
        ("FROM a\nRUN x\nCOPY y\n", 3),
        ("FROM a\nADD y\n", 2),
    ],
)
def test_what_buildkit_refuses_behind_its_parser(text: str, line: int) -> None:
    with pytest.raises(ParseError) as caught:
        program(text)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('FROM a\nSHELL ["powershell", "-command"]\nRUN dir\n', "SHELL is powershell -command"),
        ("# escape=`\nFROM a\nRUN dir\n", "Windows"),
        ("FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN dir\n", "Windows"),
        ("FROM --platform=windows/amd64 a\nRUN dir\n", "Windows"),
        ("FROM mcr.microsoft.com/windows/servercore AS b\nFROM b\nRUN dir\n", "Windows"),
        ("FROM a\nRUN if x\n", ""),
    ],
)
def test_bodies_that_are_not_read(text: str, reason: str) -> None:
    run = program(text).stages[-1].runs[0]
    assert run.body is not None
    assert isinstance(run.body.script, Opaque)
    assert reason in run.body.script.reason


def test_a_new_base_image_has_its_own_shell() -> None:
    build = program('FROM a AS w\nSHELL ["cmd", "/c"]\nFROM b\nRUN make\nFROM w\nRUN make\n')
    read = [run.body.script for stage in build.stages for run in stage.runs if run.body is not None]
    assert [type(script) for script in read] == [Script, Opaque]


def test_graph() -> None:
    graph = stage_graph(
        program(
            "FROM a AS One\nFROM one AS two\nFROM c\nCOPY --from=0 /x /x\nRUN --mount=from=TWO,target=/t true\n"
            "COPY --from=nginx /y /y\nFROM 2\nFROM two\n"
        )
    )
    assert graph.bases == (None, 0, None, None, 1)
    assert graph.sources[2] == {0, 1}
    assert [graph.ships(index) for index in range(5)] == [True, True, False, False, True]
    assert graph.heirs(0) == (1, 4)


def test_states() -> None:
    state = final_state(TEXT)
    assert dict(state.env) == {"A": "1", "B": "two words", "C": None, "D": "two words"}
    assert set(state.args) == {"MORE"}
    assert state.exported == {"A", "B", "C", "D", "MORE"}
    assert (state.workdir, state.user, state.shell) == ("/srv/sub", "app:app", ("/bin/bash", "-c"))
    assert not state.may_be_root


@pytest.mark.parametrize(
    ("text", "workdir"),
    [
        ("FROM a\nRUN x\n", None),
        ("FROM a\nWORKDIR x\nRUN x\n", None),
        ("FROM a\nWORKDIR /a/../b/\nWORKDIR ./c\nRUN x\n", "/b/c"),
        ("FROM a\nWORKDIR $HOME\nRUN x\n", None),
        ("FROM a\nENV D=/d\nWORKDIR ${D}/e\nRUN x\n", "/d/e"),
        ("FROM a\nENV D=/d\nWORKDIR ${D:-/x}\nRUN x\n", None),
    ],
)
def test_working_directories(text: str, workdir: str | None) -> None:
    assert final_state(text).workdir == workdir


@pytest.mark.parametrize(("user", "root"), [("root", True), ("0", True), ("0:0", True), ("app", False), ("$U", False)])
def test_users(user: str, root: bool) -> None:
    assert final_state(f"FROM a\nUSER {user}\nRUN x\n").may_be_root is root


def content(value: Any) -> Any:
    """*value* with records taken apart, so that two readings compare by what they say."""
    if hasattr(type(value), "__fields__"):
        return (type(value).__name__, *(content(getattr(value, name)) for name in field_names(value)))
    return tuple(content(item) for item in value) if isinstance(value, tuple) else value


def said(document: Document) -> Any:
    return content((document.source, document.escape, document.directives, document.segments, document.instructions))


@given(dockerfiles(), dockerfiles(), st.data())
def test_reading_from_the_first_difference_on_is_reading(one: str, other: str, data: st.DataObject) -> None:
    keep = data.draw(st.integers(0, len(one)))
    text = one[:keep] + other[data.draw(st.integers(0, len(other))) :]
    try:
        known = parse(one)
        anew = parse(text)
    except ParseError:
        return
    reused = parse(text, known)
    assert said(reused) == said(anew)
    try:
        before, expected = read_build(known), read_build(anew)
    except ParseError:
        return
    assert content(tuple(read_build(reused, before))) == content(tuple(expected))


def test_instructions_before_the_first_difference_are_taken_over() -> None:
    text = "# syntax=a\n# one\n\nFROM a\nRUN x \\\n  y\nCMD z\n"
    known = parse(text)
    reused = parse(text.replace("z", "zz"), known)
    assert reused.instructions[:2] == known.instructions[:2]
    assert reused.instructions[2] is not known.instructions[2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FORM debian:12\n", "unknown instruction FORM (did you mean FROM?)"),
        ("FROM a\nENTRYPIONT a\n", "unknown instruction ENTRYPIONT (did you mean ENTRYPOINT?)"),
        ("FROM a\n{{ x }}\n", "unknown instruction {{"),
    ],
)
def test_a_mistyped_keyword_is_told_with_the_nearest_one(text: str, reason: str) -> None:
    with pytest.raises(ParseError) as error:
        read_build(parse(text))
    assert error.value.reason == reason
