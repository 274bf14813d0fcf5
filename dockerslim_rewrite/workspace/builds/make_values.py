"""What make puts in the place of its variables and functions in a recipe, as far as the makefiles tell.

Source: GNU make manual, "How to Use Variables", "Functions for Transforming Text": ``if``, ``or``, ``foreach``,
``shell``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...knowledge.build_commands import chosen_tool
from ...patterns import re
from .found import Text
from .shell_values import stand_in

_NAME = re.compile(r"[\w.@<^*%+?|/-]+\Z")
_FUNCTION = re.compile(r"(if|or|foreach|shell)\s+(.*)\Z", re.S)
_MAX_DEPTH: Final = 10
_MAX_REPLACED: Final = 1000
_MAX_WORDS: Final = 50
_LONG_VALUE: Final = 100


class Expansion:
    """Replaces what *variables* tell; a variable whose value is not known is None there, and *tools* may say which
    build tool it stands for. What is not known becomes a variable of the shell, and is added to *unknown*.

    No more than *most* variables are replaced, where a long value counts as several, and so does each word of a
    ``foreach``, whose text is read once more for it; ``replaced`` is how many were, ``cut`` tells that words were left
    out.
    """

    def __init__(
        self, variables: Mapping[str, str | None], tools: Mapping[str, str], most: int, unknown: dict[str, Text]
    ) -> None:
        self._variables = variables
        self._tools = tools
        self._unknown = unknown
        self._most = min(most, _MAX_REPLACED)
        self.replaced = 0
        self.cut = False

    def text(self, text: str) -> str:
        """*text* for the shell."""
        return self._expanded(text, {}, 0)

    def _expanded(self, text: str, bound: Mapping[str, str | None], depth: int) -> str:
        out: list[str] = []
        ends = _closings(text)
        at = 0
        while (dollar := text.find("$", at)) >= 0:
            out.append(text[at:dollar])
            follow = text[dollar + 1 : dollar + 2]
            end = ends.get(dollar + 1)
            if follow == "$":
                out.append("$")
                at = dollar + 2
            elif end is not None:
                at = end + 1
                out.append(self._one(text[dollar:at], text[dollar + 2 : end].strip(), bound, depth))
            elif follow.isalpha() or follow in ("@", "<", "^", "*"):
                at = dollar + 2
                out.append(self._one(text[dollar:at], follow, bound, depth))
            else:
                out.append("$")
                at = dollar + 1
        out.append(text[at:])
        return "".join(out)

    def _one(self, written: str, inner: str, bound: Mapping[str, str | None], depth: int) -> str:
        """What takes the place of *written*, a reference to the variable or function *inner*."""
        found: str | None = None
        if depth < _MAX_DEPTH and self.replaced <= self._most:
            function = _FUNCTION.match(inner)
            if inner == "shell pwd":
                found = self._variable("CURDIR", bound, depth)
            elif function is not None:
                found = self._function(function[1], function[2], bound, depth + 1)
            elif _NAME.match(inner):
                found = self._variable(inner, bound, depth)
        return stand_in(written, self._unknown) if found is None else found

    def _variable(self, name: str, bound: Mapping[str, str | None], depth: int) -> str | None:
        value = bound[name] if name in bound else self._variables.get(name)
        if value is None:
            return self._tools.get(name)
        self.replaced += 1 + len(value) // _LONG_VALUE
        if self.replaced > self._most:
            return None
        if value.startswith("$") and _closings(value).get(1) == len(value) - 1:
            # A variable that is all one function is not known by what that says inside, but by its own name.
            inner = value[2:-1].strip()
            function = _FUNCTION.match(inner)
            if function is not None and inner != "shell pwd":
                return self._function(function[1], function[2], bound, depth + 1)
        return self._expanded(value, bound, depth + 1)

    def _function(self, name: str, text: str, bound: Mapping[str, str | None], depth: int) -> str | None:
        """What the function *name* gives for the arguments *text*; None where that is not known."""
        if name == "shell":
            return chosen_tool(f"$(shell {text})") if depth <= _MAX_DEPTH else None
        parts = _arguments(text, 3)
        if name == "foreach":
            return self._foreach(parts, bound, depth) if len(parts) == 3 else None
        choices = parts[1:] if name == "if" else parts
        if name == "if":
            condition = self._known(parts[0].strip(), bound, depth)
            if condition is not None:
                chosen = choices[:1] if condition.strip() else choices[1:2]
                return self._expanded(chosen[0], bound, depth) if chosen else ""
        return next((tool for one in choices if (tool := self._tool(one, bound, depth)) is not None), None)

    def _tool(self, text: str, bound: Mapping[str, str | None], depth: int) -> str | None:
        found = self._known(text.strip(), bound, depth)
        return None if found is None else chosen_tool(found)

    def _known(self, text: str, bound: Mapping[str, str | None], depth: int) -> str | None:
        """What *text* amounts to; None where something in it is not known."""
        before = len(self._unknown)
        found = self._expanded(text, bound, depth)
        return found if len(self._unknown) == before else None

    def _foreach(self, parts: list[str], bound: Mapping[str, str | None], depth: int) -> str:
        name, body = parts[0].strip(), parts[2]
        words = self._known(parts[1], bound, depth)
        listed: list[str | None] = [None] if words is None else [*words.split()]
        if len(listed) > _MAX_WORDS:
            listed = [None]
        found: list[str] = []
        for one in listed:
            # Loops within loops read the innermost text once for each word of each.
            self.replaced += 1 + len(body) // _LONG_VALUE if found else 0
            if self.replaced > self._most:
                self.cut = True
                break
            found.append(self._expanded(body, {**bound, name: one}, depth))
        return " ".join(found)


def _closings(text: str) -> dict[int, int]:
    """Where each bracket and brace of *text* that is closed is closed."""
    found: dict[int, int] = {}
    open_: dict[str, list[int]] = {")": [], "}": []}
    for match in re.finditer(r"[(){}]", text):
        char = match[0]
        if char in open_:
            if open_[char]:
                found[open_[char].pop()] = match.start()
        else:
            open_[")" if char == "(" else "}"].append(match.start())
    return found


def _arguments(text: str, most: int) -> list[str]:
    """The arguments of a function in *text*, at most so many: commas within brackets part none."""
    found: list[str] = []
    start = depth = 0
    for match in re.finditer(r"[(){},]", text):
        if match[0] in "({":
            depth += 1
        elif match[0] in ")}":
            depth -= 1
        elif depth == 0 and len(found) < most - 1:
            found.append(text[start : match.start()])
            start = match.end()
    return [*found, text[start:]]
