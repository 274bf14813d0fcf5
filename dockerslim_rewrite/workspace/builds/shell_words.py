"""Commands written as one text, where words are split as shells do it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from .found import Text, Unknown, Words


def split_words(text: Text) -> Words:
    """The words of *text*; unknown as a whole where it is, or where a quote stays open."""
    if isinstance(text, Unknown):
        return text
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return Unknown(text)


def all_known(words: Words) -> Sequence[str] | None:
    """The *words* if each is known."""
    if words is None or isinstance(words, Unknown):
        return None
    known = [word for word in words if isinstance(word, str)]
    return known if len(known) == len(words) else None
