"""DS305: a language's runtime installed on a bare distribution."""

from __future__ import annotations

from ...analysis.bases import base_image
from ...analysis.effects.asking import effects
from ...analysis.effects.reached import Ran
from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind
from ...ir.build import Build, Stage
from ...knowledge.images import distribution_image
from ...knowledge.language_images import Language, language_of
from ...patterns import re
from ..base import Proposals, analysis

_SYSTEM = frozenset(("apt", "apk", "yum", "dnf", "microdnf", "zypper", "pacman"))
_RELEASED = re.compile(r"[=<>~@/:]")


def language_image(build: Build, facts: Facts) -> Proposals:
    """Name the official image of a language that is installed on a bare distribution: `ubuntu` with `nodejs` on it.

    The official images hold the version that was asked for instead of the distribution's, come in slim variants
    without the rest of the system, and get their fixes together with the language's.

    Nothing is changed: another image has another version, other paths and another user, so whether it fits is for the
    author to say. Only stages with one language are spoken of: where two meet, no official image has both. Python,
    which tools of all kinds bring along, counts only where the container starts a program of it. Source: Docker
    documentation, "Building best practices", choose the right base image.
    """
    for stage in build.stages:
        image = base_image(build, facts, stage)
        if image is None or facts.graph.bases[stage.index] is not None or not distribution_image(image.name):
            continue
        found = _languages(stage, facts)
        if len({language.image for _, language in found}) != 1:
            continue
        use, language = found[0]
        if language.mentions and not any(_starts(word, stage, facts) for word in language.mentions):
            continue
        body = use.run.body
        assert body is not None
        line = build.document.line_of(body.logical.before(use.command.span.start))
        yield analysis(
            line,
            f"{use.operation.manager.name} installs {language.name} on {image.name}: "
            f"the official image {language.image} is made for it, and has a slim variant or an alpine one",
        )


def _languages(stage: Stage, facts: Facts) -> list[tuple[Use, Language]]:
    found = []
    for run in stage.runs:
        for use in facts.uses(run):
            operation = use.operation
            if operation.kind is not Kind.INSTALL or operation.manager.name not in _SYSTEM:
                continue
            for at in operation.operands:
                name = use.command.words[at].literal
                language = language_of(_RELEASED.split(name, maxsplit=1)[0]) if name else None
                if language is not None:
                    found.append((use, language))
    return found


def _starts(word: str, stage: Stage, facts: Facts) -> bool:
    """Whether the container starts a program whose name begins with *word*, itself or in a script."""
    reached = effects(facts).of_start(stage)
    return any(isinstance(one, Ran) and one.name.startswith(word) for one in reached)
