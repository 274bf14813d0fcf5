"""What one pass, one table or one expression does to a file grows with the file, not with its square.

What is counted in calls cannot see work within one call of Python's own, so the sizes here are such that the square of
them takes minutes, and the time allowed is many times what is needed.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from cProfile import Profile
from pathlib import Path
from typing import Any

import pytest

from dockerslim_rewrite import Options, ParseError, rewrite
from dockerslim_rewrite.analysis.effects import apk_index
from dockerslim_rewrite.analysis.effects.makefiles import read_makefile
from dockerslim_rewrite.analysis.flow.graph import Graph
from dockerslim_rewrite.context.makefile import _read as context_makefile
from dockerslim_rewrite.ignores import wished_rules
from dockerslim_rewrite.knowledge.home import home_fills
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Opaque, Script
from dockerslim_rewrite.shell.words import word_value
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.text import structured
from dockerslim_rewrite.text.yaml_nodes import TooManyValues, compose
from dockerslim_rewrite.workspace.inference import holds

pytestmark = pytest.mark.usefixtures("soon")


def test_comments_before_instructions_that_follow_one_another() -> None:
    assert wished_rules(parse("FROM debian:12\n" + "# do not change\nENV a=b\n" * 20_000 + "RUN true\n"))


def test_comments_within_one_instruction() -> None:
    text = "FROM debian:12\nRUN a \\\n" + "# do not change\n" * 300_000 + " b\n"
    assert [wish.last for wish in wished_rules(parse(text))] == [300_003]


def test_lines_are_told_apart_once_for_all_comments_that_hold_a_finding_back() -> None:
    profile = Profile()
    ignored = "# dockerslim: ignore=DS201 x\n" * 200
    profile.runcall(rewrite, f"FROM debian:12\n{ignored}RUN apt-get update && apt-get install -y a\n")
    assert sum(one.callcount for one in profile.getstats() if "splitlines" in str(one.code)) < 100


def test_a_comment_speaks_to_the_first_of_each_keyword_below_it() -> None:
    text = "FROM debian:12\n\n# do not change\nENV a=b\nENV c=d\nUSER x\nUSER y\n\nRUN true\n"
    assert [(wish.first, wish.last) for wish in wished_rules(parse(text))] == [(3, 4)]


@pytest.mark.parametrize(
    "text",
    [
        "RUN echo $((1 << E))\n" * 40_000,
        "RUN echo << A << B\n" * 40_000,
        "RUN echo " + "<< A " * 12_000 + "\n" + "\n" * 900_000,
    ],
)
def test_blanks_before_the_names_of_here_documents_that_never_come(text: str) -> None:
    assert not any(one.heredocs for one in parse("FROM debian:12\n" + text).instructions)


def test_a_here_document_with_a_blank_ends_at_its_name_alone() -> None:
    (_, first, second) = parse("FROM debian:12\nRUN cat << E\na\nE\nRUN echo $((1 << E))\n").instructions
    assert [len(first.heredocs), len(second.heredocs)] == [1, 0]


def test_lines_between_instructions_are_read_as_one() -> None:
    tracemalloc.start()
    segments = parse("FROM debian:12\n" + "\n" * 200_000 + "# a\n" * 200_000 + "RUN true\n").segments
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert [one.kind.name for one in segments] == ["INSTRUCTION", "BLANK", "COMMENT", "INSTRUCTION"]
    assert kept < 30_000_000


def test_a_file_of_more_instructions_than_any_has_is_refused_before_they_are_read() -> None:
    tracemalloc.start()
    with pytest.raises(ParseError, match="more than 50,000 instructions"):
        parse("FROM debian:12\n" + "RUN\n" * 250_000)
    assert tracemalloc.get_traced_memory()[1] < 120_000_000
    tracemalloc.stop()


def test_opening_brackets() -> None:
    assert not word_value("[" * 1_000_000).glob
    assert word_value("[" * 1_000_000 + "]").glob


def test_packages_of_two_installs() -> None:
    first, second = (" ".join(f"{name}{number}" for number in range(2_200)) for name in "ab")
    text = "FROM debian:12\nRUN apt-get update && apt-get install -y {} && apt-get install -y {}\n"
    lines = text.format(*(names.replace(" ", " \\\n") for names in (first, second)))
    assert rewrite(lines, Options(select=("DS108",))).changed


def test_triggers_of_triggers_take_no_memory() -> None:
    tracemalloc.start()
    with pytest.raises(ParseError, match="ONBUILD may not stand after ONBUILD"):
        rewrite("FROM debian:12\n" + "ONBUILD \\\n" * 20_000 + "RUN true\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000


@pytest.mark.parametrize(
    "text",
    [
        "playwright " * 50_000,
        "pip install " * 50_000,
        "gem install " * 50_000,
        "git config " * 50_000,
        "pipenv sync " * 50_000 + "--system",
        "npm set " * 50_000 + "-g",
        "pip config set " * 50_000 + "--global",
        "ssh-keygen " * 50_000 + "-f /x",
        "nltk.download " * 50_000 + "download_dir",
    ],
)
def test_words_of_commands_that_fill_the_home_folder(text: str) -> None:
    assert not any(one.commands.search(text) for one in home_fills())


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("npx playwright --with-deps install", True),
        ("playwright\ninstall", False),
        ("true\npip3 -q install a --user", True),
        ("pip install --user; git config a --global", True),
        ("git config --list", False),
        ("npm set a b -g && npm set c d", True),
        ("npm set a b && npm set c d -g", False),
        ("ssh-keygen -f /root/x", True),
        ("ssh-keygen -f /etc/x", False),
    ],
)
def test_commands_that_fill_the_home_folder(text: str, filled: bool) -> None:
    assert any(one.commands.search(text) for one in home_fills()) == filled


@pytest.mark.parametrize("source", ["[a-" * 20_000, "**/" * 20_000 + "x"])
def test_sources_with_many_signs(source: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    result = rewrite(f"FROM debian:12\nCOPY {source} /x\n", Options(context=tmp_path))
    assert not result.changed
    assert not holds(tmp_path, source)


@pytest.mark.parametrize(
    "text",
    ["<<E\n" * 225_000, "cat <<E\n" * 1_000 + "a b\nE\n" * 200_000, "<<E\n" * 1_000 + "a b\nE\n" * 200_000],
)
def test_here_documents_of_a_script_that_stay_open(text: str) -> None:
    script = read_script(text)
    assert isinstance(script, Opaque)
    assert script.reason == "too many here-documents for its length"


def test_here_documents_that_people_write() -> None:
    assert isinstance(read_script("cat >/a <<E\na b c\nE\n" * 900), Script)


@pytest.mark.parametrize(
    "text",
    [
        "a: !<" + "x" * 3_000_000 + "> b\n",
        "a: !" + "x" * 3_000_000 + " b\n",
        "a: [!" + "%41" * 1_000_000 + " b]\n",
        "a: [b,!" + "x" * 3_000_000 + " c]\n",
        "%TAG ! " + "x" * 500_000 + "\n---\n" + "- !a b\n" * 15_000,
    ],
)
def test_tags_that_nobody_writes(text: str) -> None:
    with pytest.raises(TooManyValues, match="as nobody writes"):
        next(compose(text))


def test_what_only_looks_like_a_long_tag() -> None:
    assert next(compose("%TAG ! tag:e.com,2000:\n---\na: !b c\nd: x!" + "e" * 20_000 + "\n"))


def test_a_module_of_python_is_read_once_for_all_that_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    read = structured.read_python

    def counted(text: str) -> Any:
        asked.append(text)
        return read(text)

    monkeypatch.setattr(structured, "read_python", counted)
    (tmp_path / "app.py").write_text("import once_and_no_more\n")
    text = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install flask\nCMD ["python","app.py"]\n'
    rewrite(text, Options(context=tmp_path))
    assert asked == ["import once_and_no_more\n"]


@pytest.mark.parametrize("read", [read_makefile, context_makefile])
def test_a_target_with_many_rules(read: Callable[[str], Any]) -> None:
    assert read("x: y\n\tdocker build -t a .\n" * 100_000)


def test_a_start_of_many_commands(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"scripts": {"start": "' + "node a && " * 12_000 + 'x"}}')
    text = 'FROM node:20\nWORKDIR /app\nCOPY . .\nCMD ["npm", "start"]\n'
    assert any(
        "runs more than 4,000 commands" in one.reason for one in rewrite(text, Options(context=tmp_path)).remarks
    )


def test_who_reads_the_index_of_apk_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    of_run = apk_index._of_run

    def counted(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return of_run(*arguments)

    monkeypatch.setattr(apk_index, "_of_run", counted)
    rewrite("FROM alpine:3.20\n" + "".join(f"RUN apk update && apk add p{i}\n" for i in range(100)))
    assert 100 <= asked <= 1_000


def test_heirs_of_stages_that_are_built_from_one_another() -> None:
    """By a count of the bases looked at: one for each stage behind, not a chain for each."""
    looked = 0

    class Bases(tuple[int | None, ...]):
        def __getitem__(self, at: Any) -> Any:
            nonlocal looked
            looked += 1
            return tuple.__getitem__(self, at)

    graph = Graph(Bases((None, *range(499))), (frozenset(),) * 500, ("",) * 500)
    assert graph.heirs(0) == tuple(range(1, 500))
    assert looked < 1_000
    assert Graph((None, 0, None, 1, 2, 0), (frozenset(),) * 6, ("",) * 6).heirs(0) == (1, 3, 5)
