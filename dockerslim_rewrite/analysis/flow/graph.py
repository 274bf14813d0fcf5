"""Which stage is built from which, and whose result ships."""

from __future__ import annotations

from functools import cached_property

from ...ir.build import Build
from ...ir.steps import Copy, Onbuild, Run, Step
from ...patterns import re
from ...record import record

#: What people call a stage that only tries out the one beneath it.
_TRIES = re.compile(
    r"(?:(?:unit|integration|e2e|smoke|functional|run)[-_.]?)?(?:tests?|testing|lint(?:er|ing)?|checks?)\Z"
)


@record(slots=False)
class Graph:
    """``bases[i]`` is the stage that stage i is FROM, or None; ``sources[i]`` those that it copies or mounts from;
    ``names`` are those of the stages, empty for one that has none.
    """

    bases: tuple[int | None, ...]
    sources: tuple[frozenset[int], ...]
    names: tuple[str, ...]

    def ships(self, index: int) -> bool:
        """Whether the layers of stage *index* are part of the image that people use: the last stage's, unless by its
        name that is there to test or to check the stage that it is built from.
        """
        return index in self._shipped

    @cached_property
    def _shipped(self) -> frozenset[int]:
        last = len(self.bases) - 1
        while last >= 0 and (base := self.bases[last]) is not None and _TRIES.match(self.names[last]):
            last = base
        return frozenset(self.chain(last)) if self.bases else frozenset()

    @cached_property
    def _last(self) -> dict[str, tuple[int, tuple[int, ...]]]:
        return {}

    def chain(self, index: int) -> tuple[int, ...]:
        """Stage *index* and the stages under it, from the top down."""
        # What asks mostly asks of one stage again and again; all chains at once would fill the memory.
        at, known = self._last.get("chain", (-1, ()))
        if at != index:
            found = [index]
            while (base := self.bases[found[-1]]) is not None:
                found.append(base)
            known = tuple(found)
            self._last["chain"] = index, known
        return known

    def heirs(self, index: int) -> tuple[int, ...]:
        """The stages that are FROM stage *index*, directly or through others, in file order."""
        at, known = self._last.get("heirs", (-1, ()))
        if at != index:
            # A stage stands behind its base, so one pass finds them all.
            found = {index: None}
            for candidate in range(index + 1, len(self.bases)):
                if self.bases[candidate] in found:
                    found[candidate] = None
            known = tuple(found)[1:]
            self._last["heirs"] = index, known
        return known


def stage_graph(build: Build) -> Graph:
    """The graph of *build*'s stages. References that name no earlier stage are images.

    ``--from`` may count stages; FROM may not (BuildKit's dockerfile2llb looks for its image by name alone).
    """
    names: dict[str, int] = {}
    counted: dict[str, int] = {}
    bases: list[int | None] = []
    sources: list[frozenset[int]] = []
    for stage in build.stages:
        bases.append(names.get(stage.head.image.lower()))
        found = set()
        for step in stage.steps:
            for reference in references(step):
                at = names.get(reference.lower(), counted.get(reference))
                if at is not None:
                    found.add(at)
        sources.append(frozenset(found))
        counted[str(stage.index)] = stage.index
        if stage.head.alias:
            names[stage.name] = stage.index
    return Graph(tuple(bases), tuple(sources), tuple((stage.head.alias or "").lower() for stage in build.stages))


def references(step: Step) -> list[str]:
    """What *step* names in ``--from`` or in the ``from`` of a mount: stages, images or contexts."""
    if isinstance(step, Onbuild):
        return references(step.trigger) if step.trigger else []
    if isinstance(step, Copy):
        source = step.origin.flag("from")
        return [source] if source else []
    if isinstance(step, Run):
        return [mount["from"] for mount in step.mounts if mount.get("from")]
    return []
