"""Patterns of paths: ``*`` within one name, ``**`` across names, ``?`` one character; a leading ``**/`` is anywhere."""

from __future__ import annotations

from functools import cache

from ..patterns import re

_TOKENS = re.compile(r"/\*\*$|\*\*/|\*\*|\*|\?|\[[^\]]+\]|[^*?\[]+|\[")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of *pattern*. ``/a/**`` is everything below ``/a``, not ``/a`` itself."""
    parts = []
    for token in _TOKENS.findall(pattern):
        match token:
            case "/**":
                parts.append("/.+")
            case "**/":
                parts.append("(?:.*/)?")
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case _ if token[0] == "[" and len(token) > 1:
                parts.append(token.replace("[!", "[^", 1))
            case _:
                parts.append(re.escape(token))
    return re.compile("".join(parts), re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Whether *path*, absolute, is one that *pattern* names."""
    return compiled(pattern).fullmatch(path) is not None
