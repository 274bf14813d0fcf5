"""Which flags BuildKit knows by instruction; see ``data/instruction_flags.toml``."""

from __future__ import annotations

from .tables import table


def known_flags(keyword: str) -> tuple[str, ...] | None:
    """The flags that the instruction *keyword* may have, without dashes; None where that is not known."""
    found = table("instruction_flags").get(keyword)
    return None if found is None else tuple(found)
