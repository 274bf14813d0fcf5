"""Keys of labels. Source: Docker documentation, "Docker object labels", key format."""

from __future__ import annotations

from ...patterns import re

_VALID = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*\Z")


def is_valid_key(key: str) -> bool:
    """Whether *key* is as Docker asks: lower case, digits, single dots and hyphens inside."""
    return _VALID.match(key) is not None


def bare_key(key: str) -> str:
    """*key* without quotes around all of it."""
    return key[1:-1] if len(key) > 2 and key[0] == key[-1] and key[0] in "\"'" else key
