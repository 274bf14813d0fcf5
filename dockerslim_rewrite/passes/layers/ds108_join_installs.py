"""DS108: installs that follow each other."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from itertools import groupby

from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind
from ...change import AddsOption, Change, Claim, JoinsCommands, Remark, Safety
from ...ir.build import Build
from ...ir.steps import Run
from ...knowledge.conflicts import conflicting
from ...knowledge.recommends import recommends_nothing
from ...patterns import re
from ...record import evolve, record
from ...shell.edits import insert_after, style_at
from ...shell.script import AndOr, Simple
from ...text import Edit
from ..base import Proposals, missed
from ..shell.commands import written

#: Managers that take what one install brings into account when they resolve the next; repositories that an install
#: adds count after an update only.
_MANAGERS = frozenset(("apt",))
_PLAIN = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_.+:=~*/-]*+"
    r"(?:\$(?:\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z_][A-Za-z0-9_]*+)[A-Za-z0-9_.+:=~*/-]*+)*+\Z(?<!-)"
)
#: A line that is longer is read by nobody to its end.
_WIDTH = 120
#: Where the name of a package ends.
_VERSION = re.compile(r"[=:/]")
_LEAN = "--no-install-recommends"


@record
class Frame:
    """What two installs must share to be one: how they begin, and their options.

    ``idle`` tells that leaving recommended packages out makes no difference to what the packages bring.
    """

    lead: tuple[str, ...]
    options: frozenset[str]
    idle: bool


def join_installs(build: Build, facts: Facts) -> Proposals:
    """Write one `apt-get install` where several follow each other in a RUN.

    They come of lines that were added one by one. One command downloads, unpacks and configures once, and a reader
    finds all packages in one place.

    Level standard, on the assumption that packages install together as they do one after another: no update stands
    between, so both see the same index. It is done only for commands with the same options and plain names of packages,
    directly after each other in one `&&` chain; where no package of one recommends anything, it takes
    `--no-install-recommends` of the others; the names keep their order, and a name that is listed already is not
    repeated. Packages that conflict stay apart: the later one takes the place of the earlier one. Source: apt-get(8),
    install; Docker's "Building best practices", apt-get.
    """
    for stage in build.stages:
        for run in stage.runs:
            for group in _groups(run, facts):
                change = _joined(run, group, build, facts)
                if change is not None:
                    yield change


def _groups(run: Run, facts: Facts) -> Iterator[list[Simple]]:
    """Installs of *run* that stand one behind the other in one chain and differ in their packages only."""
    script = facts.script(run)
    if script is None or run.body is None:
        return
    uses = {id(use.command): use for use in facts.uses(run)}
    for chain in script.root.items:
        if not isinstance(chain, AndOr) or any(operator.text != "&&" for operator in chain.operators):
            continue
        for installs, items in groupby(chain.items, key=lambda item: _installs(uses.get(id(item)))):
            group = [item for item in items if isinstance(item, Simple)]
            frames = [_frame(uses[id(one)]) for one in group] if installs else []
            # Some of those that follow each other in one, and others beside it, would be half a thing.
            if len(group) > 1 and len(set(_alike(frames))) == 1 and None not in frames:
                yield group


def _alike(frames: Sequence[Frame | None]) -> Sequence[Frame | None]:
    """*frames* with the option of the others at those to which it makes no difference."""
    if not any(frame is not None and _LEAN in frame.options for frame in frames):
        return [evolve(frame, idle=False) if frame is not None else None for frame in frames]
    return [
        evolve(frame, idle=False, options=frame.options | {_LEAN} if frame.idle else frame.options)
        if frame is not None
        else None
        for frame in frames
    ]


def _installs(use: Use | None) -> bool:
    return use is not None and use.operation.manager.name in _MANAGERS and use.operation.kind is Kind.INSTALL


def _frame(use: Use) -> Frame | None:
    """What two installs must share to be one; None for what is no plain install."""
    command = use.command
    operation = use.operation
    if operation.subcommand != "install" or operation.wrappers or command.redirects or not operation.operands:
        return None
    packages = [command.words[at] for at in operation.operands]
    if not all(_PLAIN.match(word.text) for word in packages):
        return None
    named = frozenset(operation.operands)
    options = [word.text for at, word in enumerate(command.words) if at not in named]
    # An option with a value in a word of its own would have to stay beside it.
    if any(not option.startswith("-") or option in ("-t", "-o", "-c", "-a") for option in options[2:]):
        return None
    own = tuple(assignment.text for assignment in command.assignments)
    idle = all(recommends_nothing(_VERSION.split(word.text)[0]) for word in packages)
    return Frame((*own, *options[:2]), frozenset(options[2:]), idle)


def _joined(run: Run, group: Sequence[Simple], build: Build, facts: Facts) -> Change | Remark | None:
    assert run.body is not None
    logical = run.body.logical
    uses = {id(use.command): use for use in facts.uses(run)}
    first = group[0]
    start, end = logical.before(first.span.start), logical.after(group[-1].span.end)
    if any(start < comment.span.start < end for comment in run.origin.comments):
        return None
    listed = [first.words[at].text for at in uses[id(first)].operation.operands]
    named = set(listed)
    if len(named) < len(listed):
        # What is named twice would be named once, and nobody asked for that.
        return None
    later = [command.words[at].text for command in group[1:] for at in uses[id(command)].operation.operands]
    added = [word for word in dict.fromkeys(later) if word not in named]
    line = build.document.line_of(start)
    pair = conflicting([_VERSION.split(word)[0] for word in (*listed, *added)])
    if pair is not None:
        return missed(line, f"the installs stay apart: apt takes {pair[1]} in place of {pair[0]}, and not both at once")
    step = _step(run, group, build, facts)
    text = "".join(step + word for word in added)
    begin = build.text.rfind("\n", 0, logical.after(first.span.end) - 1) + 1
    if step == " " and run.body.form == "shell" and logical.after(first.span.end) - begin + len(text) > _WIDTH:
        text = _in_lines(run, group, added, build, facts)
    # Options may stand behind the packages.
    place = first.words[uses[id(first)].operation.operands[-1]].span.end
    behind, rest = logical.after(place), logical.after(first.span.end)
    edits = (
        (Edit.replace(rest, end, text),)
        if place == first.span.end
        else (Edit.insert(behind, text), Edit.delete(rest, end))
    )
    claims: tuple[Claim, ...] = ()
    before = [written(command.words) for command in group]
    if any(_LEAN in words for words in before):
        # What recommends nothing is installed alike with the option.
        verb = uses[id(first)].operation.verb
        if _LEAN not in before[0]:
            edits = (insert_after(logical, first.words[verb].span.end, f" {_LEAN}"), *edits)
        leading = written(first.words[: verb + 1])
        claims = (AddsOption(leading, (_LEAN,)),) if any(_LEAN not in words for words in before) else ()
        before = [words if _LEAN in words else (*words[:2], _LEAN, *words[2:]) for words in before]
    return Change(
        edits=edits,
        title=f"one {posixpath.basename(first.words[0].text)} install in place of {len(group)}",
        reason="one command resolves, downloads and configures all packages at once, and lists them in one place",
        safety=Safety.STANDARD,
        claims=(JoinsCommands(tuple(before)), *claims),
        line=line,
    )


def _in_lines(run: Run, group: Sequence[Simple], added: Sequence[str], build: Build, facts: Facts) -> str:
    """The packages *added*, those of each install on a line of their own, as its author wrote them."""
    assert run.body is not None
    start = run.body.logical.before(group[0].span.start)
    lead = build.text[build.text.rfind("\n", 0, start) + 1 : start]
    style = style_at(run.origin, facts.style)
    # What is added after it takes its own indentation from these lines.
    indent = lead + "    " if lead and not lead.strip(" \t") else style.indent
    left = list(added)
    lines: list[str] = []
    for command in group[1:]:
        own = [word for word in dict.fromkeys(one.text for one in command.words) if word in left]
        left = [word for word in left if word not in own]
        if own:
            lines.append(" ".join(own))
    return "".join(f" {style.escape}{style.newline}{indent}{line}" for line in lines)


def _step(run: Run, group: Sequence[Simple], build: Build, facts: Facts) -> str:
    """What parts two packages: a line break and the indentation where the file lists one per line, else a blank."""
    assert run.body is not None
    logical = run.body.logical
    starts = build.document.source.line_starts
    for command in group:
        places = [logical.before(word.span.start) for word in command.words]
        line = build.document.line_of(places[-1])
        if len(command.words) > 3 and line != build.document.line_of(places[-2]):
            begin = starts[line - 1]
            style = style_at(run.origin, facts.style)
            return f" {style.escape}{style.newline}{build.text[begin : places[-1]]}"
    return " "
