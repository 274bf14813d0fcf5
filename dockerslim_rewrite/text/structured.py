"""Text of others as data: JSON, TOML and Python, read only as deep as people write.

The readers of Python's own library call themselves for every level, and end in ``RecursionError`` or ``MemoryError``
for a text of some kilobytes, or in a result on which whoever walks it fails. So the depth is counted before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..patterns import re

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

#: Levels of brackets, of indented blocks, of operators before one another. Real files stay below 40.
MAX_DEPTH = 150
#: Operands of one expression without brackets, such as ``a + b + c``, of which each is a level of the tree.
_MAX_CHAIN = 2_000
#: Values in one text. Each takes some 80 bytes of memory, and three of the text.
_MAX_VALUES = 2_000_000
#: A node of a tree of Python takes half a kilobyte, and may take as little as a sign of text, or the end of a line,
#: which makes a statement. The longest files that people write have a quarter of it.
MAX_WORDS = 150_000
_WORD = re.compile(r"\w+|[^\w\s]|\n\s*+")
#: A bracket, or what hides brackets: a string, which the end of the text may cut off, and in TOML a comment. Sources:
#: RFC 8259, section 7; TOML 1.0, "String" and "Comment".
_BRACKET = re.compile(r"[\[({]|[\])}]")
_JSON_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.S)
_TOML_BRACKET = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?'
    r"|'''(?:[^']|'(?!''))*+(?:''')?|'[^'\n]*+'?|#[^\n]*+|[\[{]|[\]}]",
    re.S,
)
_SIGNS = re.compile(rf"(?:[-+~]\s*+){{{MAX_DEPTH}}}|(?:\bnot\s++){{{MAX_DEPTH}}}")


class Excessive(ValueError):
    """A text that holds more than anything that is read here."""


class TooDeep(Excessive):
    """A text that is nested deeper than anything that people write."""

    def __init__(self) -> None:
        super().__init__("it is nested too deeply")


def read_json(text: str | bytes) -> Any:
    """The value of the JSON *text*. Raises ``ValueError`` for what is none, holds too much, or is nested too deeply."""
    import json

    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if sum(map(text.count, ",[{")) > _MAX_VALUES:
        raise Excessive("it holds too many values")
    _check(text, _JSON_BRACKET)
    try:
        return json.loads(text)
    except RecursionError:
        raise TooDeep from None


def read_toml(text: str) -> dict[str, Any]:
    """The tables of the TOML *text*. Raises ``ValueError`` for what is none, and for what is nested too deeply."""
    import tomllib

    _check(text, _TOML_BRACKET)
    if any(line.count(".") > MAX_DEPTH for line in text.splitlines() if "." in line):
        raise TooDeep
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TooDeep from None


def read_python(text: str) -> ast.Module:
    """The tree of the Python module *text*.

    Raises ``SyntaxError`` for what is none, for what is nested too deeply, and for what is generated data.
    """
    import ast

    try:
        _check(text, _BRACKET)
        _check_words(text)
        if _SIGNS.search(text):
            raise TooDeep
        tree = ast.parse(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "it is nested too deeply") from None
    level: list[ast.AST] = [tree]
    for _ in range(_MAX_CHAIN):
        level = [child for node in level for child in children(node)]
        if not level:
            return tree
    raise SyntaxError("it is nested too deeply")


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """What ``ast.walk`` yields of *tree*, level by level."""
    level = [tree]
    while level:
        yield from level
        level = [child for node in level for child in children(node)]


def children(node: ast.AST) -> list[ast.AST]:
    """What ``ast.iter_child_nodes`` yields of *node*, in a third of its time."""
    import ast

    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [one for one in value if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def words_in(text: str) -> int:
    """How many words, signs and lines *text* has: about as many as its tree as a Python module has nodes."""
    return sum(1 for _ in _WORD.finditer(text))


def _check_words(text: str) -> None:
    """Raise ``ValueError`` where a tree of *text* would have too many nodes; a word, a sign, a line is one."""
    if len(text) > MAX_WORDS and words_in(text) > MAX_WORDS:
        raise ValueError(f"it has more than {MAX_WORDS:,} words and signs, as only generated data has")


def _check(text: str, brackets: re.Pattern[str]) -> None:
    """Raise ``TooDeep`` where *brackets* are open within one another beyond the limit.

    Those of Python count in strings too: a formatted string holds expressions.
    """
    depth = 0
    for found in brackets.finditer(text):
        sign = found[0][0]
        if sign in "[({":
            depth += 1
            if depth > MAX_DEPTH:
                raise TooDeep
        elif sign in "])}" and depth:
            depth -= 1
