"""The Dockerfile grammar: what BuildKit reads, what it refuses, and that nothing of the text is lost."""

from __future__ import annotations

import pytest

from dockerslim_rewrite.syntax import Document, Instruction, LineKind, ParseError, SegmentKind, parse
from dockerslim_rewrite.syntax.parser import MAX_LINE_BYTES
from dockerslim_rewrite.text import Source


def read(data: bytes | str) -> Document:
    """The document, after its round trip was checked."""
    raw = data.encode() if isinstance(data, str) else data
    document = parse(Source.from_bytes(raw))
    assert Source(str(document)).to_bytes() == raw
    text = document.source.text
    assert "".join(text[line.span.start : line.span.end] for one in document.instructions for line in one.lines) == (
        "".join(one.text for one in document.instructions)
    )
    return document


def last(data: bytes | str) -> Instruction:
    return read(data).instructions[-1]


@pytest.mark.parametrize(
    ("data", "keywords"),
    [
        (b"\xef\xbb\xbfFROM a\n", ["FROM"]),
        (b"\xef\xbb\xbf# escape=`\nFROM a\nRUN b `\n c\n", ["FROM", "RUN"]),
        (b"\tFROM a\n \t RUN\tb\n", ["FROM", "RUN"]),
        (b"FROM a\r\nRUN b \\\r\n  c\r\n", ["FROM", "RUN"]),
        (b"FROM a\nRUN b", ["FROM", "RUN"]),
        (b"# \xff\xfe\nFROM a\nRUN b # \xe9\n", ["FROM", "RUN"]),
        (b"\n\n# c\nfrom a\n\n", ["FROM"]),
        (b"FR\\\nOM a\n", ["FROM"]),
        (b"\\\nFROM a\n", ["FROM"]),
        (b"FROM a\nCMD <<E\nE\n", ["FROM", "CMD", "E"]),
        (b"FROM a\nRUN ['<<E']\nE\n", ["FROM", "RUN", "E"]),
    ],
)
def test_files_are_read_without_loss(data: bytes, keywords: list[str]) -> None:
    assert [one.keyword for one in read(data).instructions] == keywords


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("RUN b \\\n  c\n", "b   c"),
        ("RUN b \\\r\n  c\r\n", "b   c"),
        ("RUN b \\ \t\n c\n", "b  c"),
        ("RUN b \\\n# note\n\n  # more\n  && c\n", "b   && c"),
        ("RUN a\\\nb\n", "ab"),
        ("RUN b \\", "b"),
        ("RUN b \\\\\n", "b \\\\"),
        ("RUN\tx \t\n", "x"),
    ],
)
def test_continued_lines_are_joined(text: str, joined: str) -> None:
    assert last("FROM a\n" + text).args == joined


def test_lines_of_an_instruction_say_what_they_are() -> None:
    run = last("FROM a\nRUN b \\\n# note\n\n  # more\n  && c <<E\nx\nE\n")
    kinds = [LineKind.CODE, LineKind.COMMENT, LineKind.BLANK, LineKind.COMMENT, LineKind.CODE]
    assert [line.kind for line in run.lines] == [*kinds, LineKind.HEREDOC, LineKind.HEREDOC]
    assert (run.line_number, run.end_line) == (2, 8)
    assert [comment.text for comment in run.comments] == ["# note", "  # more"]


def test_segments_tile_the_file() -> None:
    document = read("# syntax=x\n# escape=\\\n\n# c\n# d\nFROM a\n\n\nRUN b\n# end")
    assert [segment.kind for segment in document.segments] == [
        SegmentKind.DIRECTIVE,
        SegmentKind.BLANK,
        SegmentKind.COMMENT,
        SegmentKind.INSTRUCTION,
        SegmentKind.BLANK,
        SegmentKind.INSTRUCTION,
        SegmentKind.COMMENT,
    ]
    assert [comment.text for comment in document.comments] == ["# c", "# d", "# end"]


