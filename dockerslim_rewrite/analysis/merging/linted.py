"""What linters would find in a merged RUN though they find it in none of its parts.

Measured with hadolint 2.15.1, which asks ShellCheck: the findings of the parts against those of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from ...ir.steps import Run
from ...shell.script import AndOr, Node, Script, Simple
from ...shell.words import unquoted_parameters, word_value
from ..facts import Facts
from ..shell.operations import Kind, Operation

#: Package managers whose cleanup hadolint looks for behind the first install of a RUN (DL3032, DL3036, DL3040): it
#: takes the first cleanup for the only one.
_CLEANED_ONCE = frozenset(("yum", "dnf", "microdnf", "zypper"))


def new_finding(group: Sequence[Run], run: Run, facts: Facts) -> str | None:
    """Why a linter would have a complaint when *run* stands behind *group* in one RUN; None where it has none."""
    script = facts.script(run)
    name = None if script is None else next(_set_first(script), None)
    if name is not None:
        return f"ShellCheck would no longer see that {name} is always set when it is used (SC2086)"
    here = [use.operation for use in facts.uses(run)]
    for manager in dict.fromkeys(one.manager.name for one in here if one.manager.name in _CLEANED_ONCE):
        before = [use.operation for one in group for use in facts.uses(one)]
        if _cleans_early(before, manager) and _installs_and_cleans(here, manager):
            return f"hadolint would take the first cleanup of {manager} for the only one"
    return None


def _set_first(script: Script) -> Iterator[str]:
    """The variables that the first commands of *script* set to plain words, and that are expanded without quotes."""
    root = script.root
    if len(root.items) > 1 or not isinstance(root.items[0], AndOr):
        return
    chain = root.items[0]
    if any(operator.text != "&&" for operator in chain.operators):
        return
    first = list(takewhile(_only_sets, chain.items))
    names = {name for item in first for name in _plain_names(item)}
    if names:
        used = {
            name
            for command in script.commands
            for word in (*command.words, *(one.target for one in command.redirects if one.target is not None))
            for name in unquoted_parameters(word.text)
        }
        yield from sorted(names & used)


def _only_sets(item: Node) -> bool:
    return isinstance(item, Simple) and (not item.words or item.name == "export")


def _plain_names(item: Node) -> Iterator[str]:
    """The variables that *item* sets to a word in which nothing could be split, nor stand for files."""
    assert isinstance(item, Simple)
    for word in (*item.assignments, *item.words[1:]):
        name, equals, text = word.text.partition("=")
        value = word_value(text)
        if equals and value.literal is not None and not value.glob and not set(value.literal) & set(" \t\n"):
            yield name


def _cleans_early(operations: Sequence[Operation], manager: str) -> bool:
    kinds = [one.kind for one in operations if one.manager.name == manager and _counts(one)]
    return Kind.CLEAN in kinds and (Kind.INSTALL not in kinds or kinds.index(Kind.CLEAN) < kinds.index(Kind.INSTALL))


def _installs_and_cleans(operations: Sequence[Operation], manager: str) -> bool:
    kinds = {one.kind for one in operations if one.manager.name == manager and _counts(one)}
    return {Kind.INSTALL, Kind.CLEAN} <= kinds


def _counts(operation: Operation) -> bool:
    """Whether hadolint takes *operation* for an installation or a cleanup: ``groupinstall`` is none."""
    return operation.kind is not Kind.INSTALL or operation.subcommand in ("install", "in")
