"""No regular expression takes more than a power of its text: none has two ways through one loop for the same text.

Every pattern that a module compiles when it is loaded, and every literal one within functions, becomes an automaton.
Where two different ways lead from a state back to it with the same text, a match that fails in the end tries each
combination of them: that is exponential in the text. Possessive and atomic parts keep no way to try again.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dockerslim_rewrite

parser: Any = importlib.import_module("re._parser")
constants: Any = importlib.import_module("re._constants")

_FUNCTIONS = frozenset(("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"))
#: One character of each kind that patterns tell apart, and one that none of them names.
_SAMPLES = [chr(code) for code in range(128)] + ["\u00e9", "\u2028", "\ud800"]
_REPEATED = 2


def patterns() -> Iterator[tuple[str, str, int]]:
    """Where each pattern of the program stands, its text and its flags."""
    package = Path(dockerslim_rewrite.__file__).parent
    for info in pkgutil.walk_packages([str(package)], "dockerslim_rewrite."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield f"{info.name}.{name}", value.pattern, value.flags
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _FUNCTIONS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
            ):
                yield f"{path.relative_to(package)}:{node.lineno}", node.args[0].value, 0


class _Automaton:
    """The states of one pattern: what each takes (a set of samples), and where it leads without taking anything."""

    def __init__(self, flags: int) -> None:
        self.flags = flags
        self.takes: list[tuple[frozenset[int], int] | None] = []
        self.free: list[list[int]] = []

    def state(self) -> int:
        self.takes.append(None)
        self.free.append([])
        return len(self.takes) - 1

    def add(self, items: Any, start: int) -> int:
        """Add *items* behind the state *start*; the state behind them."""
        for operation, value in items:
            start = self.one(operation, value, start)
        return start

    def one(self, operation: Any, value: Any, start: int) -> int:
        if operation in (constants.LITERAL, constants.NOT_LITERAL, constants.ANY, constants.IN):
            end = self.state()
            own = self.state()
            self.free[start].append(own)
            self.takes[own] = (self.samples(operation, value), end)
            return end
        if operation is constants.BRANCH:
            end = self.state()
            for branch in value[1]:
                self.free[self.add(branch, self.entry(start))].append(end)
            return end
        if operation is constants.SUBPATTERN:
            return self.add(value[3], start)
        if operation in (constants.MAX_REPEAT, constants.MIN_REPEAT):
            low, high, inner = value
            return self.repeat(low, high, inner, start)
        # Anchors, looks around, and what is matched once for all: nothing there is tried in two ways.
        return self.entry(start)

    def entry(self, start: int) -> int:
        own = self.state()
        self.free[start].append(own)
        return own

    def repeat(self, low: int, high: Any, inner: Any, start: int) -> int:
        for _ in range(min(low, _REPEATED)):
            start = self.add(inner, self.entry(start))
        end = self.state()
        self.free[start].append(end)
        if high is constants.MAXREPEAT or high > 10:
            loop = self.entry(start)
            behind = self.add(inner, loop)
            self.free[behind] += [loop, end]
        else:
            for _ in range(min(high - low, _REPEATED)):
                start = self.add(inner, self.entry(start))
                self.free[start].append(end)
        return end

    def samples(self, operation: Any, value: Any) -> frozenset[int]:
        return frozenset(index for index, char in enumerate(_SAMPLES) if _accepts(operation, value, char, self.flags))

    def closure(self, state: int) -> frozenset[int]:
        found, waiting = {state}, [state]
        while waiting:
            for target in self.free[waiting.pop()]:
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return frozenset(found)


def _accepts(operation: Any, value: Any, char: str, flags: int) -> bool:
    if operation is constants.ANY:
        return char != "\n" or bool(flags & re.S)
    if operation is constants.IN:
        negated = bool(value) and value[0][0] is constants.NEGATE
        return any(_within(op, one, char, flags) for op, one in value if op is not constants.NEGATE) != negated
    same = _folded(chr(value), flags) == _folded(char, flags)
    return same if operation is constants.LITERAL else not same


def _folded(char: str, flags: int) -> str:
    return char.lower() if flags & re.I else char


def _within(operation: Any, value: Any, char: str, flags: int) -> bool:
    if operation is constants.LITERAL:
        return _folded(chr(value), flags) == _folded(char, flags)
    if operation is constants.RANGE:
        return any(
            value[0] <= ord(one) <= value[1]
            for one in {char, *({char.lower(), char.upper()} if flags & re.I else ())}
            if len(one) == 1
        )
    category = {
        "CATEGORY_DIGIT": r"\d",
        "CATEGORY_NOT_DIGIT": r"\D",
        "CATEGORY_SPACE": r"\s",
        "CATEGORY_NOT_SPACE": r"\S",
        "CATEGORY_WORD": r"\w",
        "CATEGORY_NOT_WORD": r"\W",
    }[str(value)]
    return re.fullmatch(category, char, flags & re.A) is not None


def ambiguous(pattern: str, flags: int) -> bool:
    """Whether two different ways through a loop of *pattern* take the same text."""
    automaton = _Automaton(flags)
    automaton.add(parser.parse(pattern, flags & ~re.U if flags else 0), automaton.state())
    closures = [automaton.closure(state) for state in range(len(automaton.takes))]
    taking = [state for state, one in enumerate(automaton.takes) if one is not None]
    steps: dict[int, list[int]] = {}
    for state in taking:
        found = automaton.takes[state]
        assert found is not None
        steps[state] = [target for target in closures[found[1]] if automaton.takes[target] is not None]
    chars = {state: automaton.takes[state][0] for state in taking}  # type: ignore[index]
    for origin in taking:
        # From (origin, origin), both ways taking the same text, to two different states and back to (origin, origin).
        if not _reaches(steps, origin, origin):
            continue
        start = (origin, origin)
        seen, waiting = {start}, [start]
        parents: dict[tuple[int, int], set[tuple[int, int]]] = {}
        while waiting:
            left, right = waiting.pop()
            if not chars[left] & chars[right]:
                continue
            for one in steps[left]:
                for other in steps[right]:
                    pair = (one, other)
                    parents.setdefault(pair, set()).add((left, right))
                    if pair not in seen:
                        seen.add(pair)
                        waiting.append(pair)
        back, waiting = set[tuple[int, int]](), [start]
        while waiting:
            for pair in parents.get(waiting.pop(), ()):
                if pair not in back:
                    back.add(pair)
                    waiting.append(pair)
        if any(left != right and chars[left] & chars[right] for left, right in back & seen):
            return True
    return False


def _reaches(steps: dict[int, list[int]], origin: int, target: int) -> bool:
    seen, waiting = set[int](), [origin]
    while waiting:
        for state in steps[waiting.pop()]:
            if state == target:
                return True
            if state not in seen:
                seen.add(state)
                waiting.append(state)
    return False


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(?:a+)+b", True),
        (r"(?:a|aa)*b", True),
        (r"(?:\$\w+|[\w.-])*/", True),
        (r"(?:\$\w++|[\w.-])*/", False),
        (r"(?:(?:0x)?[0-9A-F]{8,40}\s*)+\Z", True),
        (r"(?:\\.|[^\\\"])*\Z", False),
        (r"a*b*c", False),
        (r"[^,]+(?:,[^,]+)*", False),
    ],
)
def test_the_judge(pattern: str, expected: bool) -> None:
    assert ambiguous(pattern, 0) is expected


def test_no_pattern_is_exponential() -> None:
    found = {(where, text) for where, text, flags in patterns() if ambiguous(text, flags)}
    assert not found, "\n".join(f"{where}: {text}" for where, text in sorted(found))
