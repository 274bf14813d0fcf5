"""DS414: development packages in a stage that only runs what another one built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...analysis.bases import base_image, base_name
from ...analysis.effects.asking import effects
from ...analysis.effects.reached import Ran
from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind
from ...change import AddsOption, Change, RemovesWords, Safety
from ...ir.build import Build, Stage
from ...ir.steps import Copy
from ...knowledge.images import ImageFacts
from ...knowledge.libraries import libraries
from ...knowledge.recommends import brings_compiler, compiles, has_compiler
from ...shell.edits import drop_word
from ...text import Edit
from ..base import Proposals, missed
from ..shell.commands import written

#: Managers whose packages are not of a language: what others install may be compiled.
_SYSTEM = frozenset(("apt", "apk"))
_INSTALLS = frozenset((Kind.INSTALL, Kind.UPGRADE, Kind.BUILD))


def runtime_libraries(build: Build, facts: Facts) -> Proposals:
    """Install the libraries that a program is linked to, not the packages with their headers: `libpq5` for `libpq-dev`.

    A development package depends on its library, and brings headers, static libraries, documentation and often the
    development packages of other libraries along, which only compilers read.

    Only in a last stage that copies what another stage built and compiles nothing itself: no compiler there, no package
    manager of a language, no command that is not known. At level aggressive, since a program may load a library by
    the name without a version, which only the development package has. Source: Debian Policy, "Shared libraries";
    the Depends fields of Debian's, Ubuntu's and Alpine's packages.
    """
    if not build.stages:
        return
    stage = build.stages[-1]
    image = base_image(build, facts, stage)
    if image is None or not facts.graph.ships(stage.index) or not _takes(stage):
        return
    if has_compiler(*base_name(build, facts, stage)):
        return
    found = [(use, dict(_swaps(use, image))) for run in stage.runs for use in facts.uses(run) if _installs(use)]
    found = [(use, swaps) for use, swaps in found if swaps]
    if not found:
        return
    reason = _needed(stage, facts)
    for use, swaps in found:
        names = ", ".join(use.command.words[at].text for at in swaps)
        if reason is not None:
            yield missed(use.run.line, f"{names} stay{'s' if len(swaps) == 1 else ''}: {reason}")
        else:
            yield _change(use, swaps, build)


def _takes(stage: Stage) -> bool:
    return any(isinstance(step, Copy) and step.origin.flag("from") for step in stage.steps)


def _installs(use: Use) -> bool:
    operation = use.operation
    return operation.manager.name in _SYSTEM and operation.kind is Kind.INSTALL and operation.certain


def _swaps(use: Use, image: ImageFacts) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The words of *use* that name development packages, with the packages of their libraries."""
    family = image.family or ""
    distribution = image.distribution if family == "debian" else family
    for at in use.operation.operands:
        name = use.command.words[at].literal or ""
        known = libraries(name, distribution or "", image.release or image.stands_on) if name.endswith("-dev") else None
        if known:
            yield at, known


def _needed(stage: Stage, facts: Facts) -> str | None:
    """Why *stage* may read headers; None where it surely reads none."""
    usage = facts.project.usage if facts.project is not None else None
    if usage is not None and usage.heirs:
        return f"what is built on the image may compile ({usage.heirs[0]})"
    if usage is not None and usage.workplace is not None:
        return f"people work in the image, and may compile there ({usage.workplace})"
    for run in stage.runs:
        for use in facts.uses(run):
            names = [use.command.words[at].text for at in use.operation.operands]
            if use.operation.manager.name not in _SYSTEM and use.operation.kind in _INSTALLS:
                return f"{use.operation.manager.name} may compile on line {run.line}"
            if brings_compiler(names):
                return f"line {run.line} installs a compiler"
    for run in stage.runs:
        for one in effects(facts).of_run(run, stage):
            if not isinstance(one, Ran):
                return f"{one.what} ({one.place}) may compile"
            if _compiles(one):
                return f"{one.name} compiles ({one.place})"
    started = (one for one in effects(facts).of_start(stage) if isinstance(one, Ran) and _compiles(one))
    return next((f"{one.name} compiles ({one.place})" for one in started), None)


def _compiles(ran: Ran) -> bool:
    return compiles((ran.name, *(word or "" for word in ran.argv[1:]))) or ran.name.startswith("docker-php-ext-")


def _change(use: Use, swaps: dict[int, tuple[str, ...]], build: Build) -> Change:
    operation, words, run = use.operation, use.command.words, use.run
    assert run.body is not None
    logical = run.body.logical
    there = {word.text for word in words}
    edits: list[Edit] = []
    added: list[str] = []
    for at, names in swaps.items():
        new = [name for name in names if name not in there]
        there.update(new)
        added += new
        span = words[at].span
        edits += (
            [Edit.replace(logical.before(span.start), logical.after(span.end), " ".join(new))]
            if new
            else drop_word(run.body, run.origin, span)
        )
    leading = written(words[operation.command : operation.verb + 1])
    gone = tuple(words[at].text for at in swaps)
    return Change(
        edits=tuple(edits),
        title=f"install {_listed(added) or 'no headers'} for {_listed(gone)}",
        reason="this stage runs what another one built, and compiles nothing: it needs the libraries without headers",
        safety=Safety.AGGRESSIVE,
        claims=(RemovesWords(leading, gone), *((AddsOption(leading, tuple(added)),) if added else ())),
        line=build.document.line_of(logical.before(use.command.span.start)),
    )


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
