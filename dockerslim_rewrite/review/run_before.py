"""What is run before a RUN comes to what it names, and whether any of that may bring files of a project."""

from __future__ import annotations

from ..analysis.bases import catalogued
from ..ir.reference import SCRATCH, InvalidReference, parse
from ..ir.steps import Onbuild, Run
from ..knowledge.images import ImageFacts
from .named_files import NamedFile, Words, commands_of, is_idle
from .startable import Sides


def is_alone(step: Run, named: NamedFile, sides: Sides) -> bool:
    """Whether nothing makes files of the project before *step* comes to what is *named*: no command, and no base."""
    return is_idle(run_before(step, named, sides)) and is_known(sides.stages[1].head.image)


def run_before(step: Run, named: NamedFile, sides: Sides) -> list[Words] | None:
    """The commands that are run before *step* comes to what is *named*; None where some of them cannot be read."""
    before = [*named.earlier]
    for one in sides.steps[1]:
        if isinstance(one, Onbuild):
            return None
        if isinstance(one, Run) and one.index < step.index:
            other = commands_of(one)
            if other is None:
                return None
            before += other
    return before


def is_known(image: str) -> bool:
    """Whether *image* is catalogued, so that it has no file of a project."""
    facts = _facts(image)
    return facts is not None or image == SCRATCH


def has_no_entrypoint(image: str) -> bool:
    """Whether *image* is catalogued, and brings no script of its own that starts a container."""
    facts = _facts(image)
    return image == SCRATCH or (facts is not None and facts.entrypoint is False)


def _facts(image: str) -> ImageFacts | None:
    """What is known of *image*; None where an argument chooses it, or nothing is."""
    try:
        reference = parse(image)
    except InvalidReference:
        return None
    return None if reference.template else catalogued(reference)
