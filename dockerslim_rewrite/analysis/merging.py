"""When two or more neighbouring RUNs may become one, and how their bodies must be wrapped.

Each RUN starts a fresh shell; joining must keep that illusion (state), and a RUN fails when its last command fails
(status). What cannot be kept is declined with the reason.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from enum import Enum

from ..ir.build import Stage
from ..ir.steps import Run
from ..record import record
from ..shell.edits import style_at
from ..shell.script import AndOr, Script
from ..shell.state import Leaks, interference, leaks, plain_chain
from ..syntax import Comment
from ..text import Edit, Span
from .facts import Facts

_PRAGMA = re.compile(r"#\s*(?:hadolint\s|dockerslim:|check\s*=|kics|trivy:|checkov|tally\s|semgrep)", re.I)
_SWITCHED_OFF = re.compile(
    r"#[#\s]*(?:FROM|RUN|COPY|ADD|ENV|ARG|WORKDIR|USER|ENTRYPOINT|CMD|EXPOSE|VOLUME|LABEL|ONBUILD|SHELL|HEALTHCHECK)\s+[^\s:]"
)


class Wrap(Enum):
    """How a body stands in the joined one."""

    BARE = "bare"
    GROUP = "group"
    SUBSHELL = "subshell"


@record
class Joint:
    """Runs that may be joined, with the wrapping of each; ``comments`` between them move along."""

    runs: tuple[Run, ...]
    wraps: tuple[Wrap, ...]


def neighbours(stage: Stage) -> list[list[Run]]:
    """The maximal series of RUN steps of *stage* that stand directly one after the other."""
    series: list[list[Run]] = []
    previous = -2
    for step in stage.steps:
        if isinstance(step, Run):
            if step.index == previous + 1:
                series[-1].append(step)
            else:
                series.append([step])
            previous = step.index
    return [runs for runs in series if len(runs) > 1]


def obstacle(first: Run, second: Run, facts: Facts) -> str | None:
    """Why neighbours *first* and *second* do not share a frame that could be one RUN's; None when they do."""
    for run in (first, second):
        if run.argv is not None:
            return "an exec-form RUN has no shell"
        if run.body is None or run.body.form != "shell":
            return "a here-document is its own script"
        script = facts.script(run)
        if script is None:
            return "its shell text could not be read with certainty"
        if not script.root.items:
            return "a RUN without a command"
        if _background(script):
            return "it starts a background job"
    if first.flags != second.flags:
        return "their flags (--mount, --network, --security) differ"
    script = facts.script(first)
    assert script is not None
    if script.comments:
        return "a shell comment would swallow what follows"
    for comment in _between(first, second, facts):
        if _PRAGMA.match(comment.text.strip()):
            return "a comment with instructions for a linter stands between them"
    return None


def plan(runs: list[Run], facts: Facts, *, subshells: bool) -> Joint | str:
    """How to join *runs*, which follow each other and have no ``obstacle``; a string says why not.

    *subshells* allows ``( … )`` around a body that would leak its state.
    """
    environment = facts.state(runs[0]).exported
    errexit = facts.state(runs[0]).errexit
    wraps: list[Wrap] = []
    for index, run in enumerate(runs):
        script = _script(run, facts)
        leaked = leaks(script)
        last = index == len(runs) - 1
        if errexit and not plain_chain(script.root):
            return "the SHELL runs bodies under -e, which && would switch off inside this one"
        if not last and leaked.leaves:
            return "it may end the shell with exit, exec or return"
        wrap = _grouping(script)
        if leaked.errexit and not last:
            problem = _errexit_problem(script, index, runs, facts)
            if problem:
                return problem
            wrap = Wrap.BARE
        for later in runs[index + 1 :]:
            found = _clash(leaked, later, facts, environment)
            if found is None:
                continue
            if not subshells or leaked.errexit:
                return found
            wrap = Wrap.SUBSHELL
        if wrap is not Wrap.BARE and script.comments:
            return "a shell comment stands in a body that needs brackets"
        wraps.append(wrap)
    return Joint(tuple(runs), tuple(wraps))


def _script(run: Run, facts: Facts) -> Script:
    script = facts.script(run)
    assert script is not None
    return script


def _clash(leaked: Leaks, later: Run, facts: Facts, environment: frozenset[str]) -> str | None:
    if not leaked:
        return None
    return interference(leaked, _script(later, facts), environment)


def _errexit_problem(script: Script, index: int, runs: list[Run], facts: Facts) -> str | None:
    """``set -e`` acts on what follows it, but not on the left of ``&&``: only plain chains are indifferent to it."""
    reason = "set -e would act, or stop acting, on other commands than before"
    if all(plain_chain(_script(run, facts).root) for run in runs):
        return None
    if index > 0 or not plain_chain(script.root.items[-1]):
        return reason
    if any(not plain_chain(_script(run, facts).root) for run in runs[index + 1 :]):
        return reason
    return None


