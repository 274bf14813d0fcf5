"""Which commands print one word and nothing else; see ``data/one_word.toml``."""

from __future__ import annotations

from .tables import table


def prints_one_word(command: str, *, surely: bool) -> bool:
    """Whether *command*, as written, prints one word when it succeeds; *surely*: and cannot fail."""
    words = " ".join(command.split())
    data = table("one_word")
    return words in data["always"] or (not surely and words in data["perhaps"])
