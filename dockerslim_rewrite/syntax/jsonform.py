"""The exec form: a JSON array of strings, read as Go's decoder reads it."""

from __future__ import annotations

import json
from functools import lru_cache

_DECODER = json.JSONDecoder()


class NotStringsError(ValueError):
    """A JSON array that holds something else than strings; BuildKit refuses it instead of taking the shell form."""


@lru_cache(maxsize=1024)
def json_words(args: str) -> tuple[str, ...] | None:
    """The strings of *args* when it is in exec form, None when it is in shell form.

    Source: BuildKit's ``parseJSON``: more text behind the array makes it none, since BuildKit 0.15.
    Raises ``NotStringsError``.
    """
    if not args.startswith("["):
        return None
    try:
        value, end = _DECODER.raw_decode(args)
    except (ValueError, RecursionError):
        return None
    if args[end:].strip(" \t\r\n"):
        return None
    if any(not isinstance(word, str) for word in value):
        raise NotStringsError("when using JSON array syntax, arrays must be comprised of strings only")
    return tuple(value)
