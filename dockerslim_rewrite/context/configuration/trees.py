"""Readers of files made of nested values: YAML, JSON, TOML, XML."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from ...text import structured
from ...text.yaml_nodes import compose
from .entries import Entry, Keys, UnreadError

#: Aliases may make a small file a large or endless one.
_DEEPEST = 100
_MOST = 100_000
#: Values that are written otherwise than they read are sought in vain: so many characters are looked through for all.
_MOST_SOUGHT = 200_000_000


def read_yaml(text: str) -> list[Entry]:
    """The values of all documents of a YAML 1.2 file. Raises ``UnreadError``."""
    found: list[Entry] = []
    try:
        for document in compose(text):
            found += _yaml(document)
    except (ValueError, RecursionError) as error:
        raise UnreadError(str(error).splitlines()[0] if str(error) else "it is nested too deeply") from None
    return found


def _yaml(document: Any) -> Iterator[Entry]:
    """The values below a node, those of an anchor for each alias again."""
    waiting: list[tuple[tuple[str, ...], Any, int]] = [((), document, 0)]
    count = 0
    known = Keys()
    while waiting:
        keys, node, depth = waiting.pop()
        count += 1
        if depth > _DEEPEST or count > _MOST:
            raise UnreadError("it is nested too deeply")
        if node is None:
            continue
        if isinstance(node.value, str):
            yield Entry(keys, node.value, node.start_mark.line + 1)
        else:
            for child in reversed(node.value):
                if isinstance(child, tuple):
                    name, value = child
                    key = name.value if isinstance(name.value, str) else ""
                    waiting.append((known.joined(keys, key), value, depth + 1))
                else:
                    waiting.append((keys, child, depth + 1))


def read_json(text: str) -> list[Entry]:
    """The values of a JSON file. Raises ``UnreadError``."""
    try:
        return list(_plain(structured.read_json(text), text))
    except (ValueError, RecursionError) as error:
        raise UnreadError(str(error) or "it is nested too deeply") from None


def read_toml(text: str) -> list[Entry]:
    """The values of a TOML file. Raises ``UnreadError``."""
    try:
        return list(_plain(structured.read_toml(text), text))
    except (ValueError, RecursionError) as error:
        raise UnreadError(str(error) or "it is nested too deeply") from None


class _Places:
    """The lines of values in *text*, which are asked for in the order of the text, as far as it has kept that."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [at for at, char in enumerate(text) if char == "\n"]
        self._behind = 0
        self.sought = 0

    def line(self, value: str) -> int:
        """The line, from 1, of the next *value*, else of the first; 0 where it is not to be found."""
        if self.sought > _MOST_SOUGHT:
            return 0
        at = self._text.find(value, self._behind)
        self.sought += (at if at >= 0 else len(self._text)) - self._behind
        if at >= 0:
            self._behind = at + len(value)
        else:
            at = self._text.find(value)
            self.sought += at if at >= 0 else len(self._text)
        return bisect_left(self._ends, at) + 1 if at >= 0 else 0


def _plain(data: object, text: str) -> Iterator[Entry]:
    places = _Places(text)
    known = Keys()
    waiting: list[tuple[tuple[str, ...], object]] = [((), data)]
    while waiting:
        keys, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((known.joined(keys, str(name)), inner) for name, inner in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend((keys, inner) for inner in reversed(value))
        elif isinstance(value, str | int) and not isinstance(value, bool):
            yield Entry(keys, str(value), places.line(str(value)))


def read_xml(text: str) -> list[Entry]:
    """The texts and attributes of an XML file. What has a ``name`` counts as a key with its ``value`` or text.

    Raises ``UnreadError``, for entities as well: what they stand for may be elsewhere.
    """
    from xml.parsers import expat

    parser = expat.ParserCreate()
    found: list[Entry] = []
    open_tags: list[str] = []
    names: list[str | None] = []
    known = Keys()

    def start(tag: str, attributes: dict[str, str]) -> None:
        open_tags.append(tag)
        if len(open_tags) > structured.MAX_DEPTH:
            raise UnreadError("it is nested too deeply")
        line = parser.CurrentLineNumber
        name = attributes.get("name")
        names.append(name)
        for key, value in attributes.items():
            named = name if name is not None and key == "value" else key
            found.append(Entry(known.joined(open_tags, named), value, line))

    def text_of(data: str) -> None:
        if data.strip():
            keys = known.joined(open_tags, names[-1])
            found.append(Entry(keys, data.strip(), parser.CurrentLineNumber))

    def entity(*_: object) -> None:
        raise UnreadError("it declares entities")

    def end(_: str) -> None:
        open_tags.pop()
        names.pop()

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text_of
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise UnreadError(str(error)) from None
    return found
