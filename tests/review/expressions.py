"""What stands in ``${{ }}`` in workflows and actions, worked out the way the runner does it, as far as ours need it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(&&|\|\||==|!=|[(),])|([A-Za-z_][\w.-]*))")
_PLACE = re.compile(r"\$\{\{(.*?)\}\}")


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """*value* with every expression in it replaced by what it stands for among *known*; anything but text stays."""
    if not isinstance(value, str):
        return value
    return _PLACE.sub(lambda place: _text(evaluated(place[1], known)), value)


def evaluated(expression: str, known: Mapping[str, Any]) -> Any:
    """What *expression* stands for. Raises ``ValueError`` for what this reader does not know."""
    tokens = []
    at, expression = 0, expression.strip()
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise ValueError(f"not understood: {expression[at:]}")
        tokens.append(match[0].strip())
        at = match.end()
    value, rest = _either(tokens, known)
    if rest:
        raise ValueError(f"not understood: {rest}")
    return value


def _text(value: Any) -> str:
    return {None: "", True: "true", False: "false"}.get(value, value) if value in (None, True, False) else str(value)


def _either(tokens: list[str], known: Mapping[str, Any]) -> tuple[Any, list[str]]:
    value, tokens = _both(tokens, known)
    while tokens[:1] == ["||"]:
        other, tokens = _both(tokens[1:], known)
        value = value or other
    return value, tokens


def _both(tokens: list[str], known: Mapping[str, Any]) -> tuple[Any, list[str]]:
    value, tokens = _compared(tokens, known)
    while tokens[:1] == ["&&"]:
        other, tokens = _compared(tokens[1:], known)
        value = value and other
    return value, tokens


def _compared(tokens: list[str], known: Mapping[str, Any]) -> tuple[Any, list[str]]:
    value, tokens = _single(tokens, known)
    if tokens[:1] in (["=="], ["!="]):
        other, rest = _single(tokens[1:], known)
        return (value == other) is (tokens[0] == "=="), rest
    return value, tokens


def _single(tokens: list[str], known: Mapping[str, Any]) -> tuple[Any, list[str]]:
    first, rest = tokens[0], tokens[1:]
    if first == "(":
        value, rest = _either(rest, known)
        return value, rest[1:]
    if first.startswith("'"):
        return first[1:-1].replace("''", "'"), rest
    if first == "format" and rest[:1] == ["("]:
        given, rest = _either(rest[1:], known)
        values = []
        while rest[0] == ",":
            value, rest = _either(rest[1:], known)
            values.append(_text(value))
        return given.format(*values), rest[1:]
    value = known
    for name in first.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value, rest