def _grouping(script: Script) -> Wrap:
    """Brackets are needed where ``&&`` in front would bind to a part only; behind, they only help the reader."""
    root = script.root
    node = root.items[0]
    if len(root.items) > 1:
        return Wrap.GROUP
    if isinstance(node, AndOr) and any(operator.text == "||" for operator in node.operators):
        return Wrap.GROUP
    return Wrap.BARE


def _background(script: Script) -> bool:
    root = script.root
    return any(separator.text == "&" for separator in root.separators)


def apart(first: Run, second: Run, facts: Facts) -> str | None:
    """Why the author sees neighbours *first* and *second* as two things; None where nothing says so."""
    comments = _between(first, second, facts)
    if not comments:
        return None
    if any(_SWITCHED_OFF.match(comment.text.strip()) for comment in comments):
        return "an instruction that is commented out stands between them, and could not be switched on inside a RUN"
    document = facts.build.document
    if second.index + 1 == len(document.instructions) or document.line_of(comments[-1].span.start) != second.line - 1:
        return None
    behind = document.instructions[second.index + 1]
    if behind.keyword != "RUN" and behind.line_number == second.origin.end_line + 1:
        return f"the comment above it is about {behind.keyword} on line {behind.line_number}, too"
    return None


def _between(first: Run, second: Run, facts: Facts) -> list[Comment]:
    start, end = first.origin.code_end, second.origin.args_logical.before(0)
    comments = facts.build.document.comments
    return list(comments[bisect_left(comments, (Span(start, start),)) : bisect_left(comments, (Span(end, end),))])


def join(joint: Joint, facts: Facts) -> tuple[Edit, ...]:
    """The edits that make one RUN of the joint's: everything the user wrote stays, comments included."""
    edits: list[Edit] = []
    document = facts.build.document
    multi = next((run for run in joint.runs if len(run.origin.kinds) > 1), joint.runs[0])
    style = style_at(multi.origin, facts.style)
    for index, (run, wrap) in enumerate(zip(joint.runs, joint.wraps, strict=True)):
        script = _script(run, facts)
        body = run.origin.args_logical
        opening, closing = {
            Wrap.BARE: ("", ""),
            Wrap.GROUP: ("{ ", "; }"),
            Wrap.SUBSHELL: ("( ", " )"),
        }[wrap]
        end = script.root.items[-1].span.end
        last = index == len(joint.runs) - 1
        start_at = body.before(0)
        end_at = body.after(end)
        if index == 0:
            if opening:
                edits.append(Edit.insert(start_at, opening))
        else:
            edits[-1] = Edit(edits[-1].span, edits[-1].text + opening)
        if last:
            if closing:
                edits.append(Edit.replace(end_at, body.after(len(body.text)), closing))
            break
        target = joint.runs[index + 1].origin.args_logical.before(0)
        lines = "".join(
            f"{style.indent}{comment.text.strip()}{style.newline}"
            for comment in document.comments
            if end_at <= comment.span.start < target
        )
        if style.leading:
            glue = f" {style.escape}{style.newline}{lines}{style.indent}&&{style.gap}"
        else:
            glue = f" && {style.escape}{style.newline}{lines}{style.indent}"
        edits.append(Edit.replace(end_at, target, closing + glue))
    return tuple(edits)


@record
class Declined:
    """Neighbours that a pass wanted to join and may not, with the reason."""

    first: Run
    second: Run
    reason: str


Wanted = Callable[[Sequence[Run], Run], str | None]


def grown(stage: Stage, facts: Facts, wanted: Wanted) -> Iterator[tuple[Joint, list[str]] | Declined]:
    """Joints grown from left to right: *wanted* says for a group and the RUN behind it why they belong together."""
    for series in neighbours(stage):
        group: list[Run] = [series[0]]
        reasons: list[str] = []
        best: Joint | None = None
        for run in series[1:]:
            reason = wanted(group, run)
            problem = None
            if reason is not None:
                attempt = obstacle(group[-1], run, facts) or plan([*group, run], facts, subshells=False)
                if isinstance(attempt, Joint):
                    group.append(run)
                    reasons.append(reason)
                    best = attempt
                    continue
                problem = attempt
            if best is not None:
                yield best, reasons
            if problem is not None:
                yield Declined(group[-1], run, problem)
            group, reasons, best = [run], [], None
        if best is not None:
            yield best, reasons


def lines_of(runs: Sequence[Run]) -> str:
    """The lines on which *runs* start, for people."""
    numbers = [str(run.line) for run in runs]
    return f"{', '.join(numbers[:-1])} and {numbers[-1]}"