def test_a_backtick_continues_lines_and_leaves_backslashes_alone() -> None:
    document = read("# escape=`\nFROM a\nRUN dir C:\\ `\n /s\nRUN b \\\n")
    assert document.escape == "`"
    assert [one.args for one in document.instructions] == ["a", "dir C:\\  /s", "b \\"]


def test_directives_end_at_the_first_other_line() -> None:
    document = read("#syntax = x/y:1\n# CHECK=skip=all\n# unknown=1\n# escape=`\nFROM a\nRUN b \\\n c\n")
    assert document.directives == (("syntax", "x/y:1"), ("check", "skip=all"))
    assert document.escape == "\\"
    assert document.instructions[-1].args == "b  c"


@pytest.mark.parametrize(
    ("text", "flags", "args"),
    [
        ("RUN --network=none --security=insecure a --b", [("network", "none"), ("security", "insecure")], "a --b"),
        ('RUN --mount=type=cache,target="/a b" c', [("mount", "type=cache,target=/a b")], "c"),
        ("COPY --from='b' --chown=\"$A\"':x' a b", [("from", "b"), ("chown", "$A:x")], "a b"),
        ("COPY --chown='a\\'b' --chmod=\"6\"\\4\\4 a b", [("chown", "a'b"), ("chmod", "644")], "a b"),
        ("COPY --link --from=x a b", [("link", None), ("from", "x")], "a b"),
        ("COPY --from=\\\nx a b", [("from", "x")], "a b"),
        ("RUN -- --a", [], "--a"),
        ("HEALTHCHECK --interval=3s CMD a", [("interval", "3s")], "CMD a"),
        ("RUN --x", [("x", None)], ""),
    ],
)
def test_flags(text: str, flags: list[tuple[str, str | None]], args: str) -> None:
    one = last("FROM a\n" + text + "\n")
    assert [(flag.name, flag.value) for flag in one.flags] == flags
    assert one.args == args
    assert [one.logical.text[flag.span.start :].startswith(f"--{flag.name}") for flag in one.flags] == [True] * len(
        flags
    )


def test_a_flag_without_value_is_there_all_the_same() -> None:
    one = last("FROM a\nCOPY --link --from=x a b\n")
    assert (one.flag("link"), one.flag("from"), one.flag("chown")) == ("", "x", None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RUN <<E\nx\nE\n", [("E", False, True, "x\n")]),
        ("RUN cat 3<<E\nE\n", [("E", False, True, "")]),
        ("RUN <<-E\n\tx\n\tE\n", [("E", True, True, "\tx\n")]),
        ("RUN <<E\n\tE\nE\n", [("E", False, True, "\tE\n")]),
        ("RUN <<'E' cat\n$x\nE\n", [("E", False, False, "$x\n")]),
        ('RUN <<"E F"\nx\nE F\n', [("E F", False, False, "x\n")]),
        ("RUN a <<A && b <<B\n1\nA\n2\nB\n", [("A", False, True, "1\n"), ("B", False, True, "2\n")]),
        ("COPY <<A <<-B /x/\n1\nA\n\t2\n\tB\n", [("A", False, True, "1\n"), ("B", True, True, "\t2\n")]),
        ("RUN <<E\r\nx\r\nE\r\n", [("E", False, True, "x\r\n")]),
        ("RUN <<E\n# c\\\n\nE\n", [("E", False, True, "# c\\\n\n")]),
        ("RUN <<E\nx\nE", [("E", False, True, "x\n")]),
        ("RUN cat <<<x\n", []),
        ('RUN ["cat", "<<E"]\n', []),
        ("ENV A=<<E\n", []),
    ],
)
def test_here_documents(text: str, found: list[tuple[str, bool, bool, str]]) -> None:
    document = read("FROM a\n" + text)
    one = document.instructions[-1]
    body = document.source.text
    assert [(doc.name, doc.chomp, doc.expand, body[slice(*doc.body)]) for doc in one.heredocs] == found
    assert one.span.end == len(body)


