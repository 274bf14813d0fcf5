"""What merging RUNs asks of neighbours: whether they stand close, what is dear in them, what they work on."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from ...analysis.facts import Facts
from ...analysis.merging.merging import Declined, Wanted, grown, join, lines_of
from ...analysis.shell.operations import operations
from ...change import Change, JoinsInstructions, Safety
from ...ir.build import Stage
from ...ir.steps import Run
from ...knowledge.costs import is_cheap, starts_block
from ...patterns import re
from ...shell.script import Pipeline, Script, Simple, walk
from ..base import Proposals, missed

_DOWNLOADS = frozenset(("curl", "wget"))
#: A file with an ending, of which no two are alike by chance.
_FILE = re.compile(r"(?!-)[^ ]{3,}\.(?!com\Z|org\Z|net\Z|io\Z)[A-Za-z][A-Za-z0-9]*\Z")


#: Says why RUNs that may be joined had better not be, or the level at which they may; None where nothing is to be said.
Against = Callable[[Sequence[Run]], str | Safety | None]


def merged(
    stage: Stage, facts: Facts, wanted: Wanted, *, bare: bool = False, against: Against | None = None
) -> Proposals:
    """Changes that join the neighbours of *stage* for which *wanted* gives a reason, and what is in the way of others.

    With *bare*, bodies that would need brackets are not joined.
    """
    for found in grown(stage, facts, wanted, bare=bare):
        if isinstance(found, Declined):
            yield missed(found.second.line, f"not merged with the RUN on line {found.first.line}: {found.reason}")
            continue
        joint, reasons = found
        reason = against(joint.runs) if against is not None else None
        if isinstance(reason, str):
            yield missed(joint.runs[-1].line, f"not merged with the RUN on line {joint.runs[0].line}: {reason}")
            continue
        yield Change(
            edits=join(joint, facts),
            title=f"merge the RUNs on lines {lines_of(joint.runs)}",
            reason="; ".join(dict.fromkeys(reasons)),
            safety=reason or Safety.SAFE,
            claims=(JoinsInstructions("RUN", len(joint.runs)),),
            line=joint.runs[0].line,
        )


def close(first: Run, second: Run) -> bool:
    """Whether *second* stands on the line after *first*: people part thoughts with blank lines and comments."""
    return second.line == first.origin.end_line + 1


def copied_twice(first: Script, second: Script) -> str | None:
    """A directory of which both *first* and *second* change all files, so that each layer holds them all; or None."""
    for one in _trees(first):
        for other in _trees(second):
            if one == other or other.startswith(f"{one}/"):
                return other
            if one.startswith(f"{other}/"):
                return one
    return None


@lru_cache(maxsize=1024)
def _trees(script: Script) -> tuple[str, ...]:
    """The directories whose files *script* gives, all of them, to another user or other modes."""
    found: dict[str, None] = {}
    for command in script.commands:
        words = [word.literal or "" for word in command.words[1:]]
        recursive = any(re.fullmatch(r"-[a-zA-Z]*R[a-zA-Z]*|--recursive", word) for word in words)
        if recursive and command.name in ("chown", "chmod", "chgrp"):
            found.update(dict.fromkeys(posixpath.normpath(word) for word in words if word.startswith("/")))
    return tuple(found)


@lru_cache(maxsize=1024)
def is_cheap_script(script: Script) -> bool:
    """Whether *script* neither downloads nor compiles."""
    if operations(script):
        return False
    return all(not command.words or is_cheap(proper(command)) for command in script.commands)


@lru_cache(maxsize=1024)
def costly(script: Script) -> tuple[Simple, ...]:
    """The commands of *script* that may download or compile."""
    # What feeds a command through a pipe is part of what that one does.
    fed = {
        id(inner)
        for node in script.nodes
        if isinstance(node, Pipeline) and isinstance(node.items[-1], Simple) and starts_block(proper(node.items[-1]))
        for item in node.items[:-1]
        for inner in walk(item)
    }
    installs = {id(command) for command, _ in operations(script)}
    return tuple(
        command
        for command in script.commands
        if command.words and id(command) not in fed and (id(command) in installs or not is_cheap(proper(command)))
    )


def without_downloads(scripts: Sequence[Script]) -> list[list[Simple]]:
    """The costly commands of each of *scripts* but for downloads of files that a later one names."""
    found: list[list[Simple]] = []
    later: set[str] = set()
    for script in reversed(scripts):
        files = _files(script)
        found.append(
            [
                command
                for command, names in zip(costly(script), files, strict=True)
                if command.name not in _DOWNLOADS or later.isdisjoint(names)
            ]
        )
        later |= _named(script)
    return found[::-1]


@lru_cache(maxsize=1024)
def _named(script: Script) -> frozenset[str]:
    """The names of files among the words of all commands of *script*."""
    return frozenset(name for command in script.commands for name in _names_in(command))


@lru_cache(maxsize=1024)
def _files(script: Script) -> tuple[frozenset[str], ...]:
    """The names of files among the words of each of the costly commands of *script*, as they are written."""
    return tuple(frozenset(_names_in(command)) for command in costly(script))


def _names_in(command: Simple) -> Iterator[str]:
    for word in command.words[1:]:
        name = word.text.strip("\"'").rpartition("/")[2]
        if _FILE.match(name):
            yield name


def proper(command: Simple) -> tuple[str | None, ...]:
    """The words of *command* behind sudo."""
    return command.argv[1:] if command.name == "sudo" and len(command.argv) > 1 else command.argv
