"""A stage that became a builder and a runtime stage: what such a claim may license, re-derived from the two programs.

Every command still runs once, in order, in the builder. The runtime stage stands on the same family of distribution, or
on one without a shell where no command needs one; it copies to the same paths whatever the old program wrote under its
own name; it has the environment, folder and user that the old stage ended its commands with; and the instructions that
only configure an image are those of the old stage, in their order.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from ...change import Claim, EntersFolder, SplitsStage
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Exec, Healthcheck, Onbuild, Run, Step, Value
from ...record import evolve, record
from ...shell.names import POSIX_SHELLS
from ..bases.base_images import reason_against
from ..bases.runtime_bases import not_of_family
from ..core.verdict import Undecided, Unsound
from ..moves.contents import Read
from .environments import check_environment
from .linking import check_linked
from .runtime_paths import of_context
from .runtime_stage import RuntimeStage
from .top_owners import check_owners

#: Instructions that only configure an image.
CONFIGURES = frozenset(("CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "VOLUME"))

Row = tuple[Sequence[Step], Sequence[Step]]


@record
class Split:
    """The new stages, and the rows of steps to compare: what the builder ran, and what configures the image."""

    builder: Stage
    runtime: Stage
    built: Row
    configured: Row
    cut: Step


def follow(
    old: Build, new: Build, claims: Sequence[SplitsStage], others: Sequence[Claim], read: Read | None = None
) -> Split:
    """Check all that the two rows of the result do not; *read* gives the text of a file of the build context, where
    that is at hand. Raises ``Unsound`` or ``Undecided``.
    """
    if len(claims) != 1 or len(old.stages) != 1:
        raise Undecided("only a single stage can be split")
    if len(new.stages) != 2:
        raise Unsound(f"a split leaves two stages, not {len(new.stages)}")
    claim, stage = claims[0], old.stages[0]
    builder, runtime = new.stages
    runtime = _entered(runtime, others)
    _names(claim, stage, builder, runtime)
    if any(isinstance(step, Onbuild) for step in stage.steps):
        raise Unsound("triggers of ONBUILD run in other builds", stage.head.line)
    check_shells(stage, runtime)
    cut = _cut(stage, builder)
    if cut is None:
        raise Unsound("a stage without commands has nothing to split", stage.head.line)
    _base(claim, stage, builder, runtime, others)
    before = [step for step in stage.steps if step.index <= cut.index]
    check_linked(before, stage, claim)
    check_environment(claim, stage, builder, runtime)
    reader = RuntimeStage(claim, stage, (builder, runtime), old.document.escape, others)
    own = reader.prefix(before)
    reader.check_paths(read)
    check_owners(stage, runtime, claim.builder, old.document.escape, others)
    return parted(stage, cut, builder, runtime, own)


def _cut(stage: Stage, builder: Stage) -> Step | None:
    """The last instruction of *stage* that is the builder's; None where nothing runs or copies.

    What was only copied from the build context behind the last command may go to the runtime stage, as it stands.
    """
    changing = [step for step in stage.steps if isinstance(step, Run | Copy)]
    runs = [step for step in changing if isinstance(step, Run)]
    if not runs:
        return changing[-1] if changing else None
    late = [step for step in changing if step.index > runs[-1].index]
    kept = sum(isinstance(step, Copy) for step in builder.steps)
    moved = kept == sum(isinstance(step, Copy) for step in changing) - len(late)
    return runs[-1] if moved and all(of_context(step) for step in late) else changing[-1]


def _entered(runtime: Stage, others: Sequence[Claim]) -> Stage:
    """*runtime* with the WORKDIR that leads back from a claimed folder in front of what only configures the image.

    It stood behind the last command of the old stage, and what only configures was put in between.
    """
    backs = {one.back for one in others if isinstance(one, EntersFolder)}
    steps = runtime.steps
    first = max((at for at, step in enumerate(steps) if isinstance(step, Run | Copy)), default=-1) + 1
    for at, step in enumerate(steps[first:], first):
        if isinstance(step, Value) and step.keyword == "WORKDIR" and step.value in backs:
            return evolve(runtime, steps=(*steps[:first], step, *steps[first:at], *steps[at + 1 :]))
        if step.keyword not in CONFIGURES | {"SHELL", "USER"}:
            break
    return runtime


def parted(stage: Stage, cut: Step, builder: Stage, runtime: Stage, own: int) -> Split:
    """*stage* parted behind *cut* into *builder* and *runtime*, whose first *own* steps are the split's own."""
    return Split(
        builder,
        runtime,
        (
            [step for step in stage.steps if step.index <= cut.index and step.keyword not in CONFIGURES],
            builder.steps,
        ),
        (
            [step for step in stage.steps if step.keyword in CONFIGURES or step.index > cut.index],
            runtime.steps[own:],
        ),
        cut,
    )


def check_shells(stage: Stage, runtime: Stage) -> None:
    """Refuse a command of *stage* that *runtime* leaves to another shell than the one it was written for."""
    shells = [step.index for step in stage.steps if step.keyword == "SHELL"]
    shelled = {step.keyword for step in runtime.steps if isinstance(step, Exec | Healthcheck) and step.argv is None}
    for step in stage.steps:
        early = any(step.index < index for index in shells)
        if early and step.keyword in shelled and isinstance(step, Exec | Healthcheck) and step.argv is None:
            raise Unsound(f"{step.keyword} would be run by another shell", step.line)


def _names(claim: SplitsStage, stage: Stage, builder: Stage, runtime: Stage) -> None:
    lines = (stage.head.line, runtime.head.line)
    if (builder.head.alias or "").lower() != claim.builder.lower():
        raise Unsound("the builder is not called as claimed", *lines)
    wanted = stage.head.alias or claim.runtime
    if (runtime.head.alias or "").lower() != wanted.lower():
        raise Unsound(f"the image that was called {wanted} is not called so any more", *lines)


def _base(claim: SplitsStage, stage: Stage, builder: Stage, runtime: Stage, others: Sequence[Claim]) -> None:
    lines = (stage.head.line, runtime.head.line)
    reason = reason_against(claim.base, runtime.head.image, others)
    if reason is not None:
        raise Unsound(f"the runtime stage is not based on {claim.base}: {reason}", *lines)
    if runtime.head.origin.flags or stage.head.origin.flags:
        raise Unsound("a stage names a platform", *lines)
    problem = not_of_family(builder.head.image, claim.base, shell=_needs_shell(runtime))
    if problem is not None:
        raise Unsound(problem, *lines)


def _needs_shell(stage: Stage) -> bool:
    """Whether CMD, ENTRYPOINT or HEALTHCHECK is run by a shell."""
    for step in stage.steps:
        if isinstance(step, Exec | Healthcheck):
            if isinstance(step, Healthcheck) and step.test != "CMD":
                continue
            if not step.argv or posixpath.basename(step.argv[0]) in POSIX_SHELLS:
                return True
    return False
