"""YAML 1.2 as values that know where they stand. Nothing is converted: a scalar is its text.

Aliases stay shared, so that nested ones (a "billion laughs") cost nothing, and may be cyclic: whoever walks values
asks for the keys that it knows, and goes no deeper.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from ...text.yaml_nodes import BrokenYaml, TooManyValues, compose

#: Entries that merge keys may copy in one file.
_MAX_MERGED = 200_000
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))


class Scalar(str):
    """A scalar's text; ``plain`` tells that it is written without quotes. ``line`` is where its text begins: below the
    ``|`` of a block.
    """

    line: int
    plain: bool
    tag: str | None

    @property
    def null(self) -> bool:
        """Whether it is no value at all."""
        return self.plain and self in _NULL


class Map(dict[str, Any]):
    """A mapping with its line, and the lines of its keys."""

    line: int = 0
    tag: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class Seq(list[Any]):
    """A sequence with its line."""

    line: int = 0
    tag: str | None = None


Value: TypeAlias = Scalar | Map | Seq


class YamlError(ValueError):
    """The text is no YAML that is read here; ``line`` and ``reason`` say why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


def documents(text: str) -> list[Value]:
    """The documents in *text*. Raises ``YamlError``."""
    try:
        return [_Converter().value(node) for node in compose(text) if node is not None]
    except TooManyValues as error:
        raise YamlError(1, str(error)) from None
    except BrokenYaml as error:
        raise YamlError(error.line, error.reason) from None
    except RecursionError:
        raise YamlError(1, "nested too deeply") from None


class _Converter:
    def __init__(self) -> None:
        self._known: dict[int, Value] = {}
        self._merged = 0

    def value(self, node: Any) -> Value:
        known = self._known.get(id(node))
        if known is not None:
            return known
        kind = type(node).__name__
        line = node.start_mark.line + 1
        tag = _own_tag(node)
        if kind == "ScalarNode":
            scalar = Scalar(node.value)
            block = node.style in ("|", ">")
            scalar.line, scalar.plain, scalar.tag = line + block, not node.style, tag
            self._known[id(node)] = scalar
            return scalar
        if kind == "SequenceNode":
            found = Seq()
            found.line, found.tag = line, tag
            self._known[id(node)] = found
            found.extend(self.value(item) for item in node.value)
            return found
        mapping = Map()
        mapping.line, mapping.tag = line, tag
        self._known[id(node)] = mapping
        self._fill(mapping, node)
        return mapping

    def _fill(self, mapping: Map, node: Any) -> None:
        merges = []
        for key, item in node.value:
            if type(key).__name__ != "ScalarNode":
                continue
            if key.value == "<<" and not key.style:
                merges.append(self.value(item))
                continue
            mapping[key.value] = self.value(item)
            mapping.lines[key.value] = key.start_mark.line + 1
        for merge in merges:
            for other in merge if isinstance(merge, Seq) else [merge]:
                if not isinstance(other, Map) or other is mapping:
                    continue
                self._merged += len(other)
                if self._merged > _MAX_MERGED:
                    raise YamlError(mapping.line, f"merge keys copy more than {_MAX_MERGED} entries")
                for name, item in other.items():
                    if name not in mapping:
                        mapping[name] = item
                        mapping.lines[name] = other.lines[name]


def _own_tag(node: Any) -> str | None:
    tag = str(node.tag or "")
    return tag if tag.startswith("!") and tag != "!" else None


def mapping(value: object) -> Map:
    """*value* if it is a mapping, else an empty one."""
    return value if isinstance(value, Map) else Map()


def sequence(value: object) -> list[Any]:
    """The items of *value* if it is a sequence, else none."""
    return value if isinstance(value, Seq) else []


def scalar(value: object) -> Scalar | None:
    """*value* if it is a scalar that is not null."""
    return value if isinstance(value, Scalar) and not value.null else None


def truth(value: object) -> bool:
    """Whether *value* is true."""
    return isinstance(value, Scalar) and value in _TRUE
