"""Where the lines of DS501 stand: the account and what it owns early, in one RUN, and USER behind all that writes."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ...analysis.facts import Facts
from ...analysis.flow.destinations import destination
from ...analysis.packages.cleanup import append_to, appendable
from ...change import AddsCommand, AddsInstruction, ChangesFlag, Claim, SetsUser
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Run
from ...patterns import re
from ...record import record
from ...render.fragments import fragment
from ...render.instructions import instruction
from ...syntax import SegmentKind
from ...text import Edit

if TYPE_CHECKING:
    from .user_evidence import Findings

_WRITING = frozenset(("RUN", "COPY", "ADD", "WORKDIR", "SHELL"))
#: Destinations among which the files of accounts are, or may be.
_ACCOUNTS = re.compile(r"/(?:etc(?:/(?:passwd|group|g?shadow))?)?\Z|.*\$")
_CONTINUED = re.compile(r"[\\`]\r?\n")


@record
class Account:
    """The user: number, home (None: without one), who says that it is there (empty: it is to be created), what
    creates accounts, and ``without`` what directories cannot be given to it (None: they can). Its ``group`` has the
    same number unless it is another one.
    """

    number: int
    home: str | None
    there: str
    tools: str | None
    name: str
    without: str | None = None
    group: int | None = None

    @property
    def user(self) -> str:
        """What USER and --chown say."""
        return f"{self.number}:{self.number if self.group is None else self.group}"


def user_edits(
    stage: Stage, build: Build, facts: Facts, account: Account, found: Findings
) -> tuple[list[Edit], list[Claim]] | str:
    """The edits and their claims, or why they cannot be made."""
    if found.folders and account.without is not None:
        return f"{found.folders[0]} has to be writable, and {account.without}"
    edits: list[Edit] = []
    claims: list[Claim] = [SetsUser(account.user, None if stage.index == facts.build.stages[-1].index else stage.name)]
    # Without a RUN an account would take a layer of its own; the number alone does as well, unless it needs a home.
    creates = bool(not account.there and account.tools and (stage.runs or found.home))
    first = next((step for step in stage.steps if isinstance(step, Copy) and not _from_stage(step)), None)
    before = first.index if first is not None else stage.steps[-1].index + 1
    early, late, appended = _places(stage, facts, found, before, creates=creates)
    for run in (one for one in stage.runs if one in appended or one.index in found.built):
        owning = [_owning(appended[run], (), account, facts)] if run in appended else []
        if run.index in found.built:
            paths = found.built[run.index]
            owning.append(fragment("own-built", facts.templates, paths=paths, number=account.number))
        edits.append(append_to(run, facts, facts.style.joint().join(owning)))
        claims += (AddsCommand(tuple(one.split())) for one in owning)
    parts = []
    if creates:
        parts.append(fragment(f"account-{account.tools}", facts.templates, account=account.name, number=account.number))
    if early:
        there = _made(stage, before, found, facts)
        parts.append(_owning(early, tuple(one for one in early if one not in there), account, facts))
    lines = []
    if parts:
        text = _run(" && ".join(parts), stage, build, facts)
        claims.append(AddsInstruction("RUN", _claimed(text)))
        place = first if first is not None or early else _first_copy(stage, facts)
        if place is None:
            lines.append(text)
        else:
            edits.append(_early(place, build, text + facts.style.newline))
    if late:
        text = _run(_owning(late, (), account, facts), stage, build, facts)
        claims.append(AddsInstruction("RUN", _claimed(text)))
        lines.append(text)
    for step in stage.steps:
        if isinstance(step, Copy) and step.index in found.copied:
            flags = step.origin.flags
            at = step.origin.logical.after(flags[-1].span.end) if flags else step.origin.keyword_span.end
            edits.append(Edit.insert(at, f" --chown={account.user}"))
            claims.append(ChangesFlag(step.keyword, "chown", None, account.user))
    lines.append(instruction(_cased("USER", stage, build), account.user, facts.templates))
    edits.append(_late(stage, build, lines, facts.style.newline))
    return edits, claims


def _places(
    stage: Stage, facts: Facts, found: Findings, before: int, *, creates: bool
) -> tuple[tuple[str, ...], tuple[str, ...], dict[Run, tuple[str, ...]]]:
    """Where each folder of *found* gets its owner: in the RUN before the step *before*, at the end, or in the RUN that
    makes it.
    """
    # What nothing but the change or a WORKDIR makes is seen to in a RUN of its own, and then all else with it.
    early = [folder for folder in found.folders if folder not in found.made or found.made[folder].stage != stage.index]
    alone = bool(creates or early)
    late: list[str] = []
    appended: dict[Run, tuple[str, ...]] = {}
    for folder in found.folders:
        run = next((one for one in stage.runs if folder not in early and one.index == found.made[folder].step), None)
        if run is None:
            continue
        if alone and run.index < before:
            early.append(folder)
        elif appendable(run, facts) is None:
            appended[run] = (*appended.get(run, ()), folder)
        elif run.index < before:
            early.append(folder)
        else:
            late.append(folder)
    early.sort()
    return tuple(early), tuple(late), appended


def _owning(folders: Sequence[str], made: Sequence[str], account: Account, facts: Facts) -> str:
    return fragment("own-folders", facts.templates, paths=tuple(folders), made=tuple(made), number=account.number)


def _from_stage(step: object) -> bool:
    return isinstance(step, Copy) and step.origin.flag("from") is not None


def _first_copy(stage: Stage, facts: Facts) -> Copy | None:
    """The first COPY of *stage*, where an account can be made before it; None where one may bring other accounts."""
    copies = [step for step in stage.steps if isinstance(step, Copy)]
    places = [destination(step, facts.state(step)) for step in copies]
    brings = any(place is None or _ACCOUNTS.match(posixpath.normpath(place)) for place in places)
    return None if brings or not copies else copies[0]


def _made(stage: Stage, before: int, found: Findings, facts: Facts) -> frozenset[str]:
    """The directories that WORKDIR or a RUN makes in *stage* before the step *before*, or in a stage below."""
    there = {path for path, made in found.made.items() if made.stage != stage.index or made.step < before}
    folders = (facts.state(step).workdir for step in stage.steps if step.index <= before)
    there.update(folder for folder in folders if folder is not None and folder != "/")
    return frozenset(there)


def _run(script: str, stage: Stage, build: Build, facts: Facts) -> str:
    """A RUN of *script*, whose commands stand on lines of their own."""
    style = facts.style
    body = style.joint().join(script.split(" && "))
    return instruction(_cased("RUN", stage, build), body, facts.templates)


def _claimed(text: str) -> str:
    """*text* as a claim has it: on one line, with single blanks."""
    return " ".join(_CONTINUED.sub(" ", text).split())


def _cased(keyword: str, stage: Stage, build: Build) -> str:
    return keyword.lower() if build.text[slice(*stage.head.origin.keyword_span)].islower() else keyword


def _early(first: Copy, build: Build, text: str) -> Edit:
    """The edit that puts *text* in front of *first*, a COPY of what changes often."""
    at = _before_comments(build, first.origin.span.start)
    newline = "\r\n" if text.endswith("\r\n") else "\n"
    parted = build.text[:at].endswith(newline * 2)
    return Edit.insert(at, text + (newline if parted else ""))


def _late(stage: Stage, build: Build, lines: Sequence[str], newline: str) -> Edit:
    """The edit that puts *lines* in front of ENTRYPOINT and CMD, behind everything that writes."""
    last = max((step for step in (stage.head, *stage.steps) if step.keyword in {"FROM", *_WRITING}), key=_index)
    following = [step for step in stage.steps if step.index > last.index]
    starts = next((step for step in following if step.keyword in ("ENTRYPOINT", "CMD")), None)
    text = "".join(line + newline for line in lines)
    if starts is not None:
        at = _before_comments(build, starts.origin.span.start)
        # A comment that stands behind a blank line keeps its own.
        parted = at < starts.origin.span.start and build.text[:at].endswith(newline * 2)
        return Edit.insert(at, text + (newline if parted else ""))
    end = (following[-1] if following else last).origin.span.end
    if build.text[end - 1 : end] != "\n":
        return Edit.insert(end, newline + text.removesuffix(newline))
    return Edit.insert(end, text)


def _index(step: object) -> int:
    index: int = step.index  # type: ignore[attr-defined]
    return index


def _before_comments(build: Build, at: int) -> int:
    """The start of the comment block that stands directly before the instruction at *at*, or *at* itself."""
    segments = build.document.segments
    for previous, segment in pairwise(segments):
        if segment.span.start == at and previous.kind is SegmentKind.COMMENT:
            return previous.span.start
    return at
