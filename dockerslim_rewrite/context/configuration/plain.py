"""Readers of files made of keys and values, a line each: INI, Java properties, environment files."""

from __future__ import annotations

import configparser
from collections.abc import Collection, Iterator

from ...patterns import re
from .entries import Entry, UnreadError

#: The name of what has none.
_NO_SECTION = "\0"
#: Values of DEFAULT, which each section has as well.
_MOST_INHERITED = 100_000
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.S)
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_SEPARATED = re.compile(r"((?:[^\\=:\s]|\\.)*)(?:\s*[=:]\s*|\s+|\Z)(.*)", re.S)
_VARIABLE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)\Z")


def read_ini(text: str) -> list[Entry]:
    """The values of an INI file, as ``configparser`` reads it; PHP's may have some before the first section.

    Raises ``UnreadError``.
    """
    reader = configparser.RawConfigParser(strict=False, allow_no_value=True, interpolation=None)
    reader.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        try:
            reader.read_string(text)
        except configparser.MissingSectionHeaderError as error:
            if "=" not in error.line:
                raise
            reader.read_string(f"[{_NO_SECTION}]\n{text}")
    except (configparser.Error, ValueError) as error:
        raise UnreadError(str(error).splitlines()[0]) from None
    if len(reader.defaults()) * len(reader.sections()) > _MOST_INHERITED:
        raise UnreadError("its sections inherit too many values")
    keys = {key for section in reader.sections() for key in reader.options(section)}
    lines = _lines(text, keys)
    found = [
        Entry((key,) if section == _NO_SECTION else (section, key), value, lines.get(key, 0))
        for section in reader.sections()
        for key, value in reader.items(section)
        if value is not None
    ]
    return list(dict.fromkeys(found))


def _lines(text: str, keys: Collection[str]) -> dict[str, int]:
    """The first line that begins with each of *keys*, from 1."""
    found: dict[str, int] = {}
    lengths = sorted({len(key) for key in keys})
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.lstrip()
        for length in lengths:
            if length > len(bare):
                break
            if bare[:length] in keys:
                found.setdefault(bare[:length], number)
    return found


def read_properties(text: str) -> list[Entry]:
    """The values of a Java properties file. Source: java.util.Properties, load(Reader)."""
    found: list[Entry] = []
    for number, line in _logical(text):
        match = _SEPARATED.match(line)
        assert match is not None
        found.append(Entry((_unescaped(match[1]),), _unescaped(match[2]).strip(), number))
    return found


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations joined, comments and blank lines left out."""
    joined, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.lstrip(" \t\f")
        if not start:
            if not bare or bare.startswith(("#", "!")):
                continue
            start = number
        if (len(bare) - len(bare.rstrip("\\"))) % 2:
            joined += bare[:-1]
            continue
        yield start, joined + bare
        joined, start = "", 0
    if start:
        yield start, joined


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _CONTROL.get(match[2], match[2])

    return _ESCAPE.sub(one, text)


def read_environment(text: str) -> list[Entry]:
    """The assignments of an environment file (``.env``). Raises ``UnreadError``."""
    found: list[Entry] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _VARIABLE.match(line)
        if match is None:
            raise UnreadError(f"line {number} is not an assignment")
        value = match[2].strip()
        if value[:1] in "\"'" and value[:1] == value[-1:] and len(value) > 1:
            value = value[1:-1]
        found.append(Entry((match[1],), value, number))
    return found
