"""What rests on a base image that some build puts another one in the place of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ..analysis.bases import replaced_base
from ..analysis.facts import Facts
from ..change import Change, Remark, RemarkKind

#: The rules that go by what is known of the base image: those on bases, stages and users.
BY_BASE = ("DS3", "DS4", "DS5")


def replaced(views: Sequence[Facts]) -> tuple[str, str] | None:
    """The first image or stage that a further context takes the place of in a build, and that build; None for none."""
    for facts in views:
        found = filter(None, (replaced_base(facts.build, facts, stage) for stage in facts.build.stages))
        image = next(found, None)
        if image is not None:
            builds = facts.project.usage.builds if facts.project is not None else ()
            return image, str(builds[0]) if builds else "a build"
    return None


def on_bases(
    found: Iterable[Change | Remark], known: Callable[[], tuple[str, str] | None]
) -> Iterator[Change | Remark]:
    """*found*, of rules that go by the base image, without the changes where *known* names one that is replaced."""
    for one in found:
        if not isinstance(one, Change) or (other := known()) is None:
            yield one
            continue
        image, build = other
        reason = f"{one.title}: {build} puts a further context in the place of {image}"
        yield Remark(RemarkKind.MISSED, reason, one.line, rule=one.rule)
