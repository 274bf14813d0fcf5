"""What a build observes of one instruction, whichever way it is written."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.build import Build
from ...ir.steps import Arg, Copy, Env, Exec, Healthcheck, Label, Listing, Onbuild, Run, Step, Value
from .observe import value
from .program import source_of

Fingerprint = tuple[object, ...]


class Side:
    """One of the two programs, and the stage in it that is being walked through.

    ``places`` leads from the indices of its stages to those of the other program, where stages went.
    """

    __slots__ = ("build", "places", "stage")

    def __init__(self, build: Build, places: Mapping[int, int]) -> None:
        self.build = build
        self.places = places
        self.stage = 0

    def elsewhere(self) -> Side:
        """The same program as another build sees it that is based on its image: its stages have no names there."""
        return Side(self.build, {})

    def flags(self, step: Step) -> tuple[tuple[str, object], ...]:
        """The flags of *step*; stages that they name are named by their place in the new program."""
        return tuple(self._flag(flag.name, flag.value) for flag in step.origin.flags)

    def _flag(self, name: str, given: str | None) -> tuple[str, object]:
        if name == "from" and given:
            return (name, self._source(given))
        if name == "mount" and given and "from=" in given.lower():
            parts = [
                f"from={self._source(part[5:])}" if part.lower().startswith("from=") else part
                for part in given.split(",")
            ]
            return (name, ",".join(parts))
        return (name, given)

    def _source(self, name: str) -> int | str:
        found = source_of(name, self.stage, self.build)
        return self.places.get(found, f"the dropped stage {found}") if isinstance(found, int) else found


def same_text(left: Step, right: Step) -> bool:
    """Whether two steps are written alike, here-documents included."""
    a, b = left.origin, right.origin
    return a.logical.text == b.logical.text and (not (a.heredocs or b.heredocs) or heredocs(left) == heredocs(right))


def names_stages(step: Step) -> bool:
    """Whether a flag of *step* may name a stage; the trigger of an ONBUILD names those of another build."""
    return any(flag.name in ("from", "mount") for flag in step.origin.flags)


def fingerprint(step: Step, side: Side, labels: Mapping[str, str] | None = None) -> Fingerprint:
    """What a build observes of *step*; *labels* leads from the keys of labels to what claims make of them."""
    flags = side.flags(step)
    escape = side.build.document.escape
    if isinstance(step, Env | Label | Arg):
        pairs = tuple(
            ("".join(value(pair.key, escape)), None if pair.value is None else value(pair.value, escape))
            for pair in step.pairs
        )
        if labels and isinstance(step, Label):
            pairs = tuple((labels.get(key, key), text) for key, text in pairs)
        return (step.keyword, flags, pairs)
    if isinstance(step, Copy):
        target = step.destination
        if len(step.sources) > 1 and not target.endswith("/"):
            target += "/"
        return (step.keyword, flags, step.sources, target, step.origin.json is None, heredocs(step))
    if isinstance(step, Run | Exec):
        text = step.origin.args if step.argv is None else None
        return (step.keyword, flags, step.argv, text, heredocs(step))
    if isinstance(step, Listing):
        words = tuple(map(exposed, step.words)) if step.keyword == "EXPOSE" else step.words
        return (step.keyword, flags, words)
    if isinstance(step, Healthcheck):
        return (step.keyword, flags, step.test, step.argv, step.command if step.argv is None else None)
    if isinstance(step, Onbuild):
        return (step.keyword, fingerprint(step.trigger, side.elsewhere(), labels) if step.trigger else None)
    if isinstance(step, Value):
        return (step.keyword, flags, value(step.value, escape) if step.keyword != "MAINTAINER" else step.value)
    return (step.keyword, flags, step.origin.args)


def heredocs(step: Step) -> str:
    """The here-documents of *step* as they are written, terminators included."""
    found = step.origin.heredocs
    if not found:
        return ""
    start = found[0].body.start - step.origin.span.start
    return step.origin.text[start:].rstrip("\r\n")


def exposed(word: str) -> str:
    """The port that an image gets from a word of EXPOSE: the container's, with its protocol in lower case.

    Source: BuildKit ``dispatchExpose``, which drops what stands before the container's port.
    """
    return word if "$" in word else word.rpartition(":")[2].lower()
