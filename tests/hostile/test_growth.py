"""What grows without end costs in proportion: work is counted in calls, so that no machine's mood decides."""

from __future__ import annotations

import faulthandler
import tracemalloc
from collections.abc import Callable, Iterator
from cProfile import Profile
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from dockerslim_rewrite import Options, ParseError, rewrite
from dockerslim_rewrite.analysis.effects.paths import wrote
from dockerslim_rewrite.change import JoinsInstructions
from dockerslim_rewrite.cli import main
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Script
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.validate.shell.claims import Licences
from tests.hostile.shapes import HEAD, SHAPES

#: Shapes that cost milliseconds for each of their parts are tried at a smaller size; so is one whose quotes are closed
#: in every third line only, since 15, 30 and 45 are of one kind.
COSTLY = frozenset(
    (
        "open_quotes_on_lines",
        "installs", "apk_installs", "downloads", "clones", "ignores", "stages", "stage_chain", "copies_from_stages",
        "run_and_copy", "shells", "runs_with_removals", "variables", "pip_installs", "npm_installs",
    )
)  # fmt: skip
#: A rule that looks no further than so many instructions does more below that size than above it.
FROM_100 = frozenset(("told_arguments_of_many_names",))
#: Sizes at which files are read only; the tool is to say within a minute what it makes of them.
LARGE = {
    "continuations": 10_000,
    "empty_continuations": 10_000,
    "parentheses": 10_000,
    "braces": 10_000,
    "substitutions": 10_000,
    "substitutions_in_quotes": 5_000,
    "arithmetic": 10_000,
    "expansions": 5_000,
    "conditions": 5_000,
    "commands": 10_000,
    "commands_on_lines": 10_000,
    "lists": 10_000,
    "envs": 10_000,
    "env_pairs": 10_000,
    "array": 5_000,
    "nested_array": 10_000,
    "heredocs": 1_000,
    "heredocs_in_one": 5_000,
    "heredoc_lines": 10_000,
    "open_heredoc": 10_000,
    "open_heredocs": 10_000,
    "open_quotes": 5_000,
    "open_quotes_on_lines": 10_000,
    "stages": 1_000,
    "stage_chain": 1_000,
    "runs": 3_000,
    "blank_lines": 10_000,
    "comment_lines": 10_000,
    "directives": 10_000,
    "chained_args": 2_000,
}


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """End the whole run, with a traceback of where it hangs, instead of waiting for ever."""
    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def attempt(text: str, level: str = "aggressive") -> None:
    try:
        result = rewrite(text, Options(level=level, extend_select=("lint",)))
    except ParseError:
        return
    assert result.bugs == ()


def calls(work: Callable[[str], object], text: str) -> int:
    """How many functions *work* calls on *text*, those of Python's own libraries and types included."""
    profile = Profile()
    profile.runcall(work, text)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("name", SHAPES)
