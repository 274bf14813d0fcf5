"""From text to ``Script`` through tree-sitter's bash grammar.

The grammar's tree differs from what shells do in a few places, which are set right here: a redirection after
``a && b`` belongs to b; ``! a | b`` negates the pipeline; a word after a redirection's target belongs to the command;
``$A/b$C`` is one word although the grammar may give two that touch.
A tree with an error, or with a shape that is not known here, makes the body opaque.
"""

from __future__ import annotations

import shlex
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..patterns import re
from ..text import Span
from .names import POSIX_SHELLS
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
from .tree_words import REDIRECTS, TreeWords, UnknownShape

if TYPE_CHECKING:
    from tree_sitter import Parser

#: Deeper nesting than this is not read: real bodies stay below 30.
MAX_DEPTH = 150
#: For each line the grammar looks at all here-documents that are open: so many, times the characters of the script. A
#: dozen of them in a script of a hundred kilobytes is a tenth of it.
_MAX_HEREDOCS = 20_000_000
#: What the grammar takes for a pipeline grows with the square of its length: a gigabyte for ten thousand commands.
_MAX_PIPELINE = 1000
#: The longest scripts that people write, installers of tools, have less than half of it.
_MAX_WORDS = 40_000
_PIPE_END = re.compile(r"\|[ \t]*+\n")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WIDE = re.compile("[^\x00-\xff]")
_DUPLICATED = re.compile(r"([<>]&[0-9-]{1,3}[ \t]{0,20})\n")
_MAX_NESTING = re.compile(r"[({`]")

