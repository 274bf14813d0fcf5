"""The formats of reports for programs, each in a module that loads when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from ..pipeline import Result

#: Format, module and function.
FORMATS = {
    "github": ("annotations", "github"),
    "azure": ("annotations", "azure"),
    "sarif": ("sarif", "sarif"),
    "rdjson": ("reviewdog", "rdjson"),
    "rdjsonl": ("reviewdog", "rdjsonl"),
    "gitlab": ("quality", "gitlab"),
    "bitbucket": ("quality", "bitbucket"),
    "gerrit": ("quality", "gerrit"),
    "checkstyle": ("xml", "checkstyle"),
    "junit": ("xml", "junit"),
    "markdown": ("markdown", "markdown"),
    "patches": ("patches", "patches"),
}


def document(format: str, results: Sequence[Result]) -> str:
    """*results* in the format named *format*, with a line end. Raises ``KeyError`` for an unknown one."""
    module, name = FORMATS[format]
    make: Callable[[Sequence[Result]], str] = getattr(import_module(f".{module}", __package__), name)
    return make(results)
