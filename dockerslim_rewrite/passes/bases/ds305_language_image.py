"""DS305: a language's runtime installed on a bare distribution."""

from __future__ import annotations

from ...analysis.bases import base_image
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
    author to say. Only stages with one language are spoken of; where two meet, no official image has both. Source:
    Docker documentation, "Building best practices", choose the right base image.
    """
    for stage in build.stages:
        image = base_image(build, facts, stage)
        if image is None or facts.graph.bases[stage.index] is not None or not distribution_image(image.name):
            continue
        found = _languages(stage, facts)
        if len({language.image for _, language in found}) != 1:
            continue
        use, language = found[0]
        if language.mentions and not any(_runs(word, stage, facts) for word in language.mentions):
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


def _runs(word: str, stage: Stage, facts: Facts) -> bool:
    """Whether a RUN or the container's process starts a program whose name begins with *word*."""
    if any(call.name.startswith(word) for call in facts.calls(stage)):
        return True
    pattern = re.compile(rf"(?:^|[\s\"'/=]){word}[0-9.]*(?=[\s\"',]|\Z)")
    return any(step.keyword in ("CMD", "ENTRYPOINT") and pattern.search(step.origin.args) for step in stage.steps)
