"""DS501: an unprivileged user for the container."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ...analysis.bases import base_head, base_image, root_evidence
from ...analysis.facts import Facts
from ...analysis.flow.state import stage_state
from ...change import AddsInstruction, Change, ChangesFlag, Claim, Safety, SetsUser
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Value
from ...knowledge.users import account_tools
from ...render.fragments import fragment
from ...render.instructions import instruction
from ...syntax import SegmentKind
from ...text import Edit
from ..base import Proposals, missed

if TYPE_CHECKING:
    from .user_evidence import Findings

_WRITING = frozenset(("RUN", "COPY", "ADD", "WORKDIR", "SHELL"))
_CONTINUED = re.compile(r"[\\`]\r?\n")
_LISTED = 4


class _Account(NamedTuple):
    """The user: number, home (None: without one), who says that it is there (empty: it is to be created), and what
    creates accounts.
    """

    number: int
    home: str | None
    there: str
    tools: str | None
    name: str
    shell: bool = True

    @property
    def user(self) -> str:
        return f"{self.number}:{self.number}"


def inject_user(build: Build, facts: Facts) -> Proposals:
    """Let the container run as an unprivileged user, where nothing that it does needs root.

    A process that runs as root in a container is root on the host when it breaks out, and may write every file of the
    image. `USER` with a number can be checked by Kubernetes' `runAsNonRoot`. The user is one that the base image
    brings along (`node`), or a new account `app` with the number 10001, created in a RUN that is there already; where
    there is none, the number alone is the user.

    Safe at level standard because the code was read: what the container starts is followed through the build context
    with all that it reaches, every port is 1024 or higher, nothing changes owners or users, and each path that is
    written lies in a temporary folder or becomes the user's own. What is only likely (a path that the code computes,
    data that is usually kept on a volume, no build context at all) is left for level aggressive. USER stands behind
    all that the build does, so the build itself is the same. Where the repository says how the image is run (compose
    files, Kubernetes manifests), what these start, mount, publish and grant counts as well. Source: Dockerfile
    reference, USER; Kubernetes documentation, "Configure a Security Context".
    """
    if not build.stages:
        return
    build = facts.shipped
    stage = build.stages[-1]
    state = stage_state(stage, facts.states)
    if not state.may_be_root:
        return
    if state.user is not None:
        if any(isinstance(step, Value) and step.keyword == "USER" for step in stage.steps):
            yield missed(stage.head.line, f"stays root: the file says so itself with USER {state.user}")
        return
    heirs = facts.graph.heirs(stage.index)
    if heirs:
        line = facts.build.stages[heirs[0]].head.line
        yield missed(stage.head.line, f"stays root: the stage on line {line} is built from it, and would get its user")
        return
    scratch = base_head(build, facts, stage).image.lower() == "scratch"
    account = _account(build, facts, stage, scratch=scratch)
    if account is None:
        return
    if isinstance(account, str):
        yield missed(stage.head.line, f"stays root: {account}")
        return
    # Most files never come here; what reads projects is loaded for those that do.
    from .user_evidence import findings

    found = findings(build, facts, stage, account.home)
    reasons = list(found.obstacles)
    edits = "" if reasons else _edits(stage, build, facts, account, found)
    if isinstance(edits, str):
        reasons += [edits] if edits else []
        more = f"; and {len(reasons) - _LISTED} more" if len(reasons) > _LISTED else ""
        hint = "; its build context (--context) could tell" if found.helped else ""
        listed = "; ".join(reasons[:_LISTED])
        yield missed(stage.head.line, f"stays root: {listed}{more}{hint}", *found.evidence)
        return
    made, claims = edits
    who = f"the base image's own {account.there}" if account.there else f"number {account.number}"
    who += " (its build context could prove that this is enough: --context)" if found.helped else ""
    why = "; ".join(found.doubts[:_LISTED])
    yield Change(
        edits=tuple(made),
        title=f"the container runs as an unprivileged user, {who}",
        reason=f"likely to need no root, but: {why}" if found.doubts else "nothing that the container does needs root",
        safety=Safety.AGGRESSIVE if found.doubts else Safety.STANDARD,
        claims=tuple(claims),
        line=stage.steps[-1].line if stage.steps else stage.head.line,
        evidence=(*found.doubts, *found.evidence),
    )


def _account(build: Build, facts: Facts, stage: Stage, *, scratch: bool) -> _Account | str | None:
    """The user for *stage*; a text says why there is none, None that nothing is to be done."""
    name, number = facts.account
    if scratch:
        return _Account(number, None, "", None, name, shell=False)
    image = base_image(build, facts, stage)
    if image is None:
        return "the base image is not known, nor the user and entrypoint that it starts with"
    if image.family == "windows":
        return None
    if image.drops_privileges:
        return f"{image.name} drops root's privileges by itself"
    if image.user not in (None, "root", "0"):
        return None
    if image.user is None and root_evidence(build, facts, stage) is None:
        return f"nothing tells whether {image.name} starts as root"
    if image.unprivileged and image.uid:
        shell = image.family != "none"
        return _Account(image.uid, f"/home/{image.unprivileged}", image.unprivileged, None, name, shell)
    if image.family in (None, "none"):
        return _Account(number, None, "", None, name, shell=False)
    tools = account_tools(image.family, image.name, image.parts.variant)
    return _Account(number, f"/home/{name}" if tools and stage.runs else None, "", tools, name)


def _edits(
    stage: Stage, build: Build, facts: Facts, account: _Account, found: Findings
) -> tuple[list[Edit], list[Claim]] | str:
    """The edits and their claims, or why they cannot be made."""
    edits: list[Edit] = []
    claims: list[Claim] = [SetsUser(account.user, None if stage.index == facts.build.stages[-1].index else stage.name)]
    own = ""
    if found.folders:
        if not account.shell:
            return f"{found.folders[0]} has to be writable, and the image has no shell to see to it"
        there = _made(stage)
        made = tuple(folder for folder in found.folders if folder not in there)
        owning = fragment("own-folders", facts.templates, paths=found.folders, made=made, number=account.number)
        own = _run(owning, stage, build, facts)
        claims.append(AddsInstruction("RUN", _claimed(own)))
    # Without a RUN an account would take a layer of its own; the number alone does as well.
    if not account.there and account.tools and stage.runs:
        creating = fragment(f"account-{account.tools}", facts.templates, account=account.name, number=account.number)
        text = _run(creating, stage, build, facts)
        edits.append(_early(stage, build, text + facts.style.newline))
        claims.append(AddsInstruction("RUN", _claimed(text)))
    for step in stage.steps:
        if isinstance(step, Copy) and step.index in found.copied:
            flags = step.origin.flags
            at = step.origin.logical.after(flags[-1].span.end) if flags else step.origin.keyword_span.end
            edits.append(Edit.insert(at, f" --chown={account.user}"))
            claims.append(ChangesFlag(step.keyword, "chown", None, account.user))
    user = instruction(_cased("USER", stage, build), account.user, facts.templates)
    edits.append(_late(stage, build, [*([own] if own else []), user], facts.style.newline))
    if len(edits) > 1 and edits[0].span == edits[-1].span:
        edits = [Edit(edits[0].span, edits[0].text + edits[-1].text), *edits[1:-1]]
    return edits, claims


def _from_stage(step: object) -> bool:
    return isinstance(step, Copy) and step.origin.flag("from") is not None


def _made(stage: Stage) -> frozenset[str]:
    """The directories that WORKDIR, or a COPY of more than one file, makes in *stage*."""
    found: set[str] = set()
    for step in stage.steps:
        if (
            isinstance(step, Value)
            and step.keyword == "WORKDIR"
            and step.value.startswith("/")
            and "$" not in step.value
        ):
            found.add(posixpath.normpath(step.value))
    return frozenset(found)


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


def _early(stage: Stage, build: Build, text: str) -> Edit:
    """The edit that puts *text* in front of the first COPY from the build context, which changes often.

    Without one it stands in front of USER.
    """
    first = next((step for step in stage.steps if isinstance(step, Copy) and not _from_stage(step)), None)
    if first is None:
        return _late(stage, build, [text.rstrip("\r\n")], "\r\n" if text.endswith("\r\n") else "\n")
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
        return Edit.insert(_before_comments(build, starts.origin.span.start), text)
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
