"""References to stages that a request writes and that no stage answers to: builders pull an image of that name.

Source: Dockerfile reference, "COPY --from".
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ..analysis.flow.graph import references
from ..change import Remark
from ..ir.build import Build
from ..ir.steps import From, Onbuild, Step
from ..knowledge.images import canonical_name, catalogued
from ..patterns import re
from .breaks import STAGES, Version, remark

#: A name that a stage may have, and no image with a tag, an owner or a registry.
_PLAIN = re.compile(r"[a-z][a-z0-9_.-]*\Z")
#: What people call stages, and nobody an image.
_USUAL = frozenset(
    (
        "base", "build", "builder", "build-stage", "compile", "compiler", "deps", "dependencies", "dev", "development",
        "final", "install", "prod", "production", "release", "runtime", "test", "tests",
    )
)  # fmt: skip


def unknown_stages(before: Version, after: Version) -> Iterator[Remark]:
    """Remarks, none of which is an error, on names that *after* takes from, *before* did not know, and no stage has."""
    names = {stage.name for stage in after.build.stages if stage.head.alias}
    known = {name for name, _ in _named(before.build)} | names | after.named()
    known |= {stage.name for stage in before.build.stages if stage.head.alias}
    for name, step in _named(after.build):
        if name in known or not _PLAIN.match(name) or canonical_name(name) in catalogued():
            continue
        near = get_close_matches(name, names, 1, 0.75)
        if near or (name in _USUAL and not isinstance(step, From)):
            hint = f"; did you mean `{near[0]}`?" if near else ""
            reason = f"no stage is called `{name}`, so an image of that name is pulled{hint}"
            yield remark(STAGES, reason, step.line, fails=False)


def _named(build: Build) -> Iterator[tuple[str, From | Step]]:
    """What FROM, COPY and mounts of *build* name, in lower case, with the instructions."""
    for stage in build.stages:
        yield stage.head.image.lower(), stage.head
        for step in stage.steps:
            if not isinstance(step, Onbuild):
                yield from ((name.lower(), step) for name in references(step))
