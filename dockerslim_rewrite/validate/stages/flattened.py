"""A last stage that became one layer: a copy of all of it on top of nothing, with everything that was configured."""

from __future__ import annotations

from collections.abc import Sequence

from ...change import Claim, FlattensStage, SplitsStage
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Onbuild, Run
from ...patterns import re
from ..core.verdict import Undecided, Unsound
from .runtime_stage import RuntimeStage
from .splits import Split, check_shells, parted
from .top_owners import licensed_owners

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Base images that configure nothing but PATH, whatever their tag.
_PLAIN = frozenset(("debian", "alpine", "busybox"))
_UBUNTU = re.compile(r"ubuntu:(20\.04|22\.04|24\.04)(?:@sha256:[0-9a-f]{64})?\Z")


def follow_flat(
    old: Build, new: Build, builder: Stage, claims: Sequence[FlattensStage], others: Sequence[Claim]
) -> Split:
    """Check all that the two rows of the result do not: of the last stages, which stand in *builder* and behind it.

    Raises ``Unsound`` or ``Undecided``.
    """
    claim, stage, flat = claims[0], old.stages[-1], new.stages[-1]
    lines = (stage.head.line, flat.head.line)
    if (builder.head.alias or "").lower() != claim.builder.lower():
        raise Unsound("the builder is not called as claimed", *lines)
    if (flat.head.alias or "").lower() != (stage.head.alias or claim.flat).lower():
        raise Unsound("the flat stage is not called as claimed", *lines)
    if any((other.head.alias or "").lower() == claim.builder.lower() for other in new.stages if other is not builder):
        raise Unsound(f"two stages are called {claim.builder}", *lines)
    if flat.head.image != "scratch" or flat.head.origin.flags or builder.head.origin.flags:
        raise Unsound("the flat stage does not begin with nothing", *lines)
    if any(isinstance(step, Onbuild) for step in stage.steps):
        raise Unsound("triggers of ONBUILD run in other builds", stage.head.line)
    check_shells(stage, flat)
    volume = next((step for step in stage.steps if step.keyword == "VOLUME"), None)
    if volume is not None and any(isinstance(step, Run) and step.index > volume.index for step in stage.steps):
        raise Unsound("some engines drop what commands write into a VOLUME", volume.line)
    if not any(step.keyword in ("CMD", "ENTRYPOINT") for step in stage.steps):
        raise Unsound("the container starts through what the old base image starts", stage.head.line)
    restated = _restated(builder)
    if restated is None:
        raise Unsound(f"what {builder.head.image} configures is not known", *lines)
    changing = [step for step in stage.steps if isinstance(step, Run | Copy)]
    if not changing:
        raise Unsound("a stage without commands has nothing to flatten", stage.head.line)
    before = [step for step in stage.steps if step.index <= changing[-1].index]
    split = SplitsStage(claim.builder, claim.flat, "scratch", ("/",), restated)
    reader = RuntimeStage(split, stage, (builder, flat), old.document.escape, others, ({"PATH": _PATH}, "/"))
    if reader.provided != {"/"} or sum(isinstance(step, Copy) for step in flat.steps) != 1:
        raise Unsound("the flat stage does not copy all of the old one, and nothing else", *lines)
    owner = next((step.origin.flag("chown") for step in flat.steps if isinstance(step, Copy)), None)
    if owner is not None and owner not in licensed_owners(others):
        raise Unsound(f"all of the old stage would be {owner}'s", *lines)
    own = reader.prefix(before)
    said = [step.origin.logical.text.strip().lower() for step in flat.steps[:own]]
    missing = next((line for line in restated if line.lower() not in said), None)
    if missing is not None:
        raise Unsound(f"the flat stage does not say {missing}", *lines)
    return parted(stage, changing[-1], builder, flat, own)


def _restated(builder: Stage) -> tuple[str, ...] | None:
    """What the base image of *builder* configures, as instructions; None where that is not known."""
    image = builder.head.image.lower().removeprefix("docker.io/").removeprefix("library/")
    path = f"ENV PATH={_PATH}"
    if re.split(r"[:@]", image)[0] in _PLAIN:
        return (path,)
    ubuntu = _UBUNTU.match(image)
    if ubuntu is None:
        return None
    key = "org.opencontainers.image"
    return path, f"LABEL {key}.ref.name=ubuntu {key}.version={ubuntu[1]}"


def known_pair(old: Build, new: Build, claims: Sequence[FlattensStage]) -> tuple[str | None, str | None]:
    """The names of the last stage before and after. Raises where nothing like it can have become of *old*."""
    if len(claims) != 1 or not old.stages:
        raise Undecided("only the last stage can be flattened, and once")
    if len(new.stages) < 2:
        raise Unsound("a flat stage needs one to copy")
    return old.stages[-1].head.alias, new.stages[-2].head.alias
