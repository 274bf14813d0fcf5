"""Laws of texts and patches: decoding loses nothing, patches compose, and positions lead back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite.text import Edit, OverlapError, Patch, Position, Source, Span

TEXTS = st.text("abc\n", max_size=20)


@st.composite
def patches(draw: st.DrawFn, text: str) -> Patch:
    """Patches of *text*: insertions, deletions and replacements, some of which touch."""
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    edits = []
    for start, end in pairwise(cuts):
        kind = draw(st.sampled_from(["keep", "replace", "insert"]))
        if kind != "keep":
            edits.append(Edit(Span(start, end if kind == "replace" else start), draw(st.text("XYZ", max_size=4))))
    return Patch.of(edits)


def disjoint(patch: Patch) -> bool:
    return all(
        left.span.start < right.span.start and left.span.end <= right.span.start
        for left, right in pairwise(patch.edits)
    )


@given(st.binary(max_size=60))
def test_bytes_survive_decoding(data: bytes) -> None:
    assert Source.from_bytes(data).to_bytes() == data


def test_a_text_with_surrogates_that_stand_for_no_byte_is_still_encoded() -> None:
    assert Source("a\ud800").to_bytes() == b"a\xed\xa0\x80"


@given(TEXTS, st.data())
def test_positions_count_lines_and_columns_from_one(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    before = text[:offset].split("\n")
    assert Source(text).position(offset) == Position(len(before), len(before[-1]) + 1)


def test_only_line_feeds_end_lines() -> None:
    assert Source("a\rb\x0bc\u2028d\r\ne").line_starts == (0, 9)


def test_spans_cover_what_lies_inside() -> None:
    assert Span(2, 4).covers(Span(2, 4))
    assert Span(2, 4).covers(Span(4, 4))
    assert not Span(2, 4).covers(Span(2, 5))
    assert not Span(2, 4).covers(Span(1, 3))


@given(TEXTS, st.data())
def test_an_empty_patch_is_neutral(text: str, data: st.DataObject) -> None:
    patch = data.draw(patches(text))
    assert Patch().apply(text) == text
    assert Patch().then(patch, text) == patch
    assert patch.then(Patch(), text) == patch
    assert all(Patch().shift(offset) == offset for offset in range(len(text) + 1))


@given(TEXTS, st.data())
def test_then_is_one_patch_after_the_other(text: str, data: st.DataObject) -> None:
    first = data.draw(patches(text))
    middle = first.apply(text)
    second = data.draw(patches(middle))
    both = first.then(second, text)
    assert both.apply(text) == second.apply(middle)
    assert disjoint(both)


@given(TEXTS, st.data())
def test_then_is_associative(text: str, data: st.DataObject) -> None:
    first = data.draw(patches(text))
    second = data.draw(patches(first.apply(text)))
    third = data.draw(patches(second.apply(first.apply(text))))
    left = first.then(second, text).then(third, text)
    right = first.then(second.then(third, first.apply(text)), text)
    assert left.apply(text) == right.apply(text)


@given(TEXTS, st.data())
def test_what_a_patch_keeps_is_found_again_by_shift(text: str, data: st.DataObject) -> None:
    patch = data.draw(patches(text))
    at = 0
    after = 0
    kept = {}
    for (start, end), new in patch:
        kept.update({after + step: at + step for step in range(start - at)})
        after += start - at
        inside = range(after, after + len(new))
        assert [patch.shift(offset) for offset in inside] == [start] * len(new)
        after += len(new)
        at = end
    kept.update({after + step: at + step for step in range(len(text) - at)})
    assert {offset: patch.shift(offset) for offset in kept} == kept


@given(TEXTS, st.data())
def test_shift_never_goes_back(text: str, data: st.DataObject) -> None:
    patch = data.draw(patches(text))
    places = [patch.shift(offset) for offset in range(len(patch.apply(text)) + 1)]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


@pytest.mark.parametrize(
    "edits",
    [
        [Edit.delete(0, 3), Edit.delete(2, 4)],
        [Edit.insert(1, "a"), Edit.insert(1, "b")],
        [Edit.replace(0, 4, "x"), Edit.insert(2, "y")],
        [Edit.delete(1, 2), Edit.delete(1, 2)],
    ],
)
def test_edits_that_claim_the_same_text_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(OverlapError):
        Patch.of(edits)


def test_edits_that_only_touch_are_taken_in_order() -> None:
    patch = Patch.of([Edit.replace(2, 3, "C"), Edit.delete(0, 2), Edit.insert(3, "!")])
    assert patch.apply("abcd") == "C!d"
    assert patch
    assert not Patch()
