"""From text to ``Script`` through tree-sitter's bash grammar.

The grammar's tree differs from what shells do in a few places, which are set right here: a redirection after
``a && b`` belongs to b; ``! a | b`` negates the pipeline; a word after a redirection's target belongs to the command.
A tree with an error, or with a shape that is not known here, makes the body opaque.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..text import Span
from .script import (
    AndOr,
    Compound,
    Group,
    Node,
    Opaque,
    Operator,
    Pipeline,
    Redirect,
    Script,
    Sequence,
    Simple,
    Word,
)

if TYPE_CHECKING:
    from tree_sitter import Parser

#: Deeper nesting than this is not read: real bodies stay below 30.
MAX_DEPTH = 150
_MAX_NESTING = re.compile(r"[({`]")

_COMPOUNDS = {
    "if_statement": "if",
    "for_statement": "for",
    "c_style_for_statement": "for",
    "while_statement": "while",
    "case_statement": "case",
    "function_definition": "function",
}
_BODIES = frozenset(("do_group", "elif_clause", "else_clause", "case_item"))
_SEPARATORS = frozenset((";", "&", "\n", ";;", ";&", ";;&"))
_REDIRECTS = frozenset(("file_redirect", "heredoc_redirect", "herestring_redirect"))
_TEST_WORD = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|\$\([^()]*\)|`[^`]*`|[^\s\\"'])+""", re.S)
_SUBSTITUTION = ("$(", "`", "<(", ">(")


class _UnknownShape(Exception):
    """A tree that this reader does not know; the body stays opaque."""


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


@lru_cache(maxsize=8192)
def read_script(text: str) -> Script | Opaque:
    """Read *text*, the logical text of a shell body. Never raises: what is not understood is ``Opaque``."""
    if len(_MAX_NESTING.findall(text)) > 5000:
        return Opaque(text, "too many nested constructs")
    if "\x00" in text:
        return Opaque(text, "holds a NUL")
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        return Opaque(text, "not UTF-8")
    root = _parser().parse(data).root_node
    if root.has_error:
        return Opaque(text, "the shell syntax could not be read with certainty")
    try:
        return _Reader(text, data).script(root)
    except _UnknownShape as shape:
        return Opaque(text, f"shell syntax that is not handled: {shape}")
    except RecursionError:
        return Opaque(text, "nested too deeply")


