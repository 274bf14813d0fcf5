"""The commands of a body that run whenever it succeeds."""

from __future__ import annotations

from collections.abc import Iterator

from ...shell.script import AndOr, Group, Node, Sequence, Simple


def spine(node: Node) -> Iterator[Simple]:
    """The commands of *node* that run on the way to its success: those of lists, groups and ``&&`` chains."""
    if isinstance(node, Simple):
        if node.words:
            yield node
    elif isinstance(node, AndOr):
        if all(operator.text == "&&" for operator in node.operators):
            for item in node.items:
                yield from spine(item)
    elif isinstance(node, Sequence):
        if not any(one.text == "&" for one in node.separators):
            for item in node.items:
                yield from spine(item)
    elif isinstance(node, Group):
        yield from spine(node.body)
