"""Expressions of HCL as trees. Source: HashiCorp, "HCL Native Syntax Specification", Expressions and Templates.

python-hcl2 reads files and hands on expressions as text; it gives them no meaning.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from ...patterns import re

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_][\w-]*)
      | (?P<quote>")
      | (?P<heredoc><<(?P<flush>-?)(?P<mark>[A-Za-z_]\w*)\n)
      | (?P<operator>\.\.\.|=>|&&|\|\||==|!=|<=|>=|[-+*/%!<>?:,.(){}\[\]=~]))""",
    re.X,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_BINARY = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))
_MAX_DEPTH = 60


class HclError(ValueError):
    """An expression that is not read here."""


class Tree(NamedTuple):
    """``kind`` names the construct, ``parts`` are texts, values and trees."""

    kind: str
    parts: tuple[Any, ...]


@lru_cache(maxsize=2048)
def expression(text: str) -> Tree:
    """The tree of the expression *text*. Raises ``HclError``."""
    reader = _Reader(text)
    found = reader.conditional()
    if reader.peek() is not None:
        raise HclError(f"what is {text[reader.at : reader.at + 20]!r}")
    return found


@lru_cache(maxsize=2048)
def template(text: str) -> Tree:
    """The tree of the bare template *text*, as strings of JSON are. Raises ``HclError``."""
    return _Reader(text).template(None)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0
        self._depth = 0
        self._trims = False

    def peek(self) -> re.Match[str] | None:
        match = _TOKEN.match(self._text, self.at)
        if match is None and self._text[self.at :].strip():
            raise HclError(f"what is {self._text[self.at : self.at + 20]!r}")
        return match

    def _next(self) -> str:
        match = self.peek()
        if match is None:
            raise HclError("it ends too early")
        self.at = match.end()
        return match[0].strip()

    def _looks(self, *words: str) -> bool:
        match = self.peek()
        return match is not None and match[0].strip() in words and match["quote"] is None

    def _take(self, word: str) -> bool:
        if self._looks(word):
            self._next()
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise HclError(f"{word} is missing")

    def conditional(self) -> Tree:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise HclError("nested too deeply")
        found = self._binary(0)
        if self._take("?"):
            yes = self.conditional()
            self._expect(":")
            found = Tree("if", (found, yes, self.conditional()))
        self._depth -= 1
        return found

    def _binary(self, level: int) -> Tree:
        if level == len(_BINARY):
            return self._unary()
        left = self._binary(level + 1)
        while self._looks(*_BINARY[level]):
            operator = self._next()
            left = Tree("binary", (operator, left, self._binary(level + 1)))
        return left

    def _unary(self) -> Tree:
        if self._looks("-", "!"):
            operator = self._next()
            return Tree("unary", (operator, self._unary()))
        found = self._primary()
        while True:
            if self._take("."):
                name = self._next()
                found = Tree("splat", (found,)) if name == "*" else Tree("get", (found, Tree("value", (name,))))
            elif self._take("["):
                if self._take("*"):
                    found = Tree("splat", (found,))
                else:
                    found = Tree("get", (found, self.conditional()))
                self._expect("]")
            else:
                return found

    def _primary(self) -> Tree:
        match = self.peek()
        if match is None:
            raise HclError("it ends too early")
        if match["number"] is not None:
            number = self._next()
            return Tree("value", (float(number) if "." in number else int(number),))
        if match["quote"] is not None:
            self.at = match.end()
            return self.template('"')
        if match["heredoc"] is not None:
            self.at = match.end()
            return self._heredoc(match["mark"], flush=bool(match["flush"]))
        word = self._next()
        if word == "(":
            found = self.conditional()
            self._expect(")")
            return found
        if word == "[":
            return self._list()
        if word == "{":
            return self._object()
        if match["name"] is None:
            raise HclError(f"{word} stands where a value should")
        if word in ("true", "false", "null"):
            return Tree("value", ({"true": True, "false": False, "null": None}[word],))
        return self._call(word) if self._take("(") else Tree("name", (word,))

    def _call(self, name: str) -> Tree:
        arguments: list[Tree] = []
        spread = False
        while not self._take(")"):
            arguments.append(self.conditional())
            spread = self._take("...") or spread
            if not self._take(","):
                self._expect(")")
                break
        return Tree("call", (name, tuple(arguments), spread))

    def _list(self) -> Tree:
        if self._take("for"):
            names, source = self._for()
            value = self.conditional()
            condition = self.conditional() if self._take("if") else None
            self._expect("]")
            return Tree("for", (names, source, None, value, condition))
        items = []
        while not self._take("]"):
            items.append(self.conditional())
            if not self._take(","):
                self._expect("]")
                break
        return Tree("list", tuple(items))

    def _object(self) -> Tree:
        if self._take("for"):
            names, source = self._for()
            key = self.conditional()
            self._expect("=>")
            value = self.conditional()
            self._take("...")
            condition = self.conditional() if self._take("if") else None
            self._expect("}")
            return Tree("for", (names, source, key, value, condition))
        items = []
        while not self._take("}"):
            match = self.peek()
            if match is not None and match["name"] is not None:
                key = Tree("value", (self._next(),))
            else:
                key = self._primary()
            if not self._take("="):
                self._expect(":")
            items.append((key, self.conditional()))
            self._take(",")
        return Tree("object", tuple(items))

    def _for(self, *, closed: bool = True) -> tuple[tuple[str, ...], Tree]:
        names = [self._next()]
        if self._take(","):
            names.append(self._next())
        self._expect("in")
        source = self.conditional()
        if closed:
            self._expect(":")
        return tuple(names), source

    def _heredoc(self, mark: str, *, flush: bool) -> Tree:
        lines = self._text[self.at :].split("\n")
        end = next((index for index, line in enumerate(lines) if line.strip().rstrip('"') == mark), len(lines))
        lines = _flushed(lines[:end]) if flush else lines[:end]
        body = "\n".join(lines)
        self.at = len(self._text)
        return template(body + "\n" if body else "")

    def template(self, end: str | None) -> Tree:
        """The parts of a template up to *end*, which is taken (None: to the end of the text)."""
        parts, word = self._parts(end)
        if word is not None:
            raise HclError(f"what is %{{{word}}}")
        if end is not None:
            if self.at >= len(self._text):
                raise HclError("a quote stays open")
            self.at += 1
        return Tree("template", parts)

    def _parts(self, end: str | None) -> tuple[tuple[Any, ...], str | None]:
        """The parts up to *end*, or to the directive that ends or divides a block, which is taken and told."""
        parts: list[Any] = []
        literal: list[str] = []
        text = self._text
        trims = False
        while self.at < len(text) and text[self.at] != end:
            char = text[self.at]
            if text.startswith(("$${", "%%{"), self.at):
                literal.append(text[self.at + 1 : self.at + 3])
                self.at += 3
            elif text.startswith(("${", "%{"), self.at):
                before = "".join(literal)
                before = before.lstrip() if trims else before
                self.at += 2
                parts.append(before.rstrip() if self._tilde() else before)
                literal = []
                if char == "$":
                    parts.append(self.conditional())
                    trims = self._closed()
                    continue
                word = self._next()
                if word in ("else", "endif", "endfor"):
                    # What it trims behind itself is the beginning of the next part.
                    self._trims = self._closed()
                    return tuple(part for part in parts if part != ""), word
                block, trims = self._directive(word, end)
                parts.append(block)
            elif char == "\\" and end is not None:
                follow = text[self.at + 1 : self.at + 2]
                if follow not in _ESCAPES:
                    raise HclError(f"what is \\{follow}")
                literal.append(_ESCAPES[follow])
                self.at += 2
            else:
                literal.append(char)
                self.at += 1
        last = "".join(literal)
        parts.append(last.lstrip() if trims else last)
        return tuple(part for part in parts if part != ""), None

    def _tilde(self) -> bool:
        """Whether blanks are trimmed here; the mark is taken."""
        there = self._text.startswith("~", self.at)
        self.at += there
        return there

    def _closed(self) -> bool:
        """Take the end of a sequence; whether it trims what is behind it."""
        while self._text[self.at : self.at + 1].isspace():
            self.at += 1
        there = self._tilde()
        self._expect("}")
        return there

    def _directive(self, word: str, end: str | None) -> tuple[Tree, bool]:
        """The block that the directive *word* begins, and whether its end trims what is behind it."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise HclError("it is nested too deeply")
        if word == "if":
            condition = self.conditional()
            yes, closed = self._block(self._closed(), end)
            no: Tree = Tree("template", ())
            if closed == "else":
                no, closed = self._block(self._trims, end)
            found, wanted = Tree("if", (condition, yes, no)), "endif"
        elif word == "for":
            names, source = self._for(closed=False)
            body, closed = self._block(self._closed(), end)
            found, wanted = Tree("joined", (Tree("for", (names, source, None, body, None)),)), "endfor"
        else:
            raise HclError(f"what is %{{{word}}}")
        if closed != wanted:
            raise HclError(f"%{{{word}}} stays open")
        self._depth -= 1
        return found, self._trims

    def _block(self, trims: bool, end: str | None) -> tuple[Tree, str | None]:
        parts, word = self._parts(end)
        if trims and parts and isinstance(parts[0], str):
            parts = (parts[0].lstrip(), *parts[1:])
        return Tree("template", tuple(part for part in parts if part != "")), word


def _flushed(lines: list[str]) -> list[str]:
    """*lines* without the blanks that all of them begin with; those that are blank themselves stay as they are.

    Source: HashiCorp, "HCL Native Syntax Specification", Template Expressions (flush heredocs).
    """
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    least = min(indents, default=0)
    return [line[least:] if line.strip() else line for line in lines]
