"""Laws that hold for every file: round trip, agreement with BuildKit, idempotence, proof, and no crash on anything."""

from __future__ import annotations

import dockerfile
from hypothesis import given
from hypothesis import strategies as st

from dockerslim_rewrite import Options, ParseError, rewrite
from dockerslim_rewrite.ir.build import read_build
from dockerslim_rewrite.render.canonical import canonical
from dockerslim_rewrite.shell.reader import read_script
from dockerslim_rewrite.syntax import parse
from dockerslim_rewrite.text import Edit, Patch, Source, Span
from tests.properties.strategies import dockerfiles


def accepted(text: str) -> bool:
    try:
        dockerfile.parse_string(text)
    except dockerfile.GoParseError:
        return False
    return True


def parsed(text: str) -> bool:
    try:
        parse(text)
    except ParseError:
        return False
    return True


@given(dockerfiles())
def test_round_trip_and_oracle(text: str) -> None:
    assert parsed(text) == accepted(text)
    if parsed(text):
        assert str(parse(text)) == text


@given(dockerfiles(), st.sampled_from(["safe", "standard", "aggressive"]))
def test_rewrites_are_proven_and_final(text: str, level: str) -> None:
    try:
        result = rewrite(text, Options(level=level, extend_select=("lint",)))
    except ParseError:
        return
    assert result.bugs == ()
    assert accepted(result.text)
    assert result.patch.apply(text) == result.text
    before = [comment.text.strip() for comment in parse(text).comments]
    assert [comment.text.strip() for comment in parse(result.text).comments] == before
    assert not rewrite(result.text, Options(level=level, extend_select=("lint",))).changed


@given(dockerfiles())
def test_canonical_layout_is_the_same_program(text: str) -> None:
    try:
        build = read_build(parse(text))
    except ParseError:
        return
    once = canonical(build)
    again = read_build(parse(once))
    assert [step.keyword for step in again] == [step.keyword for step in build]
    assert canonical(again) == once


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        document = parse(Source.from_bytes(data))
    except ParseError as error:
        assert error.line >= 1  # noqa: PT017
        return
    assert Source(str(document)).to_bytes() == data


@given(st.text(alphabet="ab &|;(){}<>'\"`$\\\n#!=[]*", max_size=60))
def test_any_shell_text_is_read_or_opaque(text: str) -> None:
    read_script(text)


@st.composite
def patches(draw: st.DrawFn, length: int) -> Patch:
    edits = []
    at = 0
    while at <= length and draw(st.booleans()):
        start = draw(st.integers(at, length))
        end = draw(st.integers(start, length))
        edits.append(Edit(Span(start, end), draw(st.text("xy", max_size=3))))
        at = end + 1
    return Patch.of(edits)


@given(st.data(), st.text("abc", max_size=12))
def test_patches_compose(data: st.DataObject, text: str) -> None:
    first = data.draw(patches(len(text)))
    middle = first.apply(text)
    second = data.draw(patches(len(middle)))
    assert first.then(second, text).apply(text) == second.apply(middle)
