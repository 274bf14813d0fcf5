"""The tree of a shell script: just as much structure as merging and cleanup need. Spans are in the logical text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple, TypeAlias

from ..record import record
from ..text import Span
from .words import WordValue, word_value


class Operator(NamedTuple):
    """``&&``, ``||``, ``|``, ``;``, ``&`` or a newline, and where it stands."""

    text: str
    span: Span


class Word(NamedTuple):
    """One word of a command as written."""

    text: str
    span: Span

    @property
    def value(self) -> WordValue:
        """What the word means without running anything."""
        return word_value(self.text)

    @property
    def literal(self) -> str | None:
        """The word after quote removal; None when an expansion decides its value (parameters, substitutions)."""
        return word_value(self.text).literal


class Redirect(NamedTuple):
    """A redirection: operator with its file descriptor, and its target (None for a here-document)."""

    operator: str
    target: Word | None
    span: Span


@record(slots=False)
class Simple:
    """A simple command. ``nested`` holds the scripts of command and process substitutions in its words."""

    span: Span
    words: tuple[Word, ...]
    assignments: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    nested: tuple[Node, ...] = ()

    @property
    def name(self) -> str | None:
        """The command's name after quote removal; None when there is none or an expansion gives it."""
        return self.words[0].literal if self.words else None

    @cached_property
    def argv(self) -> tuple[str | None, ...]:
        """The words after quote removal; None in the place of each that an expansion decides."""
        return tuple(word_value(word.text).literal for word in self.words)


@record
class Pipeline:
    """Commands joined by ``|`` or ``|&``, perhaps negated."""

    span: Span
    items: tuple[Node, ...]
    operators: tuple[Operator, ...]
    negated: bool = False


@record
class AndOr:
    """Commands joined by ``&&`` and ``||``, which bind equally and from the left."""

    span: Span
    items: tuple[Node, ...]
    operators: tuple[Operator, ...]


@record
class Sequence:
    """Commands separated by ``;``, ``&`` or newlines.

    ``separators[i]`` follows ``items[i]``; the last item has one only where it is written.
    """

    span: Span
    items: tuple[Node, ...]
    separators: tuple[Operator, ...]


@record
class Group:
    """``{ …; }``, or ``( … )`` when ``subshell``."""

    span: Span
    body: Sequence
    subshell: bool
    redirects: tuple[Redirect, ...] = ()


@record
class Compound:
    """``if``, ``for``, ``while``, ``case``, ``function`` or ``test`` (``[[ ]]``, ``(( ))``) with the scripts in it.

    ``name`` is a function's name or a loop's variable.
    """

    span: Span
    kind: str
    parts: tuple[Node, ...]
    nested: tuple[Node, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    name: str | None = None


Node: TypeAlias = Simple | Pipeline | AndOr | Sequence | Group | Compound


@record(eq=False, slots=False)
class Script:
    """A body that was read cleanly. ``comments`` are the spans of shell comments in it."""

    text: str
    root: Sequence
    comments: tuple[Span, ...]

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, depth first, in the order of the text, those in substitutions included."""
        return tuple(walk(self.root))

    @cached_property
    def commands(self) -> tuple[Simple, ...]:
        """All simple commands in the order in which they are written, those in substitutions included."""
        return tuple(node for node in self.nodes if isinstance(node, Simple))

    @cached_property
    def substituted(self) -> tuple[Span, ...]:
        """Where the scripts of substitutions stand, in the order of the text; those within others too."""
        found = [inner.span for node in self.nodes for inner in getattr(node, "nested", ())]
        return tuple(sorted(found))


@record
class Opaque:
    """A body that is never looked into nor edited, with the reason."""

    text: str
    reason: str


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below *node*, in order."""
    if isinstance(node, Simple):
        return node.nested
    if isinstance(node, Group):
        return (node.body,)
    if isinstance(node, Compound):
        return node.parts + node.nested
    return node.items


def walk(node: Node) -> Iterator[Node]:
    """*node* and everything below it, depth first, in the order of the text."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))
