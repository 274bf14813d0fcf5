"""A wrong pass among right ones: its changes are found, withdrawn and reported, and all others delivered."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, RemarkKind, Result, Safety, rewrite
from dockerslim_rewrite.analysis.facts import Facts
from dockerslim_rewrite.change import Change, Layout
from dockerslim_rewrite.cli import main
from dockerslim_rewrite.ir.build import Build
from dockerslim_rewrite.passes import PIPELINE, Phase
from dockerslim_rewrite.passes.base import Pass, Proposals
from dockerslim_rewrite.pipeline import options as choices
from dockerslim_rewrite.text import Edit

POOR = """\
FROM debian:12
MAINTAINER Jane
RUN apt-get update
RUN apt-get install -y curl
# the user
ENV MODE=fast
COPY app /app
RUN touch /one && touch /two
CMD echo hello
"""


def liar(pattern: str, new: str, code: str = "DS999") -> Pass:
    """A pass that replaces every match of *pattern* and says that nothing but the layout differs."""

    def lie(build: Build, facts: Facts) -> Proposals:
        """Tell a lie."""
        for match in re.finditer(pattern, build.text):
            edit = Edit.replace(*match.span(), new)
            line = build.document.line_of(match.start())
            yield Change((edit,), f"lie about {match[0]!r}", "none", Safety.SAFE, (Layout(),), line)

    return Pass(code, "liar", "layers", "tidy", Safety.SAFE, Safety.SAFE, "size", "Tell a lie.", given=lie)


Insert = Callable[..., None]


@pytest.fixture
def insert(monkeypatch: pytest.MonkeyPatch) -> Insert:
    """Insert liars at the beginning of a phase, or at the end of all."""

    def insert(*passes: Pass, phase: str | None = None) -> None:
        assert phase is None or phase in {one.name for one in PIPELINE}
        phases = tuple(one._replace(passes=(*passes, *one.passes)) if one.name == phase else one for one in PIPELINE)
        if phase is None:
            phases += (Phase("lies", passes),)
        monkeypatch.setattr(choices, "PIPELINE", phases)

    return insert


def honest() -> Result:
    return rewrite(POOR, Options(level="standard"))


LIES = {
    "a command is lost": (r" && touch /two", ""),
    "an operator is changed": (r"&& touch /two", "|| touch /two"),
    "a word is changed": (r"/one", "/three"),
    "an instruction is lost": (r"ENV MODE=fast\n", ""),
    "a comment is lost": (r"# the user\n", ""),
    "a comment swallows an instruction": (r"(?m)^COPY app", "# COPY app"),
    "a value is changed": (r"MODE=fast", "MODE=slow"),
    "the base image is changed": (r"debian:12", "debian:11"),
    "the result is no Dockerfile": (r"COPY app /app", "COPIES app /app"),
    "nothing is left of it": (r"(?s)\A.*\Z", ""),
}


@pytest.mark.parametrize("phase", [None, "pin", "merge", "clean", "tidy"])
@pytest.mark.parametrize(("pattern", "new"), LIES.values(), ids=LIES.keys())
def test_the_lie_is_withdrawn_and_the_rest_delivered(pattern: str, new: str, phase: str | None, insert: Insert) -> None:
    expected = honest()
    assert expected.changed
    assert not expected.bugs
    insert(liar(pattern, new), phase=phase)
    result = rewrite(POOR, Options(level="standard"))
    assert result.text == expected.text
    assert [change.rule for change in result.changes] == [change.rule for change in expected.changes]
    assert {(bug.kind, bug.rule) for bug in result.bugs} == {(RemarkKind.BUG, "DS999")}
    assert all("withdrawn, not proven: lie about" in bug.reason for bug in result.bugs)


def test_several_lies_of_several_passes(insert: Insert) -> None:
    expected = honest()
    insert(liar(r"/two|/app\n", "x", "DS998"), liar(r"MODE", "NODE", "DS997"))
    result = rewrite(POOR, Options(level="standard"))
    assert result.text == expected.text
    assert sorted(bug.rule for bug in result.bugs) == ["DS997", "DS998", "DS998"]
    assert [bug.line for bug in result.bugs if bug.rule == "DS997"] == [6]


def test_a_lie_on_what_a_right_change_wrote(insert: Insert) -> None:
    expected = honest()
    assert "apt-get update && " in expected.text
    insert(liar(r"apt-get update && ", "apt-get update || "))
    result = rewrite(POOR, Options(level="standard"))
    assert result.text == expected.text
    assert [bug.rule for bug in result.bugs] == ["DS999"]


def test_a_lie_that_is_told_again_on_its_own_result(insert: Insert) -> None:
    insert(liar(r"/two", "/two2"))
    assert rewrite(POOR, Options(level="standard")).text == honest().text


def test_a_lie_at_every_line_of_a_long_file(insert: Insert) -> None:
    text = "FROM debian:12\n" + "".join(f"ENV A{number}=x\nRUN touch {number}\n" for number in range(12))
    expected = rewrite(text, Options(level="safe"))
    insert(liar(r"(?<=A\d=)x", "y"))
    result = rewrite(text, Options(level="safe"))
    assert result.text == expected.text
    assert len(result.bugs) == 10


def test_without_the_validator_the_lie_stands(insert: Insert) -> None:
    """The test bench itself: the lie is made, so that it is the validator who finds it."""
    insert(liar(r"/one", "/three"))
    assert "/three" in rewrite(POOR, Options(level="standard", validate=False)).text


@pytest.mark.parametrize(("arguments", "code"), [(["--strict"], 3), ([], 0)])
def test_strict(
    arguments: list[str],
    code: int,
    insert: Insert,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, out = tmp_path / "Dockerfile", tmp_path / "out"
    path.write_text(POOR)
    expected = honest()
    insert(liar(r"/one", "/three"))
    monkeypatch.setattr("sys.argv", ["dockerslim", "rewrite", str(path), "-o", str(out), *arguments])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert (exit_.value.code or 0) == code
    assert "DS999" in capsys.readouterr().err
    assert out.read_text() == expected.text


def test_strict_is_silent_where_nothing_was_withdrawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(POOR)
    monkeypatch.setattr("sys.argv", ["dockerslim", "rewrite", str(path), "-o", str(tmp_path / "out"), "--strict"])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert not exit_.value.code


def test_a_command_in_exec_form_is_run_by_no_shell() -> None:
    text = 'FROM golang:1.22\nCMD exec /bin/web\nSHELL ["/bin/bash", "-c"]\nCOPY . /src\n'
    text += "RUN cd /src && go build -o /bin/web .\n"
    result = rewrite(text, Options(level="aggressive"))
    assert {"DS401", "DS603"} <= {change.rule for change in result.changes}
    assert not result.bugs
