"""When two or more neighbouring RUNs may become one, and how their bodies must be wrapped.

Each RUN starts a fresh shell; joining must keep that illusion (state), and a RUN fails when its last command fails
(status). What cannot be kept is declined with the reason.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from itertools import pairwise

from ...ir.build import Stage
from ...ir.steps import Run
from ...knowledge.wishes import marks_region
from ...patterns import re
from ...record import record
from ...shell import script as script_tree
from ...shell.edits import starts_errexit
from ...shell.reader import read_script
from ...shell.script import AndOr, Script
from ...shell.state import Leaks, interference, leaks, plain_chain
from ...syntax import Comment, Document
from ...syntax.style import style_of
from ...text import Edit, Span
from ..facts import Facts
from .linted import new_finding
from .stranded import deletes

#: So many RUNs become one at a time; there is no real file with more in a row.
MAX_JOINED = 100
#: So long, in code points of up to four bytes, may a joined body get. A shell gets it as one argument, for which Linux
#: has 128 KiB (MAX_ARG_STRLEN in include/uapi/linux/binfmts.h).
MAX_TEXT = 30_000
_PRAGMA = re.compile(r"#\s*(?:hadolint\s|dockerslim:|check\s*=|kics|trivy:|checkov|tally\s|semgrep)", re.I)
_SWITCHED_OFF = re.compile(
    r"#[#\s]*(?!(?:ADD|COPY)\s.*\b(?:to|the|this)\b\s)(?:FROM|RUN|COPY|ADD|ENV|ARG|WORKDIR|USER|ENTRYPOINT|CMD|EXPOSE|VOLUME|LABEL|ONBUILD|SHELL|HEALTHCHECK)\s+[^\s:]"
)


class Wrap(Enum):
    """How a body stands in the joined one."""

    BARE = "bare"
    GROUP = "group"
    SUBSHELL = "subshell"


#: How a body is written for each.
_WRAPPED = {Wrap.BARE: "{}", Wrap.GROUP: "{{ {}; }}", Wrap.SUBSHELL: "( {} )"}


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
    state = facts.state(first)
    gone = deletes(script, state.workdir or "/", state.constants)
    if gone is not None:
        return f"it may delete the directory that the next one starts in: {gone}"
    for comment in _between(first, second, facts):
        if _PRAGMA.match(comment.text.strip()):
            return "a comment with instructions for a linter stands between them"
        if marks_region(comment.text.strip()):
            return "a mark that documentation tools read stands between them"
    if switched_off(first, second, facts):
        return "an instruction that is commented out stands between them, and could not be switched on inside a RUN"
    return None


def plan(runs: list[Run], facts: Facts, *, subshells: bool) -> Joint | str:
    """How to join *runs*, which follow each other and have no ``obstacle``; a string says why not.

    *subshells* allows ``( … )`` around a body that would leak its state.
    """
    growing = _Growing(facts, subshells)
    for run in runs:
        problem = growing.add(run)
        if problem is not None:
            return problem
    return growing.joint()


class _Growing:
    """A joint that takes in one RUN after the other, each weighed against those before it once."""

    def __init__(self, facts: Facts, subshells: bool, *, bare: bool = False) -> None:
        self.facts = facts
        self.subshells = subshells
        self.bare = bare
        self.runs: list[Run] = []
        self._length = 0
        self._wraps: list[Wrap] = []
        self._leaks: list[Leaks] = []
        self._bent: list[int] = []

    def joint(self) -> Joint:
        """The RUNs taken in so far."""
        return Joint(tuple(self.runs), tuple(self._wraps))

    def add(self, run: Run) -> str | None:
        """Take *run* in, or say why it has to stay out."""
        script = self.facts.script(run)
        assert script is not None
        if not script.root.items:
            return "it holds no command"
        if len(self.runs) == MAX_JOINED:
            return f"{MAX_JOINED} of them are one RUN already"
        if self.runs and self._length + len(script.text) > MAX_TEXT:
            return "together they would be too long for an argument of the shell"
        bent = self._bent if plain_chain(script.root) else [*self._bent, len(self.runs)]
        if bent and self.facts.state(run).errexit:
            return "the SHELL runs bodies under -e, which && would switch off inside this one"
        wrap = _grouping(script)
        if self.bare and wrap is not Wrap.BARE:
            return "its body would need brackets"
        if wrap is not Wrap.BARE and script.comments:
            return "a shell comment stands in a body that needs brackets"
        wraps = list(self._wraps)
        problem = self._behind(run, script, bent, wraps) or self._unreadable(script, [*wraps, wrap])
        if problem is None:
            self.runs.append(run)
            self._length += len(script.text)
            self._bent = bent
            self._leaks.append(leaks(script))
            self._wraps = [*wraps, wrap]
        return problem

    def _unreadable(self, script: Script, wraps: list[Wrap]) -> str | None:
        """Why the bodies, with *script* behind them and wrapped so, would not be read as the shell script they are."""
        if all(wrap is Wrap.BARE for wrap in wraps):
            return None
        scripts = [self.facts.script(run) for run in self.runs]
        texts = [one.text for one in (*scripts, script) if one is not None]
        joined = " && ".join(_WRAPPED[wrap].format(text) for wrap, text in zip(wraps, texts, strict=True))
        return None if isinstance(read_script(joined), Script) else "together they could not be read with certainty"

    def _behind(self, run: Run, script: Script, bent: list[int], wraps: list[Wrap]) -> str | None:
        """Why *run*, that is *script*, may not stand behind the others; else *wraps* says how they then stand."""
        if self.runs and (finding := new_finding(self.runs, run, self.facts)) is not None:
            return finding
        if self._leaks and self._leaks[-1].leaves:
            return "it may end the shell with exit, exec or return"
        environment = self.facts.state(self.runs[0]).exported if any(self._leaks) else frozenset()
        for index, leaked in enumerate(self._leaks):
            if leaked.errexit:
                if bent and self._errexit_matters(index, bent):
                    return "set -e would act, or stop acting, on other commands than before"
                wraps[index] = Wrap.BARE
            found = interference(leaked, script, environment) if leaked else None
            if found is None:
                continue
            if not self.subshells or leaked.errexit:
                return found
            wraps[index] = Wrap.SUBSHELL
        return None

    def _errexit_matters(self, index: int, bent: list[int]) -> bool:
        """``set -e`` acts on what follows it, but not on the left of ``&&``: only plain chains are indifferent to it.

        *bent* are the indices of those that are none.
        """
        first = self.facts.script(self.runs[0])
        assert first is not None
        late = len(first.root.items) > 1 and not starts_errexit(first.root)
        return index > 0 or late or not plain_chain(first.root.items[-1]) or bent != [0]


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
    return any(
        separator.text == "&"
        for node in script.nodes
        if isinstance(node, script_tree.Sequence)
        for separator in node.separators
    )


def apart(first: Run, second: Run, facts: Facts) -> str | None:
    """Why the author sees neighbours *first* and *second* as two things; None where nothing says so."""
    comments = _between(first, second, facts)
    if not comments:
        return None
    document = facts.build.document
    if second.index + 1 == len(document.instructions) or document.line_of(comments[-1].span.start) != second.line - 1:
        return None
    behind = document.instructions[second.index + 1]
    if behind.keyword != "RUN" and behind.line_number == second.origin.end_line + 1:
        return f"the comment above it is about {behind.keyword} on line {behind.line_number}, too"
    return None


def switched_off(first: Run, second: Run, facts: Facts) -> bool:
    """Whether an instruction that is commented out stands between neighbours *first* and *second*."""
    return any(_SWITCHED_OFF.match(comment.text.strip()) for comment in _between(first, second, facts))


def commented(first: Run, second: Run, facts: Facts) -> bool:
    """Whether a comment stands between neighbours *first* and *second*."""
    return bool(_between(first, second, facts))


def _between(first: Run, second: Run, facts: Facts) -> list[Comment]:
    return _comments(facts.build.document, first.origin.code_end, second.origin.args_logical.before(0))


def _comments(document: Document, start: int, end: int) -> list[Comment]:
    comments = document.comments
    return list(comments[bisect_left(comments, (Span(start, start),)) : bisect_left(comments, (Span(end, end),))])


def join(joint: Joint, facts: Facts) -> tuple[Edit, ...]:
    """The edits that make one RUN of the joint's: everything the user wrote stays, comments included."""
    edits: list[Edit] = []
    document = facts.build.document
    style = style_of("\n".join(run.origin.text for run in joint.runs), facts.style.escape, facts.style)
    for index, (run, wrap) in enumerate(zip(joint.runs, joint.wraps, strict=True)):
        script = facts.script(run)
        assert script is not None
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
        between = _comments(document, end_at, target)
        lines = "".join(f"{style.indent}{comment.text.strip()}{style.newline}" for comment in between)
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


