"""dockerslim-rewrite: an optimizing source-to-source compiler for Dockerfiles.

from dockerslim_rewrite import rewrite, Options

result = rewrite(text, Options(level="safe"))
result.text, result.changes, result.remarks, result.diff()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .change import Change, Remark, RemarkKind, Safety
    from .pipeline import Options, Result, rewrite
    from .syntax import ParseError

__version__ = "0.1.0"

__all__ = ["Change", "Options", "ParseError", "Remark", "RemarkKind", "Result", "Safety", "rewrite"]

_HOMES = {
    "Change": "change",
    "Options": "pipeline",
    "ParseError": "syntax",
    "Remark": "change",
    "RemarkKind": "change",
    "Result": "pipeline",
    "Safety": "change",
    "rewrite": "pipeline",
}


def __getattr__(name: str) -> Any:
    """Load the compiler when it is first asked for, so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