def test_onbuild_has_an_instruction_inside() -> None:
    document = read("FROM a\nONBUILD RUN --network=none <<E\nx\nE\nUSER b\n")
    outer = document.instructions[1]
    assert [one.keyword for one in document.instructions] == ["FROM", "ONBUILD", "USER"]
    assert outer.inner is not None
    assert (outer.inner.keyword, outer.inner.args, outer.inner.flag("network")) == ("RUN", "<<E", "none")
    assert [doc.name for doc in outer.inner.heredocs] == ["E"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ('["a", "b c"]', ("a", "b c")),
        ('[ "a" ,\\\n "b" ]', ("a", "b")),
        ('["\\u2603"]', ("☃",)),
        ("[]", ()),
        ("['a']", None),
        ('["a",]', None),
        ('["a"', None),
        ("a [b]", None),
    ],
)
def test_exec_form(args: str, words: tuple[str, ...] | None) -> None:
    assert last(f"FROM a\nCMD {args}\n").json == words


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "no instructions"),
        ("# a\n\n", 2, "no instructions"),
        ("# escape=x\nFROM a\n", 1, "escape directive"),
        ("# escape=`\n# escape=`\nFROM a\n", 2, "only one escape"),
        ("# syntax=a\n# syntax=b\nFROM a\n", 2, "only one syntax"),
        ("FROM a\n\nENV A\n", 3, "ENV must have two arguments"),
        ("FROM a\nLABEL x\n", 2, "LABEL must have two arguments"),
        ("FROM a\nENV A=b C\n", 2, "can't find = in 'C'"),
        ("FROM a\nCMD [1]\n", 2, "strings only"),
        ('FROM a\nRUN b\nCMD ["a", 1]\n', 3, "strings only"),
        ("FROM a\nRUN <<E\nx\n", 2, "unterminated heredoc <<E"),
        ("FROM a\nRUN <<A <<B\nA\n", 2, "unterminated heredoc <<B"),
        ("FROM a\nRUN 'a <<E\nE\n", 2, "quote is not closed"),
        ("FROM a\nONBUILD ENV A\n", 2, "ENV must have two arguments"),
    ],
)
def test_what_buildkit_refuses_is_refused_with_line_and_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(ParseError, match=reason) as caught:
        parse(text)
    assert caught.value.line == line
    assert str(caught.value) == f"line {line}: {caught.value.reason}"


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("filler", [b"x", b"\xff"])
def test_longest_line(end: bytes, filler: bytes) -> None:
    head = b"FROM a\nRUN "
    fits = head + filler * (MAX_LINE_BYTES - 4)
    assert last(fits + end).end_line == 2
    with pytest.raises(ParseError, match=r"line 2: line is longer than 65535 bytes"):
        parse(Source.from_bytes(fits + filler + end))
    with pytest.raises(ParseError, match=r"line 2: line is longer"):
        parse(Source.from_bytes(fits + b"\r\n"))


def test_logical_text_leads_back_to_the_file() -> None:
    run = last("FROM a\n  RUN one \\\n  # note\n\n   two ☃ \\\n three\n")
    source = "FROM a\n  RUN one \\\n  # note\n\n   two ☃ \\\n three\n"
    logical = run.logical
    assert logical.text == "RUN one    two ☃  three"
    for offset, char in enumerate(logical.text):
        assert source[logical.before(offset)] == char
        assert logical.after(offset + 1) == logical.before(offset) + 1
    start, end = logical.text.index("one"), logical.text.index("three")
    assert "".join(source[slice(*span)] for span in logical.spans(start, end)) == logical.text[start:end]
    part = logical.slice(start, end)
    assert part.text == logical.text[start:end]
    assert [part.before(at) for at in range(len(part.text))] == [logical.before(at) for at in range(start, end)]
    assert source[slice(*logical.span(start, end + 5))].startswith("one \\\n  # note")
