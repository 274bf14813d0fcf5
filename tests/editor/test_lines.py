"""Positions of editors as offsets and back."""

from __future__ import annotations

from cProfile import Profile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerslim_rewrite.editor import edited
from dockerslim_rewrite.editor.edited import EditedText
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
    text = EditedText(Lines("abc"))
    text.replace((0, 2), (0, 1), "x")
    assert text.lines.text == "abxc"


_LONG = st.builds(
    lambda units, times: "".join(units) * times,
    st.lists(st.sampled_from(["\r", "\n", "\r\n", "a", "𝄞", "é", "\ud800", "b" * 300, "\u2028"]), max_size=8),
    st.integers(0, 900),
)
_PLACE = st.tuples(st.integers(0, 999), st.integers(0, 999))


@settings(deadline=None)
@given(_LONG, st.sampled_from(_ENCODINGS), st.lists(st.tuples(_PLACE, _PLACE, _LONG), min_size=1, max_size=5))
def test_edits_in_pieces_are_edits_of_the_whole(
    text: str, encoding: Encoding, edits: list[tuple[tuple[int, int], tuple[int, int], str]]
) -> None:
    edited, whole = EditedText(Lines(text, encoding)), Lines(text, encoding)
    for start, end, new in edits:
        # Thousandths of what is there, so that edits are everywhere; some lie behind their line.
        places = [
            (line * (len(whole.starts) + 1) // 1000, character * len(whole.text) // 1000 // (1 + character % 99))
            for line, character in (start, end)
        ]
        first, last = (whole.offset(*place) for place in places)
        whole = Lines(whole.text[:first] + new + whole.text[max(first, last) :], encoding)
        edited.replace(places[0], places[1], new)
    assert edited.lines == whole


@pytest.mark.parametrize("line", ["RUN true\n", "RUN true𝄞\n", "a", "𝄞"])
def test_an_edit_costs_what_it_changes(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    class Counted(Lines):
        def __init__(self, text: str, encoding: Encoding = "utf-16") -> None:
            nonlocal read
            read += len(text)
            super().__init__(text, encoding)

    monkeypatch.setattr(edited, "Lines", Counted)
    text = EditedText(Lines(line * (400_000 // len(line))))
    for at in range(2_000):
        text.replace((at, 3), (at, 3), "x")
    assert len(text.lines.text) > 401_000
    assert read < 2_000 * 10_000 + 2_000_000


@given(st.text(), st.sampled_from(_ENCODINGS), st.integers(0, 50))
def test_there_and_back(text: str, encoding: Encoding, at: int) -> None:
    at = min(at, len(text))
    if text[max(at - 1, 0) : at + 1] == "\r\n":
        at -= 1
    lines = Lines(text, encoding)
    assert lines.offset(*lines.position(at)) == at


@pytest.mark.parametrize("text", ["", "a", "\n", "a\n", "a\nb", "\n\n\u00e9\n", "a\u2028b\x0bc\n\U0001f600\nd"])
def test_starts_of_lines_with_and_without_carriage_returns(text: str) -> None:
    starts = Lines(text).starts
    assert starts == (0, *(at + 1 for at, char in enumerate(text) if char == "\n"))
    doubled = Lines(text.replace("\n", "\r\n")).starts
    assert doubled == tuple(start + number for number, start in enumerate(starts))


def test_an_edit_takes_no_step_for_each_line_around_it() -> None:
    text = EditedText(Lines("\n" * 200_000))
    text.replace((0, 0), (0, 0), "#")
    profile = Profile()
    profile.enable()
    for line in range(100_000, 100_200):
        text.replace((line, 0), (line, 0), "#")
    profile.disable()
    assert sum(one.callcount for one in profile.getstats()) < 200 * 400
    assert text.lines.text.count("#\n" * 199) == 1
