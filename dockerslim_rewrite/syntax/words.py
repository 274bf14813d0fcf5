"""Words of ENV, LABEL and ARG: quotes and escapes kept, as BuildKit's ``parseWords`` splits them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..patterns import re
from ..text import Span


class Pair(NamedTuple):
    """One key and its value as written, quotes included; spans are relative to the text that was split.

    ``value`` is None for an ARG without default; ``legacy`` marks the form with a blank instead of ``=``.
    """

    key: str
    value: str | None
    span: Span
    legacy: bool


class PairError(ValueError):
    """The text is no list of keys and values."""


@lru_cache(maxsize=4)
def _word_pattern(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    return re.compile(rf"""(?:{e}(?:.|\Z)|"(?:{e}(?:.|\Z)|[^"{e}])*(?:"|\Z)|'[^']*(?:'|\Z)|[^\s"'{e}])+""", re.S)


def split_words(text: str, escape: str) -> list[Span]:
    """The spans of the blank-separated words of *text*; quotes and escapes keep blanks together."""
    return [Span(*match.span()) for match in _word_pattern(escape).finditer(text)]


def split_pairs(text: str, escape: str, keyword: str) -> tuple[Pair, ...]:
    """The pairs of an ENV, LABEL or ARG whose arguments are *text*.

    Raises ``PairError`` with the reason that BuildKit would give.
    """
    spans = split_words(text, escape)
    if not spans:
        return ()
    first = text[spans[0].start : spans[0].end]
    if keyword == "ARG":
        return tuple(_pair(text[s.start : s.end], s) for s in spans)
    if "=" not in first:
        parts = re.split(r"[\t\v\f\r ]+", text, maxsplit=1)
        if len(parts) < 2:
            raise PairError(f"{keyword} must have two arguments")
        return (Pair(parts[0], parts[1], Span(0, len(text)), True),)
    pairs = []
    for span in spans:
        word = text[span.start : span.end]
        if "=" not in word:
            raise PairError(f"can't find = in {word!r}, must be of the form name=value")
        pairs.append(_pair(word, span))
    return tuple(pairs)


def _pair(word: str, span: Span) -> Pair:
    key, equals, value = word.partition("=")
    return Pair(key, value if equals else None, span, False)
