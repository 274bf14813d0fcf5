"""What is right for every build: a Dockerfile may be built with several contexts, and for several of its stages.

A pass runs once under the facts of each build. A change is made where every build asks for it that the touched stages
take part in; of others it says which build stands in the way, and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..analysis.facts import Facts
from ..analysis.usage import shipped
from ..change import Change, Remark, RemarkKind, SetsUser
from ..ir.build import Build
from ..passes import Pass
from ..record import evolve
from ..text import Edit, shown


class View:
    """One way to build: its facts, the ``stages`` that it needs, and the ``chain`` that its own is built from."""

    def __init__(self, build: Build, facts: Facts) -> None:
        self.facts = facts
        usage = facts.project.usage if facts.project is not None else None
        self.target = usage.target if usage is not None else None
        self.untold = usage.untold if usage is not None else None
        self.name = str(usage.builds[0]) if usage is not None and usage.builds else "the build of the last stage"
        last = len(shipped(build, self.target).stages) - 1
        self.stages = _needed(build, facts, last)
        self.chain = frozenset(index for index in self.stages if index == last or last in facts.graph.heirs(index))

    @property
    def numbered(self) -> bool:
        """Whether it names its stage by a number, which changes when stages come and go."""
        return self.target is not None and self.target.isdecimal()


def agreed(one: Pass, build: Build, views: Sequence[View]) -> Iterator[Change | Remark]:
    """What the pass *one* proposes that is right for each of *views*, and remarks on what is not."""
    found = [list(one.run(build, view.facts)) for view in views]
    done: set[tuple[Edit, ...]] = set()
    said: set[Remark] = set()
    for view, proposals in zip(views, found, strict=True):
        for proposal in proposals:
            if isinstance(proposal, Change) and proposal.edits not in done:
                done.add(proposal.edits)
                judged = _judged(proposal, build, views, found)
            elif isinstance(proposal, Remark) and proposal not in said:
                said.add(proposal)
                judged = proposal
            else:
                continue
            # What is missed in a context that nobody can tell says nothing of the file.
            if view.untold is None or isinstance(judged, Change):
                yield judged


def _judged(
    change: Change, build: Build, views: Sequence[View], found: Sequence[Sequence[Change | Remark]]
) -> Change | Remark:
    """*change* at the level that the most careful build asks for, or why it is not made."""
    stages = _touched(change, build)
    safety = change.safety
    for view, proposals in zip(views, found, strict=True):
        if view.numbered and change.renumbers:
            reason = f"{change.title}: {view.name} builds stage {view.target} by its number, which would change"
            return Remark(RemarkKind.MISSED, reason, change.line, rule=change.rule)
        # The user of a stage that is only copied from is nobody's concern.
        metadata = all(isinstance(claim, SetsUser) for claim in change.claims)
        if stages is not None and not stages & (view.chain if metadata else view.stages):
            continue
        same = [one for one in proposals if isinstance(one, Change) and _same(one, change)]
        if not same:
            return _declined(change, view, proposals)
        safety = max(safety, same[0].safety)
    return change if safety == change.safety else evolve(change, safety=safety)


def _same(first: Change, second: Change) -> bool:
    return first.edits == second.edits and first.claims == second.claims


def _declined(change: Change, view: View, proposals: Sequence[Change | Remark]) -> Remark:
    own = next((one.reason for one in proposals if isinstance(one, Remark) and one.rule == change.rule), None)
    other = any(isinstance(one, Change) and one.rule == change.rule for one in proposals)
    why = f": {own}" if own else ", which takes another change" if other else ", which gives no reason for it"
    if view.untold is not None:
        why = f", since nothing tells what its context {shown(view.untold)} holds"
    reason = f"{change.title}: not right for {view.name}{why}"
    return Remark(RemarkKind.MISSED, reason, change.line, change.evidence, rule=change.rule)


def _touched(change: Change, build: Build) -> frozenset[int] | None:
    """The stages whose text *change* edits; None where it edits what stands before all of them."""
    found: set[int] = set()
    heads = [stage.head.origin.span.start for stage in build.stages]
    for edit in change.edits:
        first = sum(1 for start in heads if start <= edit.span.start) - 1
        last = sum(1 for start in heads if start < edit.span.end) - 1
        if edit.span.start == edit.span.end and edit.span.start in heads and "FROM" not in edit.text.upper():
            # What is put before a FROM belongs to the stage above.
            first -= 1
        if first < 0:
            return None
        found.update(range(first, max(first, last) + 1))
    return frozenset(found)


def _needed(build: Build, facts: Facts, index: int) -> frozenset[int]:
    """The stages that stage *index* is made of, itself included."""
    found: set[int] = set()
    open_ = [index]
    while open_:
        at = open_.pop()
        if at in found or at < 0:
            continue
        found.add(at)
        base = facts.graph.bases[at]
        open_ += [*facts.graph.sources[at], *([base] if base is not None else [])]
    return frozenset(found)
