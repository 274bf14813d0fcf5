"""Whether a RUN's success depends on one of its commands."""

from __future__ import annotations

from ...shell.edits import starts_errexit
from ...shell.script import AndOr, Group, Node, Pipeline, Script, Sequence, Simple


def must_succeed(script: Script, command: Simple, *, errexit: bool = False) -> bool:
    """Whether *script* fails whenever *command* fails, so that a build that passes has seen it succeed.

    *errexit* tells that the shell runs under ``-e``. Commands in pipelines (but for the last), conditions, loops,
    functions, substitutions and on either side of ``||`` do not count.
    """
    strict = errexit or (bool(script.root.items) and starts_errexit(script.root))
    return _decides(script.root, command, strict)


def _decides(node: Node, command: Simple, strict: bool) -> bool:
    if node is command:
        return True
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            last = index == len(node.items) - 1
            background = index < len(node.separators) and node.separators[index].text == "&"
            if not background and (last or strict) and _decides(item, command, strict):
                return not strict or last or _plain_under_errexit(item, command)
        return False
    if isinstance(node, AndOr):
        if any(operator.text != "&&" for operator in node.operators):
            return False
        return any(_decides(item, command, strict) for item in node.items)
    if isinstance(node, Pipeline):
        return not node.negated and _decides(node.items[-1], command, strict)
    if isinstance(node, Group):
        return _decides(node.body, command, strict)
    return False


def _plain_under_errexit(item: Node, command: Simple) -> bool:
    """``set -e`` does not act on commands of an ``&&`` list but for its last."""
    if isinstance(item, AndOr):
        return item.items[-1] is command
    return True
