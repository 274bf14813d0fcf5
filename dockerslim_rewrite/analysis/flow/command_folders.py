"""In which folder each command of a script runs.

A command is reached on more than one way where the one before it may have failed: the folder is known where all ways
lead to the same. Sources: POSIX.1-2017, Shell Command Language (2.9.3 lists, 2.9.4 compound commands, 2.12 execution
environment), ``cd`` and ``set``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ...knowledge.effects import only_assigns
from ...patterns import re
from ...shell.script import AndOr, Compound, Group, Node, Pipeline, Script, Sequence, Simple, children
from ...text import Span
from ..shell.operations import command_names, unwrapped
from .places import absolute, assigned, literal

_MOVES = frozenset(("cd", "pushd", "popd"))
#: What these run is in their words or in files, and may move the shell.
_HIDDEN = frozenset(("eval", ".", "source"))
_ENDS = frozenset(("exit", "return", "exec"))
_ERREXIT = re.compile(r"-[a-df-z]*+e[a-z]*+\Z", re.I)
#: Ways into one command, after which nothing is said any more.
_MOST = 4
_ANYWHERE: frozenset[str | None] = frozenset((None,))
_NOWHERE: frozenset[str | None] = frozenset()
_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class _Behind(NamedTuple):
    """The folders that a shell may be in behind a command that succeeded, and behind one that failed; None stands for
    any folder, and nothing at all for a shell that has ended.
    """

    done: frozenset[str | None]
    failed: frozenset[str | None]


def command_folders(
    script: Script, folder: str | None, variables: Mapping[str, str] = _NO_VARIABLES
) -> Mapping[Span, str | None]:
    """The folder of each simple command of *script*, by its span; None where it is not known.

    The script starts in *folder*, with *variables* of which the values are known.
    """
    if _MOVES.isdisjoint(command_names(script)):
        return {command.span: folder for command in script.commands}
    own = {name for name, _ in assigned(script)}
    reader = _Reader(script, {name: value for name, value in variables.items() if name not in own})
    reader.walk(script.root, frozenset((folder,)), guarded=False)
    return reader.found


class _Reader:
    def __init__(self, script: Script, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.errexit = _stops_at_failures(script)
        self.functions = {
            node.name for node in script.nodes if isinstance(node, Compound) and node.kind == "function" and node.name
        }
        self.leaving = self.leavers(script)
        self.found: dict[Span, str | None] = {}

    def walk(self, node: Node, inside: frozenset[str | None], *, guarded: bool) -> _Behind:
        """Note where the commands of *node* run, which starts in one of the folders *inside*.

        *guarded*: its failure does not end the shell even under ``set -e``.
        """
        if isinstance(node, Simple):
            return self.simple(node, inside, guarded=guarded)
        if isinstance(node, Sequence):
            return self.sequence(node, inside, guarded=guarded)
        if isinstance(node, AndOr):
            return self.list(node, inside, guarded=guarded)
        if isinstance(node, Group):
            behind = self.walk(node.body, inside, guarded=guarded)
            return _Behind(inside, self.failing(inside, guarded=guarded)) if node.subshell else behind
        if isinstance(node, Pipeline):
            if len(node.items) == 1:
                behind = self.walk(node.items[0], inside, guarded=True)
                return _Behind(behind.failed, behind.done) if node.negated else behind
            for item in node.items:
                self.walk(item, inside, guarded=guarded)
            return _Behind(inside, self.failing(inside, guarded=guarded or node.negated))
        return self.compound(node, inside)

    def failing(self, folders: frozenset[str | None], *, guarded: bool) -> frozenset[str | None]:
        """Where the shell is behind a command that failed in one of *folders*."""
        return _NOWHERE if self.errexit and not guarded else folders

    def simple(self, node: Simple, inside: frozenset[str | None], *, guarded: bool) -> _Behind:
        for part in node.nested:
            self.walk(part, inside, guarded=True)
        self.found[node.span] = next(iter(inside)) if len(inside) == 1 else None
        failed = self.failing(inside, guarded=guarded)
        if not node.words:
            return _Behind(inside, failed)
        if node.name in _ENDS and not (node.name == "exec" and unwrapped(node.argv) == len(node.argv)):
            return _Behind(_NOWHERE, _NOWHERE)
        if self.hides(node):
            return _Behind(_ANYWHERE, self.failing(_ANYWHERE, guarded=guarded))
        if node.name != "cd":
            return _Behind(inside, failed)
        words = node.words[1:]
        target = literal(words[0], self.variables) if len(words) == 1 else None
        if not target or target == "-":
            return _Behind(_ANYWHERE, failed)
        return _Behind(_united(frozenset(absolute(target, one) for one in inside)), failed)

    def sequence(self, node: Sequence, inside: frozenset[str | None], *, guarded: bool) -> _Behind:
        behind = _Behind(inside, _NOWHERE)
        for at, item in enumerate(node.items):
            start = _united(behind.done | behind.failed)
            background = at < len(node.separators) and node.separators[at].text == "&"
            behind = self.walk(item, start, guarded=guarded or background)
            if background:
                behind = _Behind(start, _NOWHERE)
        return behind

    def list(self, node: AndOr, inside: frozenset[str | None], *, guarded: bool) -> _Behind:
        last = len(node.items) - 1
        behind = self.walk(node.items[0], inside, guarded=True)
        for at, (operator, item) in enumerate(zip(node.operators, node.items[1:], strict=True), start=1):
            chained = operator.text == "&&"
            then = self.walk(item, behind.done if chained else behind.failed, guarded=guarded or at < last)
            if chained:
                behind = _Behind(then.done, _united(behind.failed | then.failed))
            else:
                behind = _Behind(_united(behind.done | then.done), then.failed)
        return behind

    def compound(self, node: Compound, inside: frozenset[str | None]) -> _Behind:
        """What leaves its folder in a branch or a loop may be anywhere, from its beginning on; so may functions."""
        function = node.kind == "function"
        away = not function and any(id(part) in self.leaving for part in node.parts)
        for part in children(node):
            self.walk(part, _ANYWHERE if away or function else inside, guarded=True)
        return _Behind(_ANYWHERE, _ANYWHERE) if away else _Behind(inside, inside)

    def leavers(self, script: Script) -> frozenset[int]:
        """The nodes of *script*, by identity, behind which the shell may be in another folder."""
        found: set[int] = set()
        for node in reversed(script.nodes):
            if isinstance(node, Simple):
                leaves = self.hides(node) or node.name == "cd"
            elif isinstance(node, Pipeline):
                leaves = len(node.items) == 1 and id(node.items[0]) in found
            elif isinstance(node, Compound):
                leaves = node.kind != "function" and any(id(part) in found for part in node.parts)
            else:
                leaves = not (isinstance(node, Group) and node.subshell) and any(
                    id(one) in found for one in children(node)
                )
            if leaves:
                found.add(id(node))
        return frozenset(found)

    def hides(self, node: Simple) -> bool:
        """Whether *node* may move the shell to a folder that its words do not tell."""
        at = unwrapped(node.argv)
        if not node.words or (node.name == "exec" and at == len(node.argv)):
            return False
        name = node.argv[at] if at < len(node.argv) else None
        if name in (".", "source") and at + 1 < len(node.argv) and only_assigns(node.argv[at + 1] or ""):
            return False
        return name is None or name in _HIDDEN or name in self.functions or (name in _MOVES and node.name != "cd")


def _united(folders: frozenset[str | None]) -> frozenset[str | None]:
    return _ANYWHERE if None in folders or len(folders) > _MOST else folders


def _stops_at_failures(script: Script) -> bool:
    """Whether *script* begins with ``set -e``, and takes it back nowhere."""
    sets = [command.argv for command in script.commands if command.name == "set"]
    first = next(iter(script.commands), None)
    given = first is not None and first.name == "set" and any(_ERREXIT.match(word or "") for word in first.argv[1:2])
    return given and not any((word or "+").startswith("+") for argv in sets for word in argv[1:])
