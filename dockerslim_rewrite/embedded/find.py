"""String literals of a Python module that hold a Dockerfile, found with libcst."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from ..patterns import re
from ..text import Span
from .literal import CONVERSION, FIELD, Found, Literal, Piece, pieces_of, placeholder, with_fields

_LOOKS = re.compile(r"^[ \t]*FROM[ \t]+\S", re.M | re.I)
_PREFIX = re.compile(r"(?P<prefix>[A-Za-z]*)(?P<quote>\"\"\"|'''|\"|')")


def find(source: str, newline: str) -> list[Found]:
    """The candidates in the module *source*, in the order of the text. Raises ``libcst.ParserSyntaxError``."""
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    visitor = _Visitor(source, newline)
    wrapper.visit(visitor)
    return [visitor.candidate(node) for node in visitor.nodes]


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (ByteSpanPositionProvider,)

    def __init__(self, source: str, newline: str) -> None:
        super().__init__()
        self.source = source
        self.newline = newline
        self.nodes: list[cst.SimpleString | cst.FormattedString | cst.ConcatenatedString] = []
        self.templates: dict[int, str] = {}
        self.names: dict[int, list[str]] = {}
        self.used: dict[str, str] = {}
        self.spans: dict[int, tuple[int, int]] = {}
        self.ascii = source.isascii()
        self.data = b"" if self.ascii else source.encode("utf-8", "surrogateescape")

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        if _LOOKS.search(node.raw_value.replace("\\n", "\n")):
            self._keep(node)

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        text = "".join(part.value if isinstance(part, cst.FormattedStringText) else "x" for part in node.parts)
        if _LOOKS.search(text.replace("\\n", "\n")):
            self._keep(node)
            for part in node.parts:
                self.spans[id(part)] = self._span(part)
        return False

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> bool:
        parts = cst.Module([]).code_for_node(node)
        if _LOOKS.search(parts.replace("\\n", "\n").replace('"', "\n").replace("'", "\n")):
            self._keep(node)
        return False

    def visit_Call(self, node: cst.Call) -> None:
        function = node.func
        if isinstance(function, cst.Attribute) and function.attr.value in ("format", "format_map"):
            self._template(function.value, "format")

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> None:
        if isinstance(node.operator, cst.Modulo):
            self._template(node.left, "percent")

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            if isinstance(target.target, cst.Name):
                for one in (node.value, _inner(node.value)):
                    self.names.setdefault(id(one), []).append(target.target.value)

    def _template(self, node: cst.BaseExpression, kind: str) -> None:
        self.templates[id(node)] = kind
        if isinstance(node, cst.Name):
            self.used[node.value] = kind
        elif isinstance(node, cst.Call) and node.args:
            self._template(node.args[0].value, kind)

    def _keep(self, node: cst.SimpleString | cst.FormattedString | cst.ConcatenatedString) -> None:
        self.nodes.append(node)
        self.spans[id(node)] = self._span(node)

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where *node* stands, in code points."""
        found = self.get_metadata(ByteSpanPositionProvider, node)
        start, end = found.start, found.start + found.length
        if self.ascii:
            return start, end
        return (
            len(self.data[:start].decode("utf-8", "surrogateescape")),
            len(self.data[:end].decode("utf-8", "surrogateescape")),
        )

    def candidate(self, node: cst.SimpleString | cst.FormattedString | cst.ConcatenatedString) -> Found:
        """The literal of *node*, or why it is left alone."""
        start, end = self.spans[id(node)]
        if isinstance(node, cst.ConcatenatedString):
            return Found(None, start, "the Dockerfile is put together from several literals")
        match = _PREFIX.match(self.source, start)
        if match is None:
            return Found(None, start, "the literal cannot be read")
        prefix, quote = match["prefix"].lower(), match["quote"]
        if "b" in prefix:
            return Found(None, start, "the Dockerfile is a bytes literal")
        raw = "r" in prefix
        kind = self._kind(node)
        if isinstance(node, cst.FormattedString):
            if kind is not None:
                return Found(None, start, "the Dockerfile is formatted twice")
            pieces = list(self._formatted(node, raw=raw))
        else:
            pieces = pieces_of(self.source[match.end() : end - len(quote)], match.end(), raw=raw, doubled=False)
            if "{%" in node.value or re.search(r"\{\{ ?[\w.]+ ?(?:\||\}\})", node.value):
                return Found(None, start, "the Dockerfile is a template of its own, as Jinja's")
            pieces = with_fields(pieces, CONVERSION if kind == "percent" else FIELD)
        braces = kind == "format" or isinstance(node, cst.FormattedString)
        return Found(Literal(tuple(pieces), raw, quote, braces, kind == "percent", self.newline), start)

    def _kind(self, node: cst.BaseExpression) -> str | None:
        """Whether *node*, or the name that it is assigned to, is formatted: ``format`` or ``percent``."""
        if id(node) in self.templates:
            return self.templates[id(node)]
        return next((self.used[name] for name in self.names.get(id(node), ()) if name in self.used), None)

    def _formatted(self, node: cst.FormattedString, *, raw: bool) -> Iterator[Piece]:
        number = 0
        for part in node.parts:
            start, end = self.spans[id(part)]
            if isinstance(part, cst.FormattedStringText):
                yield from pieces_of(self.source[start:end], start, raw=raw, doubled=True)
            else:
                yield placeholder(number, Span(start, end))
                number += 1


def _inner(value: cst.BaseExpression) -> cst.BaseExpression:
    """What *value* is called with first, as ``dedent`` is; else *value* itself."""
    return value.args[0].value if isinstance(value, cst.Call) and value.args else value
