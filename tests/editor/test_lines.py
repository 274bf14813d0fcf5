"""Positions of editors as offsets and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite.editor.lines import Encoding, Lines

_ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")


@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_a_character_beyond_the_basic_plane(encoding: Encoding, units: int) -> None:
    lines = Lines("a\n𝄞b\n", encoding)
    assert lines.position(3) == (1, units)
    assert lines.offset(1, units) == 3
    # No client has a cursor within it; whoever asks gets the place before it.
    if units > 1:
        assert lines.offset(1, 1) == 2


def test_lines_end_as_editors_have_it_and_nowhere_else() -> None:
    lines = Lines("a\r\nb\rc\nd\x0be\x0cf\x85g\u2028h")
    assert [lines.text[start : lines.end_of(at)] for at, start in enumerate(lines.starts)] == [
        "a",
        "b",
        "c",
        "d\x0be\x0cf\x85g\u2028h",
    ]


def test_what_lies_behind_is_the_end() -> None:
    lines = Lines("ab\r\nc")
    assert lines.offset(0, 99) == 2
    assert lines.offset(1, 99) == 5
    assert lines.offset(99, 0) == 5


def test_a_range_that_ends_before_it_starts_inserts() -> None:
    assert Lines("abc").replaced((0, 2), (0, 1), "x").text == "abxc"


@given(st.text(), st.sampled_from(_ENCODINGS), st.integers(0, 50))
def test_there_and_back(text: str, encoding: Encoding, at: int) -> None:
    at = min(at, len(text))
    if text[max(at - 1, 0) : at + 1] == "\r\n":
        at -= 1
    lines = Lines(text, encoding)
    assert lines.offset(*lines.position(at)) == at