_COMPOUNDS = {
    "if_statement": "if",
    "for_statement": "for",
    "c_style_for_statement": "for",
    "while_statement": "while",
    "case_statement": "case",
    "function_definition": "function",
}
_CHAINS = frozenset(("list", "pipeline", "redirected_statement", "negated_command"))
_BODIES = frozenset(("do_group", "elif_clause", "else_clause", "case_item"))
_SEPARATORS = frozenset((";", "&", "\n", ";;", ";&", ";;&"))
_TEST_WORD = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|\$\([^()]*\)|`[^`]*`|[^\s\\"'])++""", re.S)
_SUBSTITUTIONS = frozenset(("command_substitution", "process_substitution"))
_SUBSTITUTION_MARKS = ("$(", "`", "<(", ">(")


class _Operand(NamedTuple):
    """A command of a chain, and where the ``!`` before it stands."""

    node: Node
    negated: int | None


class _Negation(NamedTuple):
    """Task: the operand at ``operand`` is preceded by a ``!`` at ``start``."""

    operand: int
    start: int


class _Redirection(NamedTuple):
    """Task: the redirections of ``node`` belong to the last operand, or stand alone."""

    node: Any
    has_command: bool


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


@lru_cache(maxsize=1024)
def read_script(text: str) -> Script | Opaque:
    """Read *text*, the logical text of a shell body. Never raises: what is not understood is ``Opaque``."""
    if len(_MAX_NESTING.findall(text)) > 5000:
        return Opaque(text, "too many nested constructs")
    if text.count("<<") * len(text) > _MAX_HEREDOCS:
        return Opaque(text, "too many here-documents for its length")
    if len(text) > _MAX_WORDS and len(text.split()) > _MAX_WORDS:
        return Opaque(text, f"longer than {_MAX_WORDS:,} words")
    if text.count("|") > _MAX_PIPELINE and _longest_pipeline(text) > _MAX_PIPELINE:
        return Opaque(text, "a pipeline of too many commands")
    if "\x00" in text:
        return Opaque(text, "holds a NUL")
    if _SURROGATE.search(text):
        return Opaque(text, "not UTF-8")
    # The grammar's scanner asks C's isdigit() about what it meets, which is defined up to 255 only: of larger code
    # points it reads memory that is not its own, and may end the process. To a shell they all are letters.
    narrow = text if text.isascii() else _WIDE.sub("\xff", text)
    # The grammar may take the line behind `2>&1` for more of its target. A semicolon ends the command as well.
    again = _DUPLICATED.sub(r"\1;", narrow)
    try:
        found = _read(text, narrow, narrow)
        return found if isinstance(found, Script) or again == narrow else _read(text, narrow, again)
    except RecursionError:
        return Opaque(text, "nested too deeply")


def _longest_pipeline(text: str) -> int:
    """How many commands a pipeline of *text* may have at most."""
    return max(line.count("|") for line in _PIPE_END.sub("|", text).split("\n"))


def _read(text: str, narrow: str, parsed: str) -> Script | Opaque:
    """Read *text* by the tree of *parsed*, which is as long as *narrow*."""
    root = _parser().parse(parsed.encode("utf-8")).root_node
    if root.has_error:
        return Opaque(text, "the shell syntax could not be read with certainty")
    try:
        return _Reader(text, narrow, narrow.encode("utf-8")).script(root)
    except UnknownShape as shape:
        return Opaque(text, f"its shell syntax is not understood ({shape})")


def read_argv(argv: tuple[str, ...]) -> Script | Opaque:
    """The script that running *argv* without a shell amounts to; where it is ``sh -c``, the one that it is given."""
    if len(argv) == 3 and argv[0].rpartition("/")[2] in POSIX_SHELLS and argv[1] == "-c":
        return read_script(argv[2])
    return read_script(shlex.join(argv))


class _Reader(TreeWords):
    def __init__(self, text: str, narrow: str, data: bytes) -> None:
        super().__init__(text, narrow, data)
        self.depth = 0
        self.comments: list[Span] = []

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
                    raise UnknownShape(kind)
            elif not node.is_named:
                raise UnknownShape(kind)
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
        if kind in _CHAINS:
            return self.chain(node)
        if kind == "subshell":
            return Group(self.span(node), self.sequence(node, node.children[1:-1]), True)
        if kind == "compound_statement":
            if node.children[0].type == "((":
                return Compound(self.span(node), "test", (), self.nested(node))
            return Group(self.span(node), self.sequence(node, node.children[1:-1]), False)
        if kind in _COMPOUNDS:
            return self.compound(node, _COMPOUNDS[kind])
        if kind == "test_command":
            return self.test(node)
        if kind in ("variable_assignment", "variable_assignments"):
            parts = node.children if kind == "variable_assignments" else [node]
            words = [self.word(part) for part in parts]
            return self.simple(self.span(node), [], words, [], self.nested(node))
        if kind in ("declaration_command", "unset_command"):
            words = [self.word(child) for child in node.children]
            return self.simple(self.span(node), words, [], [], self.nested(node))
        raise UnknownShape(kind)

    def command(self, node: Any) -> Simple:
        words: list[Word] = []
        assignments: list[Word] = []
        redirects: list[Redirect] = []
        for child in node.children:
            kind = child.type
            if kind == "variable_assignment" and not words:
                assignments.append(self.word(child))
            elif kind in REDIRECTS:
                words.extend(self.redirect(child, redirects))
            elif child.is_named or kind == "$":
                words.append(self.word(child))
            else:
                raise UnknownShape(kind)
        return self.simple(self.span(node), words, assignments, redirects, self.nested(node))

    def chain(self, node: Any) -> Node:
        """Read commands joined by ``&&``, ``||`` and ``|`` by the shell's precedence, not by the grammar's tree."""
        operands: list[_Operand] = []
        operators: list[Operator] = []
        self.flatten(node, operands, operators)
        pipelines: list[Node] = []
        joints: list[Operator] = []
        first = 0
        for index in range(len(operands)):
            if index == len(operators) or operators[index].text in ("&&", "||"):
                pipelines.append(_pipeline(operands[first : index + 1], operators[first:index]))
                joints.extend(operators[index : index + 1])
                first = index + 1
        if not joints:
            return pipelines[0]
        span = Span(pipelines[0].span.start, pipelines[-1].span.end)
        return AndOr(span, tuple(pipelines), tuple(joints))

    def flatten(self, root: Any, operands: list[_Operand], operators: list[Operator]) -> None:
        """Lay the chain below *root* out in a row. The grammar nests a chain to the left as deep as it is long."""
        tasks: list[Any] = [root]
        while tasks:
            task = tasks.pop()
            if isinstance(task, Operator):
                operators.append(task)
            elif isinstance(task, _Negation):
                operands[task.operand] = _Operand(operands[task.operand].node, task.start)
            elif isinstance(task, _Redirection):
                self.attach(task, operands)
            elif task.type in ("list", "pipeline"):
                tasks.extend(reversed(self.links(task)))
            elif task.type == "negated_command":
                tasks.append(_Negation(len(operands), self.span(task).start))
                tasks.append(task.children[-1])
            elif task.type == "redirected_statement":
                inner = [child for child in task.children if child.type not in REDIRECTS]
                tasks.append(_Redirection(task, bool(inner)))
                tasks.extend(inner)
            else:
                operands.append(_Operand(self.node(task), None))

    def links(self, node: Any) -> list[Any]:
        found: list[Any] = []
        for child in node.children:
            if child.type in ("&&", "||", "|", "|&"):
                found.append(Operator(child.type, self.span(child)))
            elif child.type == "comment":
                self.comments.append(self.span(child))
            elif child.is_named:
                found.append(child)
            elif child.type != "\n":
                raise UnknownShape(child.type)
        return found

    def attach(self, task: _Redirection, operands: list[_Operand]) -> None:
        redirects: list[Redirect] = []
        extra: list[Word] = []
        nested: tuple[Node, ...] = ()
        for child in task.node.children:
            if child.type in REDIRECTS:
                extra.extend(self.redirect(child, redirects))
                nested += self.nested(child)
        if task.has_command:
            last = operands[-1]
            operands[-1] = _Operand(self.redirected(last.node, redirects, extra, nested), last.negated)
        else:
            simple = self.simple(self.span(task.node), extra, [], redirects, nested)
            operands.append(_Operand(simple, None))

    def redirected(self, node: Node, redirects: list[Redirect], extra: list[Word], nested: tuple[Node, ...]) -> Node:
        """*node* with *redirects*, which stand behind it."""
        end = max([redirect.span.end for redirect in redirects] + [word.span.end for word in extra])
        span = Span(node.span.start, max(node.span.end, end))
        if isinstance(node, Simple):
            return self.simple(
                span,
                [*node.words, *extra],
                list(node.assignments),
                [*node.redirects, *redirects],
                (*node.nested, *nested),
            )
        if extra:
            raise UnknownShape("words after a compound command's redirection")
        if isinstance(node, Group):
            return Group(span, node.body, node.subshell, (*node.redirects, *redirects))
        if isinstance(node, Compound):
            both = (*node.redirects, *redirects)
            return Compound(span, node.kind, node.parts, (*node.nested, *nested), both, node.name)
        raise UnknownShape("redirection")

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
        if node.type == "for_statement":
            name = next((self.word(child).text for child in node.children if child.type == "variable_name"), None)
        elif kind == "function":
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
        if not any(mark in text for mark in _SUBSTITUTION_MARKS):
            return ()
        found: list[Node] = []
        stack = [node] if node.type in _SUBSTITUTIONS else list(reversed(node.children))
        while stack:
            child = stack.pop()
            if child.type in _SUBSTITUTIONS:
                found.append(self.sequence(child, child.children[1:-1]))
            elif child.type not in _STATEMENTS or child.type == "variable_assignment":
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


def _pipeline(operands: list[_Operand], operators: list[Operator]) -> Node:
    if any(operand.negated is not None for operand in operands[1:]):
        raise UnknownShape("! inside a pipeline")
    head = operands[0]
    if len(operands) == 1 and head.negated is None:
        return head.node
    start = head.node.span.start if head.negated is None else head.negated
    span = Span(start, operands[-1].node.span.end)
    items = tuple(operand.node for operand in operands)
    return Pipeline(span, items, tuple(operators), head.negated is not None)
