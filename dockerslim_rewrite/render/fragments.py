"""Shell fragments that passes add, from ``templates/shell``, and other small templates."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from ..patterns import re
from .environment import render
from .sources import TemplateError, source

#: A template in which only values are named; Jinja need not be loaded for it.
_PLAIN = re.compile(r"(?:[^{}#%]|\{\{ (\w+) \}\})*\Z")
_NAME = re.compile(r"\{\{ (\w+) \}\}")


def fragment(name: str, templates: Path | None = None, **values: Any) -> str:
    """The one-line shell text of the fragment *name* with *values* (hashable), from *templates* if it is there.

    Raises ``TemplateError``.
    """
    return _fragment(name, templates, tuple(sorted(values.items())))


@lru_cache(maxsize=1024)
def _fragment(name: str, templates: Path | None, values: tuple[tuple[str, Any], ...]) -> str:
    text = rendered(f"shell/{name}.j2", templates, **dict(values)).strip()
    if "\n" in text or "\r" in text:
        raise TemplateError(f"template shell/{name}.j2 gives more than one line")
    return text


def rendered(name: str, templates: Path | None, escape: str = "\\", **values: Any) -> str:
    """The template *name*, that of the directory *templates* first, with *values*. Raises ``TemplateError``."""
    text = source(name, templates)
    if _PLAIN.match(text) and all(isinstance(values.get(word), str) for word in _NAME.findall(text)):
        return _NAME.sub(lambda match: str(values[match[1]]), text)
    return render(name, templates, escape, **values).rstrip("\n")
