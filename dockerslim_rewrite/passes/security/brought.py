"""Folders that come out of another stage together with their owner, so that no command has to see to it.

COPY gives the user of ``--chown`` all that it copies, and the folders that it has to make for it. Source: Dockerfile
reference, "COPY --chown --chmod"; BuildKit's and Buildah's copiers, which make missing folders with the same owner.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator

from ...analysis.bases import base_image
from ...analysis.facts import Facts
from ...analysis.flow.state import expand
from ...ir.build import Build, Stage
from ...ir.steps import Copy, Run
from ...patterns import re
from ...text.paths import within
from .runtime_directories import folder_after
from .user_rights import copies_of

_GLOB = frozenset("*?[")
#: Folders that base images may have, with an owner of their own.
_OF_IMAGES = re.compile(r"/(?:home|opt|srv)/[^/]+\Z|/var/")


def brought(build: Build, facts: Facts, stage: Stage, folders: Iterable[str], owned: Collection[int]) -> frozenset[str]:
    """Those of *folders* that a COPY of *stage* makes, among those with the indices *owned*: they get ``--chown``."""
    image = base_image(build, facts, stage)
    if image is None or facts.graph.bases[stage.index] is not None:
        return frozenset()
    return frozenset(
        folder
        for folder in folders
        if (image.workdir is None or not within(image.workdir, folder)) and not _OF_IMAGES.match(folder)
        if _made_by_copy(folder, build, facts, stage, owned)
    )


def _made_by_copy(folder: str, build: Build, facts: Facts, stage: Stage, owned: Collection[int]) -> bool:
    """Whether the first step of *stage* that makes *folder* is a COPY from a stage where it is."""
    targets = {step.index: target for step, target in copies_of(facts, stage)}
    for step in stage.steps:
        if isinstance(step, Copy):
            target = targets.get(step.index)
            if target is None:
                return False
            if within(folder, target) and step.index in owned:
                return any(within(one, folder) for one in _there(step, target, build, facts))
            if within(target, folder):
                return False
        elif isinstance(step, Run):
            return False
        else:
            after = folder_after(step, facts)
            if after is not None and within(after, folder):
                return False
    return False


def _there(step: Copy, target: str, build: Build, facts: Facts) -> Iterator[str]:
    """Folders that *step* brings to *target*: those in which its stage works."""
    reference = step.origin.flag("from")
    source = expand(step.sources[0], facts.state(step)) if len(step.sources) == 1 else None
    if reference is None or source is None or not source.startswith("/") or not _GLOB.isdisjoint(source):
        return
    name = reference.lower()
    origin = next((one for one in build.stages if name in (one.name.lower(), str(one.index))), None)
    if origin is None:
        return
    source = posixpath.normpath(source)
    for one in (build.stages[index] for index in facts.graph.chain(origin.index)):
        for other in one.steps:
            folder = folder_after(other, facts)
            if folder is not None and within(folder, source):
                yield posixpath.normpath(f"{target}/{posixpath.relpath(folder, source)}")
