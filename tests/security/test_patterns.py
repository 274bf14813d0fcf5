"""No regular expression takes more than its text is long: none has two ways through one loop for the same text.

Every pattern that a module compiles when it is loaded, and every literal one within functions, becomes an automaton.
Where two different ways lead from a state back to it with the same text, a match that fails in the end tries each
combination of them: that is exponential in the text. Possessive and atomic parts keep no way to try again.

Where one loop begins at each place of what another one takes, or a search begins there anew, the square of the text is
tried. Texts are made of each pattern's loops, and what it does to them is counted. Those that are found and are only
given short texts stand in ``squares.toml``, each with what bounds the text.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

import dockerslim_rewrite
from dockerslim_rewrite.knowledge.vocabulary import vocabularies
from dockerslim_rewrite.patterns import LatePattern

from .counting import SAMPLES, Counter, accepts, constants, tree

T = TypeVar("T")
_FUNCTIONS = frozenset(("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"))
_EVERYWHERE = frozenset(("search", "sub", "subn", "split", "findall", "finditer"))
_REPEATED = 2


class Found(NamedTuple):
    """Where a pattern of the program stands, and whether it is looked for everywhere in a text."""

    where: str
    text: str
    flags: int
    searched: bool


def patterns() -> Iterator[Found]:
    """All patterns of the program."""
    package = Path(dockerslim_rewrite.__file__).parent
    compiled: dict[tuple[str, int], str] = {}
    searched: set[tuple[str, int]] = set()
    for info in pkgutil.walk_packages([str(package)], "dockerslim_rewrite."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern | LatePattern) and isinstance(value.pattern, str):
                compiled.setdefault((value.pattern, value.flags), f"{info.name}.{name}")
        path = Path(str(module.__file__))
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
                continue
            value = getattr(module, node.value.id, None)
            if node.attr in _EVERYWHERE and isinstance(value, re.Pattern | LatePattern):
                searched.add((value.pattern, value.flags))
    for (text, flags), where in compiled.items():
        yield Found(where, text, flags, (text, flags) in searched)
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in _FUNCTIONS - {"compile"}
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
            ):
                given = [*node.args[1:], *(one.value for one in node.keywords)]
                named = {one.attr for arg in given for one in ast.walk(arg) if isinstance(one, ast.Attribute)}
                flags = sum(int(one) for name in named if isinstance(one := getattr(re, name, None), re.RegexFlag))
                where = f"{path.relative_to(package)}:{node.lineno}"
                yield Found(where, node.args[0].value, flags, node.func.attr in _EVERYWHERE)


class _Automaton:
    """The states of one pattern: what each takes (a set of samples), and where it leads without taking anything."""

    def __init__(self, flags: int, *, all_loops: bool = False) -> None:
        self.flags = flags
        self.all_loops = all_loops
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
        if self.all_loops and operation is constants.POSSESSIVE_REPEAT:
            low, high, inner = value
            return self.repeat(low, high, inner, start)
        if self.all_loops and operation is constants.ATOMIC_GROUP:
            return self.add(value, start)
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
        return frozenset(index for index, char in enumerate(SAMPLES) if accepts(operation, value, char, self.flags))

    def closure(self, state: int) -> frozenset[int]:
        found, waiting = {state}, [state]
        while waiting:
            for target in self.free[waiting.pop()]:
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return frozenset(found)


def ambiguous(pattern: str, flags: int) -> bool:
    """Whether two different ways through a loop of *pattern* take the same text."""
    automaton = _Automaton(flags)
    automaton.add(tree(pattern, flags), automaton.state())
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
    found = {(one.where, one.text) for one in patterns() if ambiguous(one.text, one.flags)}
    assert not found, "\n".join(f"{where}: {text}" for where, text in sorted(found))


#: How often what a loop takes is repeated, once and twice as often; and the steps that nobody needs for so little.
_TIMES, _ENOUGH = 32, 40_000
_LONGEST_WORD, _MOST_WORDS = 12, 60
_ENDS = ("", "\x01", "\n")


def attacks(pattern: str, flags: int) -> Iterator[tuple[str, str]]:
    """What leads into a loop of *pattern*, and what goes once round it."""
    automaton = _Automaton(flags, all_loops=True)
    start = automaton.state()
    automaton.add(tree(pattern, flags), start)
    closures = [automaton.closure(state) for state in range(len(automaton.takes))]
    steps = {
        state: (one[0], sorted(target for target in closures[one[1]] if automaton.takes[target] is not None))
        for state, one in enumerate(automaton.takes)
        if one is not None and one[0]
    }
    before: dict[int, str] = {}
    waiting = [(state, "") for state in sorted(closures[start]) if state in steps]
    for state, word in waiting:
        if state not in before:
            before[state] = word
            char = _picked(steps[state][0])[0]
            waiting += [(target, word + char) for target in steps[state][1] if target in steps]
    for origin, word in before.items():
        yield from ((word, one) for one in (*_between(steps, origin), *_rounds(steps, origin)))
    for origin, word in before.items():
        # What a loop before it takes as well is nothing that it has to begin with: something else comes first.
        if word and origin in steps[origin][1]:
            for one in _rounds(steps, origin):
                yield from ((word + char, one) for char in _picked(steps[origin][0])[:1] if char not in one)


def _between(steps: dict[int, tuple[frozenset[int], list[int]]], origin: int) -> Iterator[str]:
    """A text that leads from *origin* to itself, from there to another loop, and once round that one."""
    around: list[tuple[tuple[int, int, int], str]] = [
        ((origin, origin, other), "") for other in steps if other != origin and other in steps[other][1]
    ]
    if origin not in steps[origin][1]:
        return
    seen = set[tuple[int, int, int]]()
    for (left, middle, right), word in around:
        both = steps[left][0] & steps[middle][0] & steps[right][0]
        if not both or len(word) == _LONGEST_WORD or len(seen) > 2_000:
            continue
        plain = _picked(both)[0]
        # A word may have to end where it does.
        other = next((one for one in "!/ -" if SAMPLES.index(one) in both), plain)
        goal = right if right in steps[right][1] else -1
        for following in product(steps[left][1], steps[middle][1], steps[right][1]):
            if following == (origin, goal, goal):
                yield word + plain
                yield word + other
                return
            if following not in seen and all(one in steps for one in following):
                seen.add(following)
                around.append((following, word + (plain if word else other)))


def _rounds(steps: dict[int, tuple[frozenset[int], list[int]]], origin: int) -> Iterator[str]:
    """Some of the shortest texts that lead from the state *origin* to itself."""
    seen: set[tuple[int, int]] = set()
    waiting = [(origin, "")]
    found = 0
    for state, word in waiting:
        if len(word) == _LONGEST_WORD or found == 3:
            return
        for target in steps[state][1]:
            for char in _picked(steps[state][0]):
                if target == origin:
                    found += 1
                    yield word + char
                elif target in steps and (target, len(word)) not in seen:
                    seen.add((target, len(word)))
                    waiting.append((target, word + char))


def _picked(chars: frozenset[int]) -> list[str]:
    """Characters of a set that other parts of a pattern take as well."""
    plain = [one for one in map(SAMPLES.index, " a0") if one in chars]
    first = min(chars, key=lambda one: (not SAMPLES[one].isalnum(), not SAMPLES[one].isprintable(), one))
    return [SAMPLES[one] for one in dict.fromkeys((first, *plain))]


def square(pattern: str, flags: int, *, searched: bool) -> str | None:
    """A text that is looked at more than in proportion to its length; None where none is found."""
    counter = Counter(pattern, flags, _ENOUGH)
    words: dict[tuple[str, str], None] = {}
    for before, around in attacks(pattern, flags):
        words[before, around] = None
        if len(words) >= _MOST_WORDS:
            break
        if searched and before:
            words["", before + around] = None
    tried = list(words)[:_MOST_WORDS]
    if flags & re.M:
        # Each line begins anew: a blank that may be the end of a line is one.
        tried += [(one.replace(" ", "\n"), other.replace(" ", "\n")) for one, other in tried if " " in other]
    for before, around in tried:
        for end in _ENDS:
            short, long = (before + around * times + end for times in (_TIMES, 2 * _TIMES))
            once = counter.carry_out(short, everywhere=searched)
            if once < 4 * len(short):
                continue
            twice = counter.carry_out(long, everywhere=searched)
            if twice >= _ENOUGH or twice > 3 * once:
                return f"{before!r} + {around!r} * n + {end!r}: {once} and {twice} steps"
    return None


def deeply(work: Callable[[], T]) -> T:
    """What *work* returns, which calls itself for each character of a text."""
    limit, size = sys.getrecursionlimit(), threading.stack_size(512 * 1024 * 1024)
    sys.setrecursionlimit(100_000)
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work).result()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    ("pattern", "searched", "expected"),
    [
        (r"\s*,?\s*=", False, True),
        (r"\s*+,?\s*+=", False, False),
        (r"a.*b", True, True),
        (r"a[^ab]*b", True, False),
        (r"(?<!\s)\s++x", True, False),
        (r"\s++x", True, True),
        (r"\w+", True, False),
        (r"[a-z]+\.[a-z]+", False, False),
        (r"(.*)\.(.*)\.\Z", False, True),
        (r"a\s*=\s*(.*?)\s*\Z", False, True),
        (r"a\s*=(.*)\Z", False, False),
        (r"\$\{\{(.*?)\}\}", True, True),
        (r"(?s)\$\{\{(.*?)(\}\}|\Z)", True, False),
        (r"(?:\S*/)?ln\b.*\ssh", False, True),
        (r"(?>\S*/)?ln\b.*\ssh", False, False),
    ],
)
def test_the_judge_of_squares(pattern: str, searched: bool, expected: bool) -> None:
    assert (deeply(lambda: square(pattern, 0, searched=searched)) is not None) is expected


def test_lines_that_are_blank_are_tried() -> None:
    found = deeply(lambda: [square(one, re.M, searched=True) for one in (r"^\s*a", r"^[^\S\n]*+a")])
    assert [one is not None for one in found] == [True, False]


@pytest.mark.parametrize("language", vocabularies())
def test_no_word_that_is_sought_in_a_whole_source_takes_the_square_of_it(language: str) -> None:
    words = vocabularies()[language]
    sought = [one for one in (*words.packages, words.own, words.starts, words.default_port) if one is not None]
    found = deeply(lambda: [square(one.pattern, one.flags, searched=True) for one in sought])
    assert not any(found), found


def test_no_pattern_takes_the_square_of_a_text_that_can_be_long() -> None:
    entries = tomllib.loads(Path(__file__).with_name("squares.toml").read_text("utf-8"))["pattern"]
    excused = {one["text"]: one["because"] for one in entries}
    found = deeply(
        lambda: {
            one.text: f"{one.where}: {one.text}: {said}"
            for one in patterns()
            if (said := square(one.text, one.flags, searched=one.searched)) is not None
        }
    )
    assert not found.keys() - excused.keys(), "\n".join(found[one] for one in sorted(found.keys() - excused.keys()))
    # What is no longer so needs no excuse.
    assert sorted(excused.keys() - found.keys()) == []
