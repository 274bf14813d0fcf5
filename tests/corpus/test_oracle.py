"""The lossless tree against BuildKit's own parser, on every file of the corpus."""

from __future__ import annotations

import dockerfile
import pytest

from dockerslim_rewrite.syntax import Document, Instruction, ParseError, parse
from dockerslim_rewrite.text import Source
from tests.corpus.files import CorpusFile, corpus_or_skip

_JSON = ("RUN", "CMD", "ENTRYPOINT", "SHELL", "VOLUME", "COPY", "ADD")


@pytest.fixture(scope="module")
def files() -> list[CorpusFile]:
    return corpus_or_skip()


def document_of(file: CorpusFile) -> Document | None:
    try:
        return parse(Source.from_bytes(file.text))
    except ParseError as error:
        return None if error.line >= 1 and error.reason else pytest.fail(f"{file.name}: refused without a reason")


def oracle(file: CorpusFile) -> tuple[dockerfile.Command, ...] | None:
    try:
        return tuple(dockerfile.parse_string(file.text.decode("utf-8", "replace")))
    except dockerfile.GoParseError:
        return None


def ours(instruction: Instruction) -> tuple[object, ...]:
    flags = tuple(f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}") for flag in instruction.flags)
    json = instruction.json if instruction.keyword in _JSON else None
    # The bindings hand strings over as C strings, which end at a NUL.
    cut = tuple(word.partition("\0")[0] for word in json) if json is not None else None
    return (instruction.keyword, instruction.line_number, instruction.end_line, flags, cut)


def theirs(command: dockerfile.Command) -> tuple[object, ...]:
    keyword = command.cmd.upper()
    # ONBUILD and HEALTHCHECK report the form of the command inside them; ours belongs to the inner instruction.
    json = tuple(command.value) if command.json and keyword in _JSON else None
    return (keyword, command.start_line, command.end_line, tuple(command.flags), json)


@pytest.mark.corpus
def test_every_file_comes_back_byte_for_byte(files: list[CorpusFile]) -> None:
    changed = [
        file.name for file in files if (document := document_of(file)) and Source(str(document)).to_bytes() != file.text
    ]
    assert changed == []


@pytest.mark.corpus
def test_buildkit_takes_and_refuses_the_same_files(files: list[CorpusFile]) -> None:
    assert [file.name for file in files if (document_of(file) is None) != (oracle(file) is None)] == []
    assert all(document_of(file) is None for file in files if file.negative)


def is_older(left: tuple[object, ...], right: tuple[object, ...]) -> bool:
    """Whether the bindings' parser, which is older, reads an array although text stands behind it.

    BuildKit takes that for shell form since moby/buildkit#5107.
    """
    return left[:4] == right[:4] and left[4] is None and right[4] is not None


@pytest.mark.corpus
def test_instructions_are_buildkits(files: list[CorpusFile]) -> None:
    different = []
    for file in files:
        document, commands = document_of(file), oracle(file)
        if document is None or commands is None:
            continue
        left = [ours(one) for one in document.instructions]
        right = [theirs(one) for one in commands]
        unlike = [(a, b) for a, b in zip(left, right, strict=False) if a != b and not is_older(a, b)]
        if unlike or len(left) != len(right):
            different.append((file.name, *unlike[:1]))
    assert different == []
