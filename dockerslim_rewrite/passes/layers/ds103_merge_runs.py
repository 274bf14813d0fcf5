"""DS103: neighbouring RUNs that form one logical block."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from ...analysis.facts import Facts
from ...analysis.merging.exec_runs import exec_script, exec_text
from ...analysis.merging.merging import Declined, apart, grown, join, lines_of, neighbours
from ...analysis.shell.operations import operations
from ...change import Change, ChangesForm, MergesRuns, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Run
from ...knowledge.costs import is_cheap, one_block, starts_block
from ...shell.script import Pipeline, Script, Simple, walk
from ...shell.state import plain_chain
from ...text import Edit
from ..base import Proposals, missed

_DOWNLOADS = frozenset(("curl", "wget"))
#: A file with an ending, of which no two are alike by chance.
_FILE = re.compile(r"(?!-)[^ ]{3,}\.(?!com\Z|org\Z|net\Z|io\Z)[A-Za-z][A-Za-z0-9]*\Z")


def merge_runs(build: Build, facts: Facts) -> Proposals:
    """Join neighbouring RUN instructions that form one block.

    Each RUN is a layer of its own. Neighbours that only touch files, users or settings gain nothing from that, and
    may share the layer of one expensive neighbour. Two RUNs that both download or compile keep their own layers:
    joined, a change to one would run both again. Those of one kind are one block: `./configure`, `make` and
    `make install`, one `git clone` after another, the steps of apt, a download and what works on the file.
    Neighbours stay apart where a commented-out instruction stands between them, or where the comment above the second
    heads what follows it, too.

    Safe because the bodies keep their order, stop at the first failure as separate RUNs do, and are joined only where
    neither sees the other's shell state (directory, variables, options, functions, exits). RUNs in exec form get the
    same words in shell form where a RUN before them shows that there is a shell, and their program is none of its own
    commands. Source: POSIX, "Shell Execution Environment" and "Consequences of Shell Errors".
    """

    def wanted(group: Sequence[Run], run: Run) -> str | None:
        if apart(group[-1], run, facts) is not None:
            return None
        return _together([facts.script(one) for one in (*group, run)])

    for stage in build.stages:
        yield from _in_shell_form(stage, facts)
        for found in grown(stage, facts, wanted):
            if isinstance(found, Declined):
                yield missed(
                    found.second.line,
                    f"not merged with the RUN on line {found.first.line}: {found.reason}",
                )
                continue
            joint, reasons = found
            yield Change(
                edits=join(joint, facts),
                title=f"merge the RUNs on lines {lines_of(joint.runs)}",
                reason=f"they form one logical block and make one layer; {'; '.join(dict.fromkeys(reasons))}",
                safety=Safety.SAFE,
                claims=(MergesRuns(len(joint.runs)),),
                line=joint.runs[0].line,
            )


def _together(scripts: Sequence[Script | None]) -> str | None:
    """Why the bodies *scripts* belong in one RUN, None among them for one that cannot be read; None where nothing says
    so.
    """
    costly = [script for script in scripts if script is None or not _is_cheap(script)]
    if len(costly) <= 1:
        return "at most one of them downloads or compiles"
    read = [script for script in costly if script is not None]
    if len(read) < len(costly) or not all(map(_costly, read)):
        return None
    used = _without_downloads(read)
    if sum(map(bool, used)) <= 1:
        return "one of them works on what the other downloads"
    return one_block([_proper(command) for run in used for command in run])


def _in_shell_form(stage: Stage, facts: Facts) -> Proposals:
    """RUNs in exec form that belong in one RUN with a neighbour, in shell form, so that they can be joined."""
    for series in neighbours(stage):
        wanted: dict[int, Run] = {}
        for first, second in pairwise(series):
            pair = (first, second)
            scripts = [facts.script(one) or exec_script(one, stage, facts) for one in pair]
            plain = all(script is not None and plain_chain(script.root) for script in scripts)
            if not plain or first.flags != second.flags or apart(first, second, facts) is not None:
                continue
            if _together(scripts) is not None:
                wanted.update({one.index: one for one in pair if one.argv is not None})
        for run in wanted.values():
            logical = run.origin.args_logical
            text = exec_text(run, stage, facts)
            assert text is not None
            yield Change(
                edits=(Edit.replace(logical.before(0), logical.after(len(logical.text.rstrip())), text),),
                title=f"RUN {text} in shell form",
                reason="the same words, which can then share a layer with their neighbour",
                safety=Safety.SAFE,
                claims=(ChangesForm("RUN"),),
                line=run.line,
            )


@lru_cache(maxsize=1024)
def _is_cheap(script: Script) -> bool:
    if operations(script):
        return False
    return all(not command.words or is_cheap(_proper(command)) for command in script.commands)


@lru_cache(maxsize=1024)
def _costly(script: Script) -> tuple[Simple, ...]:
    """The commands of *script* that may download or compile."""
    # What feeds a command through a pipe is part of what that one does.
    fed = {
        id(inner)
        for node in script.nodes
        if isinstance(node, Pipeline) and isinstance(node.items[-1], Simple) and starts_block(_proper(node.items[-1]))
        for item in node.items[:-1]
        for inner in walk(item)
    }
    installs = {id(command) for command, _ in operations(script)}
    return tuple(
        command
        for command in script.commands
        if command.words and id(command) not in fed and (id(command) in installs or not is_cheap(_proper(command)))
    )


def _without_downloads(scripts: Sequence[Script]) -> list[list[Simple]]:
    """The costly commands of each of *scripts* but for downloads of files that a later one names."""
    found: list[list[Simple]] = []
    later: set[str] = set()
    for script in reversed(scripts):
        files = _files(script)
        found.append(
            [
                command
                for command, names in zip(_costly(script), files, strict=True)
                if command.name not in _DOWNLOADS or later.isdisjoint(names)
            ]
        )
        later.update(*files)
    return found[::-1]


@lru_cache(maxsize=1024)
def _files(script: Script) -> tuple[frozenset[str], ...]:
    """The names of files among the words of each of the costly commands of *script*, as they are written."""
    return tuple(
        frozenset(name for word in command.words[1:] if _FILE.match(name := word.text.strip("\"'").rpartition("/")[2]))
        for command in _costly(script)
    )


def _proper(command: Simple) -> tuple[str | None, ...]:
    """The words of *command* behind sudo."""
    return command.argv[1:] if command.name == "sudo" and len(command.argv) > 1 else command.argv