def test_work_grows_in_proportion(name: str) -> None:
    shape, step = SHAPES[name], 15 if name in COSTLY else 100 if name in FROM_100 else 50
    # What is read and compiled once, by the rules and by the validator, which only a change calls.
    attempt("FROM debian:12\nRUN apt-get update && apt-get install -y curl\n")
    for size in (1, 2, 3, step // 2):
        attempt(shape(size))
    counted = [calls(attempt, shape(step * times)) for times in (1, 2, 3)]
    first, second = counted[1] - counted[0], counted[2] - counted[1]
    # In proportion: 1. With the square: 5/3. Fixed costs stand in neither difference.
    assert second < 1.4 * first + 12_000, f"{name}: {counted} calls for sizes 1, 2 and 3"


#: What was looked at again for each of as many others: with a square in it the second difference is two thirds more.
PAIRS: dict[str, Callable[[int], str]] = {
    "installs in stages that are built from one another": lambda size: (
        "FROM debian:12 AS s0\n"
        + "".join(f"FROM s{n} AS s{n + 1}\nRUN apt-get update && apt-get install -y a{n}\n" for n in range(size))
    ),
    "installs that are deleted again": lambda size: (
        "FROM python:3.12-alpine\n"
        + "".join(f"RUN apk add --virtual .b{n} gcc p{n} && pip install x{n} && apk del .b{n}\n" for n in range(size))
    ),
    "copies before installs": lambda size: (
        HEAD
        + "".join(f"COPY a{n} /a{n}\n" for n in range(size))
        + "".join(f"RUN apt-get update && apt-get install -y p{n}\n" for n in range(size))
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_asked_of_each_pair_is_worked_out_once(name: str) -> None:
    step = 90 if name.startswith("copies") else 60
    for size in (1, 2, 3, step // 2):
        attempt(PAIRS[name](size))
    counted = [calls(attempt, PAIRS[name](step * times)) for times in (1, 2, 3)]
    first, second = counted[1] - counted[0], counted[2] - counted[1]
    assert second < 1.25 * first + 12_000, f"{name}: {counted} calls for sizes 1, 2 and 3"


def test_places_are_not_matched_with_every_path_that_is_deleted() -> None:
    profile = Profile()
    line = "RUN apt-get update && apt-get install -y gcc && pip install p{} && rm -rf /var/lib/apt/lists\n"
    text = "FROM python:3.12-slim\n" + "".join(map(line.format, range(60)))
    profile.runcall(rewrite, text, Options(level="aggressive", extend_select=("all",)))
    assert sum(one.callcount for one in profile.getstats() if "fnmatchcase" in str(one.code)) < 1_000


#: What is said of whole stages or scripts, and how often the function that says it of one thing is called at most.
ONCE: dict[str, tuple[str, str, int]] = {
    "which RUN makes bash the shell": (
        "".join(f"RUN curl https://a.b/{n} | tar xz\n" for n in range(60)),
        "rsplit",
        2_500,
    ),
    "which places lie in which": (
        "".join(
            f"RUN curl https://a.b/{n} | tar xz && cd a{n} && ./configure && make && make install\n" for n in range(90)
        ),
        "_inside",
        90 * 20,
    ),
    "which RUNs read apt's lists": (
        "".join(f"RUN apt-get update\nRUN apt-get install -y a{n}\nRUN mkdir /b{n}\n" for n in range(60)),
        "reads_lists",
        1_500,
    ),
}


@pytest.mark.parametrize("name", ONCE)
def test_what_is_said_of_the_whole_is_worked_out_once(name: str) -> None:
    lines, function, most = ONCE[name]
    profile = Profile()
    profile.runcall(rewrite, f"{HEAD}COPY . /src\n{lines}CMD /src/a\n", Options(level="aggressive"))
    assert sum(one.callcount for one in profile.getstats() if function in str(one.code)) <= most


def test_words_below_a_path_are_looked_up() -> None:
    script = read_script("touch " + " ".join(f"/aaa{n}/b" for n in range(500)))
    assert isinstance(script, Script)
    assert wrote("/aaa7", script)
    profile = Profile()
    assert not profile.runcall(wrote, "/bbb/ccc", script)
    assert sum(one.callcount for one in profile.getstats()) < 30


def test_the_claims_of_a_kind_are_picked_once() -> None:
    licences = Licences([JoinsInstructions("RUN", 2)] * 3)
    assert licences.of(JoinsInstructions) is licences.of(JoinsInstructions)


def test_commands_of_scripts_are_compared_with_what_is_known_once(tmp_path: Path) -> None:
    """Whether the environment leaves a filler of the home directory out was asked for each command of each script."""
    lines = "".join(f"cp /a{n} /b{n}\n" for n in range(500))
    (tmp_path / "build.sh").write_text(f"#!/bin/sh\n{lines}")
    profile = Profile()
    profile.runcall(rewrite, f"{HEAD}COPY . /a\nRUN sh /a/build.sh\nCMD ./b\n", Options(context=tmp_path))
    assert sum(one.callcount for one in profile.getstats() if "avoided" in str(one.code)) < 500


@pytest.mark.parametrize("name", LARGE)
def test_large(name: str) -> None:
    attempt(SHAPES[name](LARGE[name]))


def test_one_line_of_a_megabyte() -> None:
    for line in (
        "RUN touch " + "a" * 1_000_000,
        "RUN " + "( " * 500_000,
        "RUN echo '" + "\\" * 1_000_000,
        "# " + "a" * 10**6,
    ):
        attempt(HEAD + line + "\n")


@pytest.mark.parametrize("name", sorted({"commands", "envs", "labels", "stages", "words", "comments_inside"}))
def test_memory_grows_in_proportion(name: str) -> None:
    def peak(size: int) -> int:
        text = SHAPES[name](size)
        tracemalloc.start()
        attempt(text, "safe")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(20)
    assert peak(200) < 3 * peak(100) + 500_000


DEEP = [
    "(",
    "{ ",
    "$(",
    "`",
    "${a:-",
    "$((",
    "if true; then ",
    "while ",
    "case x in x) ",
    "f() { ",
    "! ",
    '"$(',
    "<(",
    "[[ ( ",
]


@pytest.mark.parametrize("opening", DEEP)
@pytest.mark.parametrize("depth", [200, 20_000])
def test_shell_text_never_nests_too_deeply(opening: str, depth: int) -> None:
    read_script(opening * depth)
    read_script(f"echo {opening * depth} a")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "ONBUILD " * 20_000 + "RUN a", "$" + "{" * 100_000])
def test_instructions_never_nest_too_deeply(text: str) -> None:
    for keyword in ("CMD", "ENV a", "FROM", "ONBUILD", "LABEL", "COPY"):
        for file in (f"FROM a\n{keyword} {text[:60_000]}\n", f"ARG X={text[:60_000]}\nFROM $X\n"):
            try:
                read_build(parse(file))
                rewrite(file, Options(level="aggressive", extend_select=("lint",)))
            except ParseError:
                continue


def test_the_command_line_takes_large_files(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    text = SHAPES["commands_on_lines"](2_000)
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text.encode())))
    monkeypatch.setattr("sys.argv", ["dockerslim", "rewrite", "-", "--diff"])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert not exit_.value.code
