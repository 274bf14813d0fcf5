"""Variables in the texts of compose files, and the files that set them.

Sources: Compose specification, "Interpolation"; Docker documentation, "Set, use, and manage variables in a Compose
file with interpolation", ".env file syntax".
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from ...patterns import re
from .found import Text, Unknown
from .growth import LEAST

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENTRY = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s*(.*)")
_OPERATOR = re.compile(r":?[-?+]")
_MAX_DEPTH = 20
#: A text that variables make longer is not worth knowing.
_MAX_LENGTH = 64 * 1024
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$"}


class _Open(Exception):
    """A variable has no value."""


def interpolate(text: str, variables: Mapping[str, str | None]) -> Text:
    """*text* with its variables replaced; unknown as a whole where one has neither a value nor a default, or has None,
    a value that nobody can tell.
    """
    if "$" not in text:
        return str(text)
    try:
        return _expand(text, variables, 0)
    except _Open:
        return Unknown(str(text))


def _expand(text: str, variables: Mapping[str, str | None], depth: int) -> str:
    if depth > _MAX_DEPTH:
        raise _Open
    out: list[str] = []
    at = length = counted = 0
    while at < len(text):
        length += sum(map(len, out[counted:]))
        counted = len(out)
        if length > _MAX_LENGTH or length - at > max(LEAST, len(text)):
            raise _Open
        dollar = text.find("$", at)
        if dollar < 0:
            out.append(text[at:])
            break
        out.append(text[at:dollar])
        follow = text[dollar + 1 : dollar + 2]
        if follow == "$":
            out.append("$")
            at = dollar + 2
        elif follow == "{":
            end = _closing(text, dollar + 2)
            if end < 0:
                raise _Open
            out.append(_braced(text[dollar + 2 : end], variables, depth))
            at = end + 1
        else:
            match = _NAME.match(text, dollar + 1)
            if match is None:
                out.append("$")
                at = dollar + 1
                continue
            out.append(_known(match[0], variables))
            at = match.end()
    return "".join(out)


def _closing(text: str, at: int) -> int:
    depth = 1
    while at < len(text):
        if text.startswith("${", at):
            depth += 1
            at += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def _braced(inner: str, variables: Mapping[str, str | None], depth: int) -> str:
    match = _NAME.match(inner)
    if match is None or (match[0] in variables and variables[match[0]] is None):
        raise _Open
    value, rest = variables.get(match[0]), inner[match.end() :]
    if not rest:
        return _known(match[0], variables)
    operator = _OPERATOR.match(rest)
    if operator is None:
        raise _Open
    given = bool(value) if operator[0].startswith(":") else value is not None
    word = rest[operator.end() :]
    if operator[0].endswith("-"):
        return value or "" if given else _expand(word, variables, depth + 1)
    if operator[0].endswith("+"):
        if value is None:
            # It is written for those who set it.
            raise _Open
        return _expand(word, variables, depth + 1) if given else ""
    if not given:
        raise _Open
    return value or ""


def _known(name: str, variables: Mapping[str, str | None]) -> str:
    value = variables.get(name)
    if value is None:
        raise _Open
    return value


def read_env(text: str, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that the .env file *text* sets; its own lines may use earlier ones and those *known*.

    One whose value cannot be told is left out.
    """
    found: dict[str, str] = {}
    variables = ChainMap(found, dict(known or {}))
    for line in text.splitlines():
        match = _ENTRY.match(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        value = _value(match[2], variables)
        if value is None:
            found.pop(match[1], None)
        else:
            found[match[1]] = value
    return found


def _value(raw: str, variables: Mapping[str, str]) -> str | None:
    if raw[:1] == "'":
        return raw[1:].partition("'")[0]
    if raw[:1] == '"':
        match = re.match(r'"((?:\\.|[^"\\])*)"', raw)
        if match is None:
            return None
        expanded = interpolate(match[1].replace("\\$", "$$"), variables)
        if isinstance(expanded, Unknown):
            return None
        return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), expanded)
    expanded = interpolate(re.split(r"(?:^|\s)#", raw)[0].strip(), variables)
    return None if isinstance(expanded, Unknown) else expanded
