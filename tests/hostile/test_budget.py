"""What strangers send costs no more than what people write: values, patterns, nesting and withdrawals have a limit."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Callable
from itertools import product

import pytest

from dockerslim_rewrite import Options, rewrite
from dockerslim_rewrite.change import Change
from dockerslim_rewrite.context.dockerignore import read_dockerignore
from dockerslim_rewrite.context.python.values import Evaluator, Started
from dockerslim_rewrite.ir.arguments import global_arguments
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.ir.expansion import MAX_LENGTH, ExpansionError, TooLong, expand
from dockerslim_rewrite.pipeline.proof import MAX_WITHDRAWALS, MOST_JUDGED
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.text.glob import Glob, Token
from dockerslim_rewrite.text.structured import read_json, read_python, read_toml

DOUBLING = "".join(f"{{0}} A{i}=$A{i - 1}$A{i - 1}\n" for i in range(1, 28))
DEEP = 10_000


def peak(text: str) -> int:
    tracemalloc.start()
    rewrite(text)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


@pytest.mark.parametrize(
    "text",
    [
        "ARG A0=aaaaaaaaaa\n" + DOUBLING.format("ARG") + "FROM debian:$A27\nRUN true\nCMD a\nCMD b\n",
        "ARG A0=aaaaaaaaaa\n" + DOUBLING.format("ARG") + "FROM debian:12\nRUN true\nCMD a\nCMD b\n",
        "FROM debian:12\nENV A0=aaaaaaaaaa\n" + DOUBLING.format("ENV") + "WORKDIR $A27\nCMD a\nCMD b\n",
        "FROM debian:12\nENV A=" + "a" * 30_000 + "\n" + "ENV B=$A$A\nWORKDIR $A$A$A$A\n" * 200 + "CMD a\nCMD b\n",
    ],
)
def test_values_that_double_take_no_memory(text: str) -> None:
    rewrite("FROM debian:12\nENV A=b\nENV C=$A\nCMD a\nCMD b\n")
    assert peak(text) < 60_000_000
    assert rewrite(text).changed


def test_what_is_too_long_is_unknown_from_there() -> None:
    build = read_build(parse("ARG A0=aaaaaaaaaa\n" + DOUBLING.format("ARG") + "FROM debian:$A27\n"))
    found = global_arguments(build)
    assert len(found["A11"] or "") == 10 * 2**11
    assert found["A12"] is found["A27"] is None
    with pytest.raises(TooLong):
        expand("$A27", found)
    with pytest.raises(TooLong):
        expand("${V//a/bb}", {"V": "a" * MAX_LENGTH})


@pytest.mark.parametrize("text", ["${V:-" * DEEP + "x" + "}" * DEEP, "${V:-" * DEEP, "${V#" * DEEP + "}" * DEEP])
def test_expansions_are_read_no_deeper_than_people_write(text: str) -> None:
    with pytest.raises(ExpansionError):
        expand(text, {})
    assert rewrite(f"FROM debian:{text[:60_000]}\nCMD a\nCMD b\n").changed


@pytest.mark.parametrize("read", [read_json, read_toml, read_python])
@pytest.mark.parametrize("form", ["a={}", "{}"])
@pytest.mark.parametrize(
    ("opening", "closing"), ["[]", "()", ("{'a':", "}"), ('{"a":', "}"), ("-", ""), ("a.", "b=1"), ("not ", "a")]
)
def test_data_is_read_no_deeper_than_people_write(
    read: Callable[[str], object], form: str, opening: str, closing: str
) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        read(form.format(opening * DEEP + "1" + closing * DEEP))


def test_what_people_write_is_read() -> None:
    assert read_json("[" * 100 + "]" * 100)
    assert read_toml("a=" + "[" * 100 + "]" * 100)
    assert read_python("a = " + " + ".join(["1"] * 900))


@pytest.mark.parametrize("text", ["[", "{", r"\"[", "\u001b[32m", "'[", "\\\\["])
def test_brackets_in_strings_nest_nothing(text: str) -> None:
    assert read_json(json.dumps([text] * DEEP)) == [text] * DEEP
    assert read_toml(f"a = {json.dumps([text] * DEEP)}") == {"a": [text] * DEEP}


@pytest.mark.parametrize("string", ["'[{'", '"""\n[" \\"""[""" # [', "'''[''['''", '"""["""""', "1 # it's [ \"["])
def test_strings_and_comments_of_toml_nest_nothing(string: str) -> None:
    lines = "".join(f"a{at} = {string}\n" for at in range(DEEP))
    assert len(read_toml(lines)) == DEEP
    with pytest.raises(ValueError, match="too deeply"):
        read_toml(lines + "b=" + "[" * DEEP)


@pytest.mark.parametrize("read", [read_json, read_toml])
@pytest.mark.parametrize("string", ['"', '"a', "'", '"\\', '"""', "'''", '["', '{"a":"'])
def test_strings_without_an_end_are_refused_at_once(read: Callable[[str], object], string: str) -> None:
    for text in (string * 300_000, string + "[" * 300_000):
        with pytest.raises(ValueError, match=r"\w"):
            read(text)


def test_the_patterns_of_expansions_match_as_expressions_do() -> None:
    for pattern in map("".join, product("*?ab", repeat=3)):
        expression = "(?s:" + pattern.replace("*", ".*").replace("?", ".") + ")"
        for value in map("".join, product("ab", repeat=4)):
            env = {"V": value}
            first = re.match(expression, value)
            assert expand("${V##" + pattern + "}", env) == (value[first.end() :] if first else value)
            assert expand("${V/" + pattern + "/-}", env) == re.sub(expression, "-", value, count=1)
            ends = [at for at in range(5) if re.fullmatch(expression, value[at:])]
            assert expand("${V%" + pattern + "}", env) == (value[: ends[-1]] if ends else value)
            assert expand("${V%%" + pattern + "}", env) == (value[: ends[0]] if ends else value)


def test_many_stars_are_matched_in_one_go() -> None:
    """By a count of the characters looked at: each once."""
    looked = 0

    def is_a(char: str) -> bool:
        nonlocal looked
        looked += 1
        return char == "a"

    glob = Glob([Token(lambda _: True, many=True, skips=(1,)), Token(is_a)] * 40 + [Token("b".__eq__)])
    assert not glob.matches("a" * 5_000)
    assert looked <= 40
    assert not read_dockerignore("*a" * 40 + "b\n" + "**/*a" * 40 + "b").excludes("a" * 240 + "c")
    assert expand("${V#" + "*a" * 40 + "b}", {"V": "a" * 5_000}) == "a" * 5_000


@pytest.mark.parametrize(
    "text",
    [
        "ENV API_TOKEN=" + "a" * 100 + "z",
        "CMD " + "$aaaaaaaa" * 10,
        "RUN cd " + "$Aa" * 30 + ":x && make",
    ],
)
def test_patterns_that_were_exponential(text: str) -> None:
    rewrite(f"FROM debian:12\n{text}\n", Options(level="aggressive", extend_select=("lint",)))


def test_the_values_of_python_names_are_worked_out_once() -> None:
    from dockerslim_rewrite.context.python.module import read_module

    for line in ("os.path.join(a{0}, a{0}, a{0}, a{0})", "a{0} + a{0} + a{0}", "f'{{a{0}}}{{a{0}}}{{a{0}}}'"):
        lines = [f"a{i + 1} = {line.format(i)}" for i in range(30)]
        module = read_module("import os\na0 = 'part'\n" + "\n".join(lines) + "\n")
        evaluator = Evaluator(module, Started(None, None, {}))
        assert evaluator.value(module.assigned["a2"]).text is not None
        assert evaluator.value(module.assigned["a30"]).text is None


@pytest.mark.parametrize("builtin", ["getopts a B", "typeset A=1", "declare A", "read A", "mapfile A", "readonly A=1"])
def test_what_is_always_refused_is_not_proposed(builtin: str) -> None:
    lines = f"RUN {builtin}; apt-get update\nRUN A=2; apt-get install -y x\n" * 20
    assert rewrite("FROM debian:12\n" + lines).bugs == ()


def test_a_variable_that_is_expanded_before_it_is_set_is_not_quoted() -> None:
    """The validator takes nothing of it for known: what each RUN of a file proposed was withdrawn one by one."""
    lines = "".join(f"RUN A{n}=1; touch /$A{n} $B; B=$A{n}; rm $B\n" for n in range(20))
    assert rewrite("FROM debian:12\n" + lines, Options(select=("DS623",), extend_select=("all",))).bugs == ()


def _counted_runs(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """A list that gets longer with each run of the passes."""
    from dockerslim_rewrite.pipeline.engine import Engine

    runs = Engine.run
    asked: list[None] = []

    def counted(engine: Engine, *banned: frozenset[tuple[str, int, str]]) -> object:
        asked.append(None)
        return runs(engine, *banned)

    monkeypatch.setattr(Engine, "run", counted)
    return asked


def test_judgements_of_long_files_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a count of the instructions judged: the file read once for each change withdrawn is more than any time."""
    from dockerslim_rewrite import validate as judges

    judged = 0

    def refusing(before: str, after: str, changes: tuple[Change, ...], *rest: object) -> object:
        nonlocal judged
        judged += before.count("\n")
        verdict = judges.Verdict.UNSOUND if any(change.line > 500 for change in changes) else judges.Verdict.OK
        return judges.Judgement(verdict, ())

    monkeypatch.setattr(judges, "validate", refusing)
    asked = _counted_runs(monkeypatch)
    lines = "".join(f"LABEL a{index} 1.0\n" for index in range(950))
    result = rewrite("FROM debian:12\n" + lines, Options(select=("DS604",), extend_select=("lint",)))
    assert len(asked) == 1
    assert judged <= MOST_JUDGED
    assert 0 < len(result.changes) < 500
    assert max(change.line for change in result.changes) <= 500
    assert [one.reason for one in result.remarks if "too long to try them one by one" in one.reason]


def test_withdrawals_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A validator that refuses one of two changes: what it accepted is kept, and one remark says where it ended."""
    from dockerslim_rewrite import validate as judges

    def refusing(before: str, after: str, changes: tuple[Change, ...], *rest: object) -> object:
        verdict = judges.Verdict.UNSOUND if any(change.line % 2 for change in changes) else judges.Verdict.OK
        return judges.Judgement(verdict, ())

    monkeypatch.setattr(judges, "validate", refusing)
    asked = _counted_runs(monkeypatch)
    lines = "".join(f"LABEL a{index} {index % 2}.0\n" for index in range(36))
    result = rewrite("FROM debian:12\n" + lines, Options(select=("DS604",), extend_select=("lint",)))
    assert len(result.bugs) == MAX_WITHDRAWALS
    assert len(asked) == MAX_WITHDRAWALS
    assert [one.reason for one in result.remarks if "no more are tried" in one.reason]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM debian:12\n" + "RUN a " + "b \\\n" * 10_001 + "c\n", "words"),
        ("FROM debian:12\nRUN a" + ("b" * 1_000 + "\\\n") * 201 + "c\n", "characters of text"),
        ("FROM debian:12\nRUN a" + ("b" * 1_000 + "\\\n") * 101 + "c\n", "characters of text"),
        ("FROM debian:12\nRUN <<E\n" + "a b c d\n" * 2_501 + "E\n", "words"),
        ("FROM debian:12\nRUN <<E\n" + "a\n" * 4_001 + "E\n", "commands"),
        ("FROM debian:12\n" + "LABEL a=b\n" * 1_000, "instructions"),
    ],
)
def test_text_that_nobody_writes_is_left_alone_and_said_so(text: str, said: str) -> None:
    result = rewrite(text + "CMD a\nCMD b\n", Options(level="aggressive"))
    assert not result.changed
    assert [one.rule for one in result.remarks] == ["DS000"]
    assert said in result.remarks[0].message


@pytest.mark.parametrize("text", ["LABEL a=b\n" * 990, "RUN <<E\n" + "a b\n" * 3_990 + "E\n"])
def test_text_within_the_limits_is_followed(text: str) -> None:
    assert rewrite(f"FROM debian:12\n{text}CMD a\nCMD b\n").changed


def test_files_that_copy_writes_may_be_long() -> None:
    assert rewrite("FROM debian:12\nCOPY <<E /a\n" + "a b c d\n" * 6_000 + "E\nCMD a\nCMD b\n").changed


def test_generated_data_is_no_program() -> None:
    tracemalloc.start()
    with pytest.raises(SyntaxError, match="more than 150,000 words and signs"):
        read_python("x = [" + "1," * 200_000 + "]\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    for lines in ("a\n" * 140_000, "import a\n" * 70_000):
        with pytest.raises(SyntaxError, match="more than 150,000 words and signs"):
            read_python(lines)
    assert read_python("import a\n" + "\n" * 400_000)
    assert read_python("x = '" + "a" * 600_000 + "'\n")


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12\nENV A=" + "b" * 30_000 + "\n" + "WORKDIR $A\n" * 200 + "COPY . .\n",
        "FROM debian:12\n"
        + "WORKDIR "
        + "abcdefg/" * 40
        + "\n" * 1
        + ("WORKDIR " + "abcdefg/" * 40 + "\n") * 400
        + "COPY . .\n",
        "FROM debian:12\nWORKDIR " + "a/" * 20_000 + "\nRUN x\nCOPY . .\n",
    ],
    ids=("variable", "steps", "components"),
)
def test_a_directory_that_no_system_has_is_not_followed(text: str) -> None:
    result = rewrite(text)
    assert result.bugs == ()
    assert peak(text) < 40_000_000
