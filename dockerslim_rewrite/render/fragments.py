"""Shell fragments that passes add, from ``templates/shell``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .environment import TemplateError, render, shipped_templates


def fragment(name: str, **values: Any) -> str:
    """The one-line shell text of the fragment *name* with *values* (hashable). Raises ``TemplateError``."""
    return _fragment(name, tuple(sorted(values.items())))


@lru_cache(maxsize=1024)
def _fragment(name: str, values: tuple[tuple[str, Any], ...]) -> str:
    source = _source(name)
    if "{" not in source:
        return source
    text = render(f"shell/{name}.j2", None, "\\", **dict(values)).strip()
    if "\n" in text or "\r" in text:
        raise TemplateError(f"template shell/{name}.j2 gives more than one line")
    return text


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    """The template itself: one without Jinja in it is its own text, and Jinja need not be loaded for it."""
    try:
        return (shipped_templates() / "shell" / f"{name}.j2").read_text("utf-8").strip()
    except OSError as error:
        raise TemplateError(f"template shell/{name}.j2 cannot be read: {error.strerror}") from None
