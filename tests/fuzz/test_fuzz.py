"""Whatever the input, no crash and no hang: a file is rewritten soundly, or refused with its line and a reason.

``make fuzz`` tries thousands of examples of each kind. What it finds becomes an example, case or lie of its own.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO, TextIOWrapper
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from dockerslim_rewrite import Options, ParseError, rewrite
from dockerslim_rewrite.cli import main
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.report.fixtures import read_fixture
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.shell.script import Script
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.text import Source
from dockerslim_rewrite.validate import Verdict, validate
from tests.corpus.files import VARIABLE, corpus_files, sample

LEVELS = st.sampled_from(["safe", "standard", "aggressive"])
STYLES = st.sampled_from(["keep", "keep", "canonical"])

#: Pieces that Dockerfiles and shell scripts are made of, and those that upset their readers.
PIECES = (
    *(Path(__file__).parent / "pieces.txt").read_text("utf-8").split(),
    *("\n", "\n", "\n", "\\\n", "\\\n", " ", " ", "\t", "\r\n", "\\ \n", "\ufeff", "é", "\udc80"),
    *("\x1b", "\x0b", "\xa0", "\u2028", "\x00"),
)

pieces = st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join)
glued = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
headed = st.tuples(
    st.sampled_from(["", "FROM debian:12\n", "# escape=`\nFROM a\n", "ARG X=1\nFROM a:$X\n"]), pieces | glued
)
texts = st.text(max_size=300) | pieces | glued | headed.map("".join)


def seeds() -> list[str]:
    """Files that mean something: the rules' own examples and, where there is one, a sample of the corpus."""
    folder = Path(__file__).parent.parent / "passes"
    found = [
        case.before for path in sorted(folder.glob("*.md")) for case in read_fixture(path.read_text("utf-8")).cases
    ]
    if os.environ.get(VARIABLE):
        small = [file for file in corpus_files() if len(file.text) < 4000]
        found += [file.text.decode("utf-8", "surrogateescape") for file in sample(small, 400)]
    return found


SEEDS = seeds()


def mutated(text: str, other: str, random: Random) -> str:
    """*text* after a few careless strokes: cut, doubled, exchanged, with pieces and parts of *other* put in."""
    for _ in range(random.randint(1, 6)):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.choice((0, 1, 1, 2, 5, 20, 80)))
        middle = random.choice(
            ("", "", text[start:end] * 2, random.choice(PIECES), other[start:end], text[start:end][::-1], "\n", "\\\n")
        )
        text = text[:start] + middle + text[end:]
    return text


mutants = st.builds(
    mutated, st.sampled_from(SEEDS), st.sampled_from(SEEDS), st.integers(0, 2**32).map(Random)
)  # fmt: skip


@contextmanager
def no_hang() -> Iterator[None]:
    """End the whole run, with a traceback of where it hangs, should one example never come back."""
    faulthandler.dump_traceback_later(120, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def survive(text: str | bytes, level: str, style: str) -> None:
    """Rewrite *text*; it is refused, or the result is proven once more."""
    try:
        with no_hang():
            result = rewrite(text, Options(level=level, extend_select=("lint",), style=style))
    except ParseError as error:
        event("refused" if error.line >= 1 and error.reason else "refused without a reason")
        return
    event("changed" if result.changed else "left alone")
    read_build(parse(result.text))
    if style == "keep":
        assert validate(result.original, result.text, result.changes, result.patch).verdict is Verdict.OK
        assert result.patch.apply(result.original) == result.text
        assert not result.bugs, (result.bugs, result.original)


@given(st.binary(max_size=400), LEVELS, STYLES)
def test_bytes(data: bytes, level: str, style: str) -> None:
    survive(data, level, style)
    assert Source.from_bytes(data).to_bytes() == data


@given(texts)
def test_scanner(text: str) -> None:
    try:
        with no_hang():
            document = parse(text)
    except ParseError:
        return
    assert str(document) == text
    with suppress(ParseError):
        assert [step.origin for step in read_build(document)] == list(document.instructions)


@given(texts)
def test_shell(text: str) -> None:
    with no_hang():
        script = read_script(text)
    assert script.text == text
    if isinstance(script, Script):
        for node in script.nodes:
            assert 0 <= node.span.start <= node.span.end <= len(text)
        for command in script.commands:
            for word in command.words:
                assert text[word.span.start : word.span.end] == word.text


@given(headed.map("".join), LEVELS, STYLES)
def test_pieces(text: str, level: str, style: str) -> None:
    survive(text, level, style)


#: Each change was proven, and the whole was not: the RUN that one adds for an account stood in the RUN of another.
ACCOUNT = 'FROM python:3.12\nRUN pip install flask\nCOPY app.py /app.py\nEXPOSE 8000\nCMD ["python", "/app.py"]\n'
#: The same for a stage that ships on an image whose tag another change pins.
PINNED = (
    "FROM php:apache\nWORKDIR /var/www/html\nRUN apt-get update && apt-get install -y libpng-dev && "
    "docker-php-ext-install gd\n"
    "COPY index.php /var/www/html/\n"
)


@given(mutants, LEVELS, STYLES)
@example(ACCOUNT, "aggressive", "keep")
@example(PINNED, "standard", "keep")
@example("FROM debian:12\nADD c d /opt\n", "safe", "keep")
def test_mutants(text: str, level: str, style: str) -> None:
    survive(text, level, style)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=200) | mutants.map(lambda text: text.encode("utf-8", "surrogateescape")), st.integers(0, 4))
def test_command_line(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], data: bytes, choice: int
) -> None:
    arguments = (["rewrite", "-"], ["rewrite", "-", "--diff"], ["rewrite", "-", "--check"], ["rewrite", "-", "--format",
                 "json"], ["ir", "-"])[choice]  # fmt: skip
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(data)))
    monkeypatch.setattr("sys.argv", ["dockerslim", *arguments])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert (exit_.value.code or 0) in ((0, 1, 2) if "--check" in arguments else (0, 2))
    assert b"Traceback" not in capfdbinary.readouterr().err