def grown(
    stage: Stage, facts: Facts, wanted: Wanted, *, bare: bool = False
) -> Iterator[tuple[Joint, list[str]] | Declined]:
    """Joints grown from left to right: *wanted* says for a group and the RUN behind it why they belong together.

    With *bare*, no body may need brackets.
    """
    for series in neighbours(stage):
        growing, unfit = _begun(series[0], facts, bare)
        reasons: list[str] = []
        for previous, run in pairwise(series):
            reason = wanted(growing.runs or [previous], run)
            problem = None
            if reason is not None:
                problem = obstacle(previous, run, facts) or unfit or growing.add(run)
                if problem is None:
                    reasons.append(reason)
                    continue
            if reasons:
                yield growing.joint(), reasons
            if problem is not None:
                yield Declined(previous, run, problem)
            (growing, unfit), reasons = _begun(run, facts, bare), []
        if reasons:
            yield growing.joint(), reasons


def _begun(run: Run, facts: Facts, bare: bool) -> tuple[_Growing, str | None]:
    """A joint of *run* alone, and why it can have no other."""
    growing = _Growing(facts, subshells=False, bare=bare)
    return growing, growing.add(run) if facts.script(run) is not None else None


def lines_of(runs: Sequence[Run]) -> str:
    """The lines on which *runs* start, for people."""
    numbers = [str(run.line) for run in runs]
    return f"{', '.join(numbers[:-1])} and {numbers[-1]}"
