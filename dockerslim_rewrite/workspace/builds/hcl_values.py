"""What expressions of HCL amount to, with the functions of Bake that need nothing but their arguments.

Source: docker/buildx, "Bake standard library functions". Work and results are bounded.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from ...patterns import re
from ...record import record
from .hcl_syntax import HclError, Tree

_MAX_STEPS = 20_000
_MAX_LENGTH = 64 * 1024
_VERB = re.compile(r"%(?P<flags>[-+0 #]*+)(?P<width>\d*+(?:\.\d++)?)(?P<verb>[vsqtdxXofeg%])?")


@record
class Function:
    """A function of the file itself."""

    parameters: tuple[str, ...]
    rest: str | None
    result: Tree


class Evaluator:
    """Evaluates trees; *lookup* gives a variable or raises ``HclError``, *functions* are those of the files."""

    def __init__(self, lookup: Callable[[str], Any], functions: Mapping[str, Function]) -> None:
        self._lookup = lookup
        self._functions = functions
        self._steps = 0
        self._depth = 0

    def value(self, tree: Tree, scope: Mapping[str, Any]) -> Any:
        """The value of *tree*. Raises ``HclError`` for what cannot be told."""
        self._steps += 1
        self._depth += 1
        try:
            if self._steps > _MAX_STEPS or self._depth > 100:
                raise HclError("it takes too much work")
            found = self._value(tree, scope)
            if isinstance(found, str | list | dict) and len(found) > _MAX_LENGTH:
                raise HclError("it is too large")
            return found
        except (TypeError, ValueError, KeyError, IndexError, ZeroDivisionError, AttributeError, OverflowError) as error:
            raise HclError(str(error)) from None
        finally:
            self._depth -= 1

    def _value(self, tree: Tree, scope: Mapping[str, Any]) -> Any:
        kind, parts = tree
        if kind == "value":
            return parts[0]
        if kind == "name":
            return scope[parts[0]] if parts[0] in scope else self._lookup(parts[0])
        if kind == "template":
            values = [part if isinstance(part, str) else self.value(part, scope) for part in parts]
            if len(values) == 1 and not isinstance(parts[0], str):
                return values[0]
            return "".join(map(text_of, values))
        if kind == "joined":
            return "".join(map(text_of, self.value(parts[0], scope)))
        if kind == "if":
            return self.value(parts[1] if self.value(parts[0], scope) else parts[2], scope)
        if kind == "list":
            return [self.value(part, scope) for part in parts]
        if kind == "object":
            return {text_of(self.value(key, scope)): self.value(item, scope) for key, item in parts}
        if kind == "get":
            key, source = self.value(parts[1], scope), self.value(parts[0], scope)
            return source[int(key)] if isinstance(source, list) else source[text_of(key)]
        if kind == "splat":
            return self.value(parts[0], scope)
        if kind == "unary":
            found = self.value(parts[1], scope)
            return not found if parts[0] == "!" else -found
        if kind == "binary":
            return self._binary(parts[0], parts[1], parts[2], scope)
        if kind == "for":
            return self._for(parts, scope)
        return self._call(parts, scope)

    def _binary(self, operator: str, first: Tree, second: Tree, scope: Mapping[str, Any]) -> Any:
        left = self.value(first, scope)
        if operator in ("&&", "||") and bool(left) is (operator == "||"):
            return left
        right = self.value(second, scope)
        if operator in ("&&", "||"):
            return right
        if operator in ("==", "!="):
            return (left == right) is (operator == "==")
        return _ARITHMETIC[operator](_number(left), _number(right))

    def _for(self, parts: tuple[Any, ...], scope: Mapping[str, Any]) -> Any:
        names, source, key, value, condition = parts
        items = self.value(source, scope)
        pairs = list(items.items()) if isinstance(items, dict) else list(enumerate(items))
        found: list[tuple[Any, Any]] = []
        for pair in pairs:
            inner = {**scope, **(dict(zip(names, pair, strict=True)) if len(names) == 2 else {names[0]: pair[1]})}
            if condition is None or self.value(condition, inner):
                found.append((self.value(key, inner) if key is not None else None, self.value(value, inner)))
        return [item for _, item in found] if key is None else {text_of(name): item for name, item in found}

    def _call(self, parts: tuple[Any, ...], scope: Mapping[str, Any]) -> Any:
        name, trees, spread = parts
        if name in ("try", "can"):
            return self._try(name, trees, scope)
        arguments = [self.value(tree, scope) for tree in trees]
        if spread:
            arguments = [*arguments[:-1], *arguments[-1]]
        own = self._functions.get(name)
        if own is not None:
            inner = dict(zip(own.parameters, arguments, strict=False))
            if len(inner) < len(own.parameters):
                raise HclError(f"{name} gets too few arguments")
            if own.rest is not None:
                inner[own.rest] = arguments[len(own.parameters) :]
            return self.value(own.result, inner)
        if name not in FUNCTIONS:
            raise HclError(f"the function {name} is not known here")
        return FUNCTIONS[name](*arguments)

    def _try(self, name: str, trees: tuple[Tree, ...], scope: Mapping[str, Any]) -> Any:
        for tree in trees:
            try:
                found = self.value(tree, scope)
            except HclError:
                continue
            return True if name == "can" else found
        if name == "can":
            return False
        raise HclError("nothing of what try lists can be told")


def text_of(value: Any) -> str:
    """*value* within a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, list | dict):
        raise HclError("no text")
    return str(value)