class _Reader:
    def __init__(self, text: str, data: bytes) -> None:
        self.text = text
        self.ascii = len(text) == len(data)
        self.depth = 0
        self.comments: list[Span] = []
        if not self.ascii:
            offsets = []
            for index, char in enumerate(text):
                offsets.extend([index] * len(char.encode("utf-8")))
            offsets.append(len(text))
            self.offsets = offsets

    def span(self, node: Any) -> Span:
        start, end = node.start_byte, node.end_byte
        if self.ascii:
            return Span(start, end)
        return Span(self.offsets[start], self.offsets[end])

    def word(self, node: Any) -> Word:
        span = self.span(node)
        return Word(self.text[span.start : span.end], span)

    def script(self, root: Any) -> Script:
        sequence = self.sequence(root, root.children)
        return Script(self.text, sequence, tuple(self.comments))

    def sequence(self, owner: Any, nodes: list[Any]) -> Sequence:
        items: list[Node] = []
        separators: list[Operator] = []
        for node in nodes:
            kind = node.type
            if kind == "comment":
                self.comments.append(self.span(node))
            elif kind in _SEPARATORS:
                if len(separators) < len(items):
                    separators.append(Operator(kind, self.span(node)))
                elif kind not in (";;", ";&", ";;&", "\n"):
                    raise _UnknownShape(kind)
            elif not node.is_named:
                raise _UnknownShape(kind)
            else:
                if len(separators) < len(items):
                    end = items[-1].span.end
                    separators.append(Operator("\n", Span(end, end)))
                items.append(self.node(node))
        span = Span(items[0].span.start, items[-1].span.end) if items else self.span(owner)
        return Sequence(span, tuple(items), tuple(separators))

    def node(self, node: Any) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RecursionError
        try:
            return self._node(node)
        finally:
            self.depth -= 1

    def _node(self, node: Any) -> Node:
        kind = node.type
        if kind == "command":
            return self.command(node)
        if kind == "list":
            return self.and_or(node)
        if kind == "pipeline":
            return self.pipeline(node)
        if kind == "redirected_statement":
            return self.redirected(node)
        if kind == "subshell":
            return Group(self.span(node), self.sequence(node, node.children[1:-1]), True)
        if kind == "compound_statement":
            if node.children[0].type == "((":
                return Compound(self.span(node), "test", (), self.nested(node))
            return Group(self.span(node), self.sequence(node, node.children[1:-1]), False)
        if kind in _COMPOUNDS:
            return self.compound(node, _COMPOUNDS[kind])
        if kind == "negated_command":
            return self.negated(node)
        if kind == "test_command":
            return self.test(node)
        if kind in ("variable_assignment", "variable_assignments"):
            parts = node.children if kind == "variable_assignments" else [node]
            words = tuple(self.word(part) for part in parts)
            return Simple(self.span(node), (), words, (), self.nested(node))
        if kind in ("declaration_command", "unset_command"):
            words = tuple(self.word(child) for child in node.children)
            return Simple(self.span(node), words, (), (), self.nested(node))
        raise _UnknownShape(kind)

    def command(self, node: Any) -> Simple:
        words: list[Word] = []
        assignments: list[Word] = []
        redirects: list[Redirect] = []
        for child in node.children:
            kind = child.type
            if kind == "variable_assignment" and not words:
                assignments.append(self.word(child))
            elif kind in _REDIRECTS:
                words.extend(self.redirect(child, redirects))
            elif child.is_named or kind == "$":
                words.append(self.word(child))
            else:
                raise _UnknownShape(kind)
        if words and words[0].text in ("{", "}", "!", "time", "coproc"):
            raise _UnknownShape(words[0].text)
        return Simple(
            self.span(node), tuple(words), tuple(assignments), tuple(redirects), self.nested(node)
        )

    def redirect(self, node: Any, out: list[Redirect]) -> list[Word]:
        """Note the redirection of *node* in *out*; words behind its target are given back: they are the command's."""
        if node.type == "heredoc_redirect":
            extra: list[Word] = []
            for child in node.children:
                if child.type in ("file_redirect", "herestring_redirect"):
                    extra.extend(self.redirect(child, out))
                elif child.type in ("word", "string", "raw_string", "concatenation", "number"):
                    extra.append(self.word(child))
                elif child.type not in (
                    "<<", "<<-", "heredoc_start", "heredoc_body", "heredoc_end", "file_descriptor"
                ):  # fmt: skip
                    raise _UnknownShape(f"{child.type} after a here-document")
            out.append(Redirect("<<", None, self.span(node)))
            return extra
        children = node.children
        at = 0
        while at < len(children) and (children[at].type == "file_descriptor" or not children[at].is_named):
            at += 1
        operator = "".join(self.word(child).text for child in children[:at])
        if at == len(children):
            out.append(Redirect(operator, None, self.span(node)))
            return []
        target = self.word(children[at])
        out.append(Redirect(operator, target, Span(self.span(node).start, target.span.end)))
        return [self.word(child) for child in children[at + 1 :]]

    def redirected(self, node: Any) -> Node:
        inner: Node | None = None
        redirects: list[Redirect] = []
        extra: list[Word] = []
        for child in node.children:
            if child.type in _REDIRECTS:
                extra.extend(self.redirect(child, redirects))
            else:
                inner = self.node(child)
        nested = tuple(n for child in node.children if child.type in _REDIRECTS for n in self.nested(child))
        if inner is None:
            return Simple(self.span(node), tuple(extra), (), tuple(redirects), nested)
        return _redirect(inner, tuple(redirects), tuple(extra), nested)

    def and_or(self, node: Any) -> AndOr:
        operands: list[Any] = []
        operators: list[Operator] = []
        while node.type == "list":
            left, operator, right = self.three(node)
            operands.append(right)
            operators.append(Operator(operator.type, self.span(operator)))
            node = left
        operands.append(node)
        items: list[Node] = []
        flat: list[Operator] = []
        for index, operand in enumerate(reversed(operands)):
            if index:
                flat.append(operators[-index])
            item = self.node(operand)
            if isinstance(item, AndOr):
                if items:
                    raise _UnknownShape("list on the right of a list")
                items.extend(item.items)
                flat.extend(item.operators)
            else:
                items.append(item)
        return AndOr(Span(items[0].span.start, items[-1].span.end), tuple(items), tuple(flat))

    def three(self, node: Any) -> tuple[Any, Any, Any]:
        for child in node.children:
            if child.type == "comment":
                self.comments.append(self.span(child))
        parts = [child for child in node.children if child.type not in ("comment", "\n")]
        if len(parts) != 3:
            raise _UnknownShape("list")
        return parts[0], parts[1], parts[2]

    def pipeline(self, node: Any) -> Node:
        items: list[Node] = []
        operators: list[Operator] = []
        for child in node.children:
            if child.type in ("|", "|&"):
                operators.append(Operator(child.type, self.span(child)))
            elif child.type == "comment":
                self.comments.append(self.span(child))
            elif child.is_named:
                items.append(self.node(child))
            elif child.type != "\n":
                raise _UnknownShape(child.type)
        first = items[0]
        end = items[-1].span.end
        if isinstance(first, AndOr):
            tail = _pipe(first.items[-1], items[1:], operators, end)
            return AndOr(Span(first.span.start, end), (*first.items[:-1], tail), first.operators)
        if any(isinstance(item, AndOr) for item in items):
            raise _UnknownShape("list inside a pipeline")
        return _pipe(first, items[1:], operators, end)

    def negated(self, node: Any) -> Node:
        inner = self.node(node.children[-1])
        start = self.span(node).start
        if isinstance(inner, AndOr):
            first = _negate(inner.items[0], start)
            return AndOr(Span(start, inner.span.end), (first, *inner.items[1:]), inner.operators)
        return _negate(inner, start)

    def test(self, node: Any) -> Node:
        if node.children[0].type != "[":
            return Compound(self.span(node), "test", (), self.nested(node))
        span = self.span(node)
        words = [
            Word(match[0], Span(span.start + match.start(), span.start + match.end()))
            for match in _TEST_WORD.finditer(self.text[span.start : span.end])
        ]
        return Simple(span, tuple(words), (), (), self.nested(node))

    def compound(self, node: Any, kind: str) -> Compound:
        parts: list[Node] = []
        nested: list[Node] = []
        self._clauses(node, kind, parts, nested)
        name = None
        if kind == "function":
            name = next(self.word(child).text for child in node.children if child.type == "word")
        return Compound(self.span(node), kind, tuple(parts), tuple(nested), (), name)

    def _clauses(self, node: Any, kind: str, parts: list[Node], nested: list[Node]) -> None:
        pending: list[Any] = []

        def flush() -> None:
            if pending:
                parts.append(self.sequence(node, list(pending)))
                pending.clear()

        for child in node.children:
            if child.type in _BODIES:
                flush()
                self._clauses(child, kind, parts, nested)
            elif child.type == "comment" or child.type in _SEPARATORS:
                if pending or child.type == "comment":
                    pending.append(child)
            elif not child.is_named:
                flush()
            elif child.type in _STATEMENTS and not (node.type.startswith("c_style") and child.type != "do_group"):
                pending.append(child)
            else:
                nested.extend(self.nested(child))
        flush()

    def nested(self, node: Any) -> tuple[Node, ...]:
        """The scripts of the substitutions below *node*, not those inside them."""
        span = self.span(node)
        text = self.text[span.start : span.end]
        if not any(mark in text for mark in _SUBSTITUTION):
            return ()
        found: list[Node] = []
        stack = list(reversed(node.children))
        while stack:
            child = stack.pop()
            if child.type in ("command_substitution", "process_substitution"):
                found.append(self.sequence(child, child.children[1:-1]))
            elif child.type not in _STATEMENTS:
                stack.extend(reversed(child.children))
        return tuple(found)


