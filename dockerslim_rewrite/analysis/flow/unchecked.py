"""Where a ``cd`` may fail and what follows goes on in another folder."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple, TypeGuard

from ...patterns import re
from ...shell.script import AndOr, Group, Node, Operator, Script, Sequence, Simple

#: Folders that are always there. Source: ShellCheck's check for SC2164.
_ALWAYS_THERE = re.compile(r"/*(?:\.\.?/+)*(?:\.\.?)?\Z")
_ERREXIT = re.compile(r"-[a-df-z]*e[a-z]*\Z|errexit\Z")


class Guard(Enum):
    """What lets a list stop where ``cd`` fails: ``&&`` before the only command behind it, or ``|| exit``."""

    AND = "&&"
    EXIT = "|| exit"


class Unchecked(NamedTuple):
    """A ``cd`` of which nobody looks at the status, and the separator behind it.

    ``guard`` is how a failure may be minded; None where it is not known what else that would end.
    """

    change: Simple
    separator: Operator
    guard: Guard | None


def unchecked(script: Script) -> tuple[Unchecked, ...]:
    """The ``cd`` commands of *script* whose failure goes unnoticed, in the order of the text; none under ``set -e``."""
    if any(command.name == "set" and any(map(_is_errexit, command.argv)) for command in script.commands):
        return ()
    known = {id(found.change): found for found in _in_list(script.root, last=True)}
    for node in script.nodes:
        if isinstance(node, Sequence):
            for item, separator in zip(node.items[:-1], node.separators, strict=False):
                change = _entering(item.items[-1] if _ends_with_and(item) else item)
                if change is not None:
                    known.setdefault(id(change), Unchecked(change, separator, None))
    return tuple(sorted(known.values(), key=lambda found: found.change.span))


def _is_errexit(word: str | None) -> bool:
    return word is not None and _ERREXIT.match(word) is not None


def _ends_with_and(node: Node) -> TypeGuard[AndOr]:
    return isinstance(node, AndOr) and node.operators[-1].text == "&&"


def _entering(node: Node) -> Simple | None:
    """*node* where it is a ``cd`` that may fail."""
    if not isinstance(node, Simple) or node.name != "cd" or node.assignments or node.redirects or len(node.words) > 2:
        return None
    return node if len(node.words) == 1 or not _ALWAYS_THERE.match(node.words[1].text) else None


def _in_list(node: Sequence, *, last: bool) -> Iterator[Unchecked]:
    """Those in the list *node*; *last* tells that its status is that of the whole shell, or ends the shell."""
    for index, item in enumerate(node.items):
        at_end = index + 1 == len(node.items)
        change = None if at_end else _entering(item)
        if change is not None:
            separator = node.separators[index]
            if separator.text not in (";", "\n"):
                continue
            alone = index + 2 == len(node.items) and separator.text == ";" and last
            guard = Guard.AND if alone and _only_and(node.items[-1]) else Guard.EXIT
            yield Unchecked(change, separator, guard)
        else:
            yield from _below(item, last=last and at_end)


def _below(node: Node, *, last: bool) -> Iterator[Unchecked]:
    if isinstance(node, Group):
        if last or not node.subshell:
            yield from _in_list(node.body, last=last)
    elif isinstance(node, AndOr) and _only_and(node):
        for item in node.items:
            yield from _below(item, last=last)


def _only_and(node: Node) -> bool:
    return not isinstance(node, AndOr) or all(operator.text == "&&" for operator in node.operators)