def _number(value: Any) -> float | int:
    if isinstance(value, bool):
        raise HclError("no number")
    if isinstance(value, str):
        return float(value) if "." in value else int(value)
    number: float | int = value
    return number


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _flat(items: list[Any]) -> list[Any]:
    return [one for item in items for one in (_flat(item) if isinstance(item, list) else [item])]


def _merge(*maps: dict[str, Any]) -> dict[str, Any]:
    return {key: value for one in maps for key, value in (one or {}).items()}


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        raise HclError("regular expressions are not evaluated")
    return text.replace(old, new)


def _format(pattern: str, *values: Any) -> str:
    """Source: go-cty, ``stdlib.Format``: its verbs are those of C, with ``v`` for any value and ``q`` for quotes."""
    rest = iter(values)

    def one(match: re.Match[str]) -> str:
        flags, width, verb = match["flags"], match["width"], match["verb"]
        if verb == "%" and match[0] == "%%":
            return "%"
        value = next(rest, None)
        if verb is None or value is None or len(width) > 3:
            raise HclError("the format is not evaluated")
        if verb in "vsqt":
            text = text_of(value)
            return f"%{flags}{width}s" % (json.dumps(text, ensure_ascii=False) if verb == "q" else text)
        number = _number(value)
        return f"%{flags}{width}{verb}" % (number if verb in "feg" else int(number))

    return _VERB.sub(one, pattern)


def _substr(text: str, start: int, length: int) -> str:
    begin = start if start >= 0 else len(text) + start
    return text[begin:] if length < 0 else text[begin : begin + length]


def _lookup(one: dict[str, Any], key: Any, *default: Any) -> Any:
    # The keys of a map are texts, whatever they are written as.
    name = text_of(key)
    return one[name] if name in one or not default else default[0]


def _contains(items: Any, value: Any) -> bool:
    return value in items


#: What needs nothing but its arguments; dates, random and files are not among them.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "add": lambda a, b: _number(a) + _number(b),
    "and": lambda a, b: bool(a and b),
    "basename": lambda path: path.rstrip("/").rpartition("/")[2],
    "ceil": math.ceil,
    "chomp": lambda text: text.rstrip("\r\n"),
    "coalesce": lambda *values: next(one for one in values if one is not None),
    "coalescelist": lambda *lists: next(one for one in lists if one),
    "compact": lambda items: [one for one in items if one not in ("", None)],
    "concat": lambda *lists: [item for one in lists for item in one],
    "contains": _contains,
    "dirname": lambda path: path.rpartition("/")[0] or ".",
    "distinct": lambda items: [one for index, one in enumerate(items) if one not in items[:index]],
    "divide": lambda a, b: _number(a) / _number(b),
    "element": lambda items, index: items[int(index) % len(items)],
    "equal": lambda a, b: a == b,
    "flatten": _flat,
    "floor": math.floor,
    "format": _format,
    "greaterthan": lambda a, b: _number(a) > _number(b),
    "hasindex": lambda items, key: text_of(key) in items if isinstance(items, dict) else 0 <= int(key) < len(items),
    "indent": lambda count, text: text.replace("\n", "\n" + " " * min(int(count), 100)),
    "join": lambda separator, *lists: separator.join(text_of(item) for one in lists for item in one),
    "keys": lambda one: sorted(one),
    "length": len,
    "lessthan": lambda a, b: _number(a) < _number(b),
    "lookup": _lookup,
    "lower": lambda text: text.lower(),
    "max": max,
    "merge": _merge,
    "min": min,
    "multiply": lambda a, b: _number(a) * _number(b),
    "not": lambda value: not value,
    "notequal": lambda a, b: a != b,
    "or": lambda a, b: bool(a or b),
    "replace": _replace,
    "reverselist": lambda items: items[::-1],
    "setunion": lambda *lists: list(dict.fromkeys(item for one in lists for item in one)),
    "slice": lambda items, start, end: items[int(start) : int(end)],
    "sort": sorted,
    "split": lambda separator, text: text.split(separator),
    "strlen": len,
    "substr": _substr,
    "subtract": lambda a, b: _number(a) - _number(b),
    "title": lambda text: text.title(),
    "tobool": lambda value: {"true": True, "false": False}[text_of(value)],
    "tolist": list,
    "tonumber": _number,
    "toset": lambda items: list(dict.fromkeys(items)),
    "tostring": text_of,
    "trim": lambda text, cut: text.strip(cut),
    "trimprefix": lambda text, cut: text.removeprefix(cut),
    "trimspace": lambda text: text.strip(),
    "trimsuffix": lambda text, cut: text.removesuffix(cut),
    "upper": lambda text: text.upper(),
    "values": lambda one: [one[key] for key in sorted(one)],
    "zipmap": lambda keys, values: dict(zip(keys, values, strict=True)),
}