_STATEMENTS = frozenset(
    (
        "command",
        "list",
        "pipeline",
        "redirected_statement",
        "subshell",
        "compound_statement",
        "negated_command",
        "test_command",
        "variable_assignment",
        "variable_assignments",
        "declaration_command",
        "unset_command",
        *_COMPOUNDS,
    )
)


def _pipe(first: Node, rest: list[Node], operators: list[Operator], end: int) -> Pipeline:
    negated = False
    start = first.span.start
    items: tuple[Node, ...] = (first,)
    if isinstance(first, Pipeline):
        negated, items, operators = first.negated, first.items, [*first.operators, *operators]
    return Pipeline(Span(start, end), (*items, *rest), tuple(operators), negated)


def _negate(inner: Node, start: int) -> Pipeline:
    if isinstance(inner, Pipeline):
        return Pipeline(Span(start, inner.span.end), inner.items, inner.operators, not inner.negated)
    return Pipeline(Span(start, inner.span.end), (inner,), (), True)


def _redirect(
    node: Node, redirects: tuple[Redirect, ...], extra: tuple[Word, ...], nested: tuple[Node, ...]
) -> Node:
    """Give *redirects* to the command that they belong to: the last one of a list or pipeline."""
    end = max([redirect.span.end for redirect in redirects] + [word.span.end for word in extra])
    span = Span(node.span.start, max(node.span.end, end))
    if isinstance(node, AndOr | Pipeline):
        last = _redirect(node.items[-1], redirects, extra, nested)
        items = (*node.items[:-1], last)
        if isinstance(node, AndOr):
            return AndOr(span, items, node.operators)
        return Pipeline(span, items, node.operators, node.negated)
    if isinstance(node, Simple):
        return Simple(
            span,
            tuple(sorted((*node.words, *extra), key=lambda word: word.span)),
            node.assignments,
            (*node.redirects, *redirects),
            (*node.nested, *nested),
        )
    if extra:
        raise _UnknownShape("words after a compound command's redirection")
    if isinstance(node, Group):
        return Group(span, node.body, node.subshell, (*node.redirects, *redirects))
    if isinstance(node, Compound):
        return Compound(
            span, node.kind, node.parts, (*node.nested, *nested), (*node.redirects, *redirects), node.name
        )
    raise _UnknownShape("redirection")
