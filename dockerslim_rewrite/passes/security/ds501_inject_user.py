"""DS501: an unprivileged user for the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...analysis.bases import base_head, base_image, root_evidence
from ...analysis.facts import Facts
from ...analysis.flow.state import stage_state
from ...change import Change, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Value
from ...knowledge.users import account_tools, has_shell
from ...record import evolve
from ..base import Proposals, missed
from .user_edits import Account, user_edits

if TYPE_CHECKING:
    from .user_evidence import Findings

_LISTED = 4
_DIRECTORIES = 3
_NO_SHELL = "the image has no shell to change its owner with"


def inject_user(build: Build, facts: Facts) -> Proposals:
    """Let the container run as an unprivileged user, where nothing that it does needs root.

    A process that runs as root in a container is root on the host when it breaks out, and may write every file of the
    image. `USER` with a number can be checked by Kubernetes' `runAsNonRoot`. The user is one that the base image
    brings along (`node`), or a new account `app` with the number 10001, created in a RUN that is there already; where
    there is none, the number alone is the user. Where the file opens directories to root's group, as OpenShift asks
    for, the user is a member of it.

    Safe at level standard because the code was read: what the container starts is followed through the build context
    with all that it reaches, every port is 1024 or higher, nothing changes owners or users, and each path that is
    written lies in a temporary folder or becomes the user's own. What is only likely (a path that the code computes,
    data that is usually kept on a volume, no build context at all) is left for level aggressive, and says what to do
    about files that root has written before. USER stands behind
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
        yield missed(stage.head.line, account)
        return
    # Most files never come here; what reads projects is loaded for those that do.
    from .user_evidence import findings
    from .user_obstacles import opened_to_group

    group = opened_to_group(build, facts, facts.graph.chain(stage.index))
    if group is not None:
        account = evolve(account, group=0)
    found = findings(build, facts, stage, account.home)
    reasons = list(found.obstacles)
    edits = "" if reasons else user_edits(stage, build, facts, account, found)
    if isinstance(edits, str):
        reasons += [edits] if edits else []
        more = f"; and {len(reasons) - _LISTED} more" if len(reasons) > _LISTED else ""
        hint = "; its build context (--context) could tell" if found.helped else ""
        listed = "; ".join(reasons[:_LISTED])
        yield missed(stage.head.line, f"stays root: {listed}{more}{hint}", *found.evidence)
        return
    made, claims = edits
    who = f"the base image's own {account.there}" if account.there else f"number {account.number}"
    who += ", in root's group" if group is not None else ""
    who += " (its build context could prove that this is enough: --context)" if found.helped else ""
    why = "; ".join(found.doubts[:_LISTED])
    seen = "the container does" if found.read else "the container is seen to do"
    kept = _kept(found, account.number)
    safety = Safety.AGGRESSIVE if found.doubts else Safety.STANDARD
    told = f"; {kept}" if kept and safety is Safety.AGGRESSIVE else ""
    owned = f"; it gets {'; '.join(found.owned[:2])}" if found.owned and (found.folders or found.copied) else ""
    yield Change(
        edits=tuple(made),
        title=f"the container runs as an unprivileged user, {who}",
        reason=(f"likely to need no root, but: {why}" if why else f"nothing that {seen} needs root") + owned + told,
        safety=safety,
        claims=tuple(claims),
        line=stage.steps[-1].line if stage.steps else stage.head.line,
        evidence=(
            *found.doubts,
            *found.evidence,
            *((f"root's group may write: {group}",) if group else ()),
            *((kept,) if kept else ()),
        ),
    )


def _kept(found: Findings, number: int) -> str:
    """What whoever has run the image before must do, since root wrote what the new user is to write on; empty for
    nothing.
    """
    if found.folders:
        some = found.folders[:_DIRECTORIES]
        more = f" and {len(found.folders) - len(some)} more" if len(found.folders) > len(some) else ""
        places = f"{', '.join(some)}{more}, or in what is mounted into it,"
    elif found.doubts:
        places = "what is mounted into it"
    else:
        return ""
    return f"files that earlier containers left in {places} belong to root: chown them to {number} once"


def _account(build: Build, facts: Facts, stage: Stage, *, scratch: bool) -> Account | str | None:
    """The user for *stage*; a text says why there is none, None that nothing is to be done."""
    name, number = facts.account
    if scratch:
        return Account(number, None, "", None, name, _NO_SHELL)
    image = base_image(build, facts, stage)
    if image is None:
        return "no USER is added: the base image's user is not known here, so add USER yourself if it is root"
    if image.family == "windows":
        return None
    if image.drops_privileges:
        return f"stays root: {image.name} drops root's privileges by itself"
    if image.user not in (None, "root", "0"):
        return None
    if image.user is None and root_evidence(build, facts, stage) is None:
        return f"no USER is added: nothing here tells whether {image.name} runs as root"
    if image.unprivileged and image.uid:
        without = _NO_SHELL if image.family == "none" else None
        return Account(image.uid, f"/home/{image.unprivileged}", image.unprivileged, None, name, without)
    if image.family in (None, "none"):
        unknown = f"whether {image.name} has a shell and chown is not known here"
        without = _NO_SHELL if image.family == "none" else None if has_shell(image.name) else unknown
        return Account(number, None, "", None, name, without)
    tools = account_tools(image.family, image.name, image.parts.variant)
    return Account(number, f"/home/{name}" if tools else None, "", tools, name)
