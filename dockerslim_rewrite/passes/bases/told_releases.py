"""For which release of a base image a file was written: by its repositories, its packages, and what it copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...analysis.facts import Facts
from ...analysis.flow.base_sites import BaseSite
from ...analysis.shell.operations import Kind
from ...ir.build import Stage
from ...ir.steps import Copy, Run
from ...knowledge.images import image_facts
from ...knowledge.releases import gone_after, lists_repositories, release_under, told_in
from ...patterns import re

#: What may bring packages that no release of the distribution has.
_ADDS = re.compile(r"\b(?:add-apt-repository|apt-add-repository)\b|sources\.list|\bdpkg\s+-i\b|\bdeb\.nodesource\.com")
_MODULES = re.compile(r"\bgo\s+mod\s+init\b|\bGO111MODULE\b|\bgit\s+clone\b|\bgo\s+get\s+-d\b")
_GO_GET = re.compile(r"(?:\A|[;&|\n(])\s*go\s+get\s")


def written_for_another(site: BaseSite, tag: str, facts: Facts) -> str | None:
    """Why the image at *site* with *tag* is not the one that the file was written for; None where nothing says so."""
    image = image_facts(site.reference.familiar_name, tag)
    stages = [facts.build.stages[at] for at in (site.stage.index, *facts.graph.heirs(site.stage.index))]
    if image is None:
        return None
    if image.name == "golang":
        line = next(_outside_of_modules(stages, facts), None)
        if line is not None:
            return f"line {line} runs go get outside of a module, which no Go after 1.17 does"
    distribution, own = release_under(image)
    if distribution is None or own is None:
        return None
    told = [*_told(stages, distribution, facts)]
    if told and not any(_same(number, own) for _, number in told):
        where, number = told[0]
        return f"{where} is for {distribution} {number}, and today it is {own}"
    gone = next(_gone(stages, distribution, own, facts), None)
    if gone is not None:
        package, line, after = gone
        return f"line {line} installs {package}, which no {distribution} after {after} has"
    return None


def _same(one: str, other: str) -> bool:
    """Whether *one* and *other* number the same release, one of them less exactly: 8 and 8.10."""
    first, second = one.split("."), other.split(".")
    least = min(len(first), len(second))
    return first[:least] == second[:least]


def _told(stages: Sequence[Stage], distribution: str, facts: Facts) -> Iterator[tuple[str, str]]:
    """The releases of *distribution* that repositories of *stages* name, each with where."""
    for stage in stages:
        for step in stage.steps:
            if isinstance(step, Run | Copy):
                for _, number in told_in(step.origin.text, distribution):
                    yield f"line {step.line}", number
    for stage in stages if facts.project is not None else ():
        assert facts.project is not None
        for target, source in sorted(facts.project.copied(facts.build)[stage.index].items()):
            text = facts.project.text(source) if lists_repositories(target) else None
            for at, number in told_in(text or "", distribution):
                yield f"{source}:{(text or '').count(chr(10), 0, at) + 1}", number


def _gone(stages: Sequence[Stage], distribution: str, number: str, facts: Facts) -> Iterator[tuple[str, int, str]]:
    """The packages that *stages* install and release *number* has no more, each with line and last release."""
    adding = [step.origin.text for stage in stages for step in stage.steps if _ADDS.search(step.origin.text)]
    for stage in stages:
        for run in stage.runs:
            for use in facts.uses(run):
                if use.operation.manager.name != "apt" or use.operation.kind is not Kind.INSTALL:
                    continue
                for at in use.operation.operands:
                    package = use.command.words[at].text
                    after = gone_after(distribution, number, package)
                    if after is not None and not _may_bring(adding, package):
                        yield package, run.line, after


def _may_bring(adding: Sequence[str], package: str) -> bool:
    """Whether what *adding* adds may bring *package*: it names the product, or that is Python, in whatever archive."""
    product = re.split(r"[^a-z]", package, maxsplit=1)[0]
    return any(product == "python" or product in text for text in adding)


def _outside_of_modules(stages: Sequence[Stage], facts: Facts) -> Iterator[int]:
    """The lines of *stages* that run ``go get`` where no module is.

    Source: Go 1.18 release notes, "go get": outside of a module it is an error.
    """
    project = facts.project
    if project is None or not project.complete or any(one.path.endswith("go.mod") for one in project.files):
        return
    if any(_MODULES.search(step.origin.text) for stage in stages for step in stage.steps):
        return
    yield from (run.line for stage in stages for run in stage.runs if _GO_GET.search(run.origin.logical.text[3:]))
