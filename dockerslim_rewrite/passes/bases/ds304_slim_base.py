"""DS304: a smaller variant of the base image."""

from __future__ import annotations

import posixpath

from ...analysis.bases import catalogued
from ...analysis.facts import Facts
from ...analysis.flow.base_sites import BaseSite
from ...analysis.locked import Supposed
from ...analysis.packages.listed import Unmet
from ...analysis.runtime.needs import Needs, needs
from ...analysis.runtime.starting import EVERYWHERE, RUNNERS, starting
from ...change import AddsInstruction, Change, ChangesBase, Claim, Safety
from ...ir.build import Build
from ...ir.reference import ImageReference, parse
from ...ir.steps import Copy, Exec, Healthcheck, Step
from ...knowledge.images import ImageFacts
from ...knowledge.lifetimes import packages_ended
from ...knowledge.smaller import Smaller, smaller
from ...patterns import re
from ...record import evolve
from ...render.fragments import fragment
from ...render.instructions import instruction
from ...text import shown
from ..base import Proposals, missed
from ..instructions.lines import line_behind

_JAVA = (".java", ".kt", ".scala", ".groovy", ".clj")
#: How people say that the kit itself is wanted: a tool of it, or it and a need.
_TOOLS = re.compile(r"\b(?:javac|jshell|jcmd|jmap|jstack|jlink|jdeps)\b")
_KIT = re.compile(r"\b(?:jdk\b|compil)", re.I)
_WANTED = re.compile(r"\b(?:needs?|needed|requires?|required|must|because|since)\b", re.I)


def slim_base(build: Build, facts: Facts) -> Proposals:
    """Take the smaller variant of the base image: `python:3.13` becomes `python:3.13-slim`, a JDK that only runs a
    program a JRE, `debian:12` its variant without manual pages.

    The full images of languages are made to compile everything that anybody may need: of python's gigabyte, nine
    tenths are compilers, headers and libraries.

    At level aggressive, since another set of packages is there. At standard where the build context shows the program,
    and the lock file (`dockerslim lock`) or npm's own tells of each package that is installed that none is compiled and
    none calls what the smaller image lacks; and where nothing but documentation is missing.
    What starts a shell or an interpreter alone may be an image to work in. What brings no program and starts nothing
    of its own surely is one, or one to build on: there only documentation goes.
    Done only where every command of the stage, of those built from it and of the container's start is known to be in
    the smaller image, or comes back by installing its package (curl, git, procps …), which is then written down; else
    the remark names the command. Declined as well: installers that may have to compile (only packages known to need no
    compiler, or to come compiled, pass, named or in lists that the build context shows; of npm's those that its lock
    file does not mark), scripts that the build context does not show, files from other stages that may be linked
    to libraries, files that other stages take, and versions for which no smaller tag is known to exist. Only stages
    that ship are changed; the version stays. Source: the images' own Dockerfiles, docker-library/docs.
    """
    for site in facts.base_sites:
        image = catalogued(site.reference)
        if (
            image is None
            or site.windows
            or site.reference.digest is not None
            or not facts.graph.ships(site.stage.index)
        ):
            continue
        found = _counterpart(site, image)
        if found is None:
            continue
        after, variant = found
        given = facts.granted("DS304")
        try:
            _check(site, facts)
            if variant.kind == "jre":
                _check_kit(site, build, facts)
            if given is not None:
                head = site.stage.head if given.packages else None
                made = _change(
                    site, after, Needs(given.packages, None), head, variant.saving, Safety.AGGRESSIVE, build, facts
                )
                yield on_proof(made, given)
                continue
            required = needs(site.stage, build, facts, variant)
            where = _where(required, site, image, build, facts)
            if not variant.documentation:
                _check_start(site, build, facts)
        except Unmet as reason:
            yield missed(site.line, f"{site.reference} does not become {after}: {reason}")
            continue
        # What an installation brings back has not been measured.
        saving = None if required.packages or required.brought else variant.saving
        settled = required.looked_up and not required.named
        certain = variant.documentation or (settled and variant.kind == "slim")
        safety = Safety.STANDARD if certain and _serves(site, build, facts) else Safety.AGGRESSIVE
        yield _change(site, after, required, where, saving, safety, build, facts)


def on_proof(change: Change, given: Supposed) -> Change:
    """*change* at the level that building it has shown, with the evidence."""
    reason = given.evidence or "building shows that all that the stage runs is in the smaller image"
    return evolve(change, safety=Safety.of(given.level), reason=reason)


def _counterpart(site: BaseSite, image: ImageFacts) -> tuple[ImageReference, Smaller] | None:
    """The smaller variant of *image* with the same name, and what is known of it."""
    for one in image.counterparts:
        variant = smaller(image.name, one.kind, image.family)
        if one.image == image.name and variant is not None:
            return parse(site.reference.with_version(one.tag, None)), variant
    return None


def _check_kit(site: BaseSite, build: Build, facts: Facts) -> None:
    """Raise ``Unmet`` where Java's development kit may be what the image is for."""
    wish = next((one for one in _above(site, build) if _asks_for_kit(one)), None)
    if wish is not None:
        raise Unmet(f'the comment above it asks for it: "{shown(wish)}"')
    project = facts.project
    followed = project.behaviour(build).followed if project is not None else ()
    if project is not None and not any(path.endswith(_JAVA) for path in followed):
        raise Unmet("the context does not show the sources of what it runs, which may need the compiler")


def _asks_for_kit(comment: str) -> bool:
    wanted = _KIT.search(comment) is not None and _WANTED.search(comment) is not None
    return wanted or _TOOLS.search(comment) is not None


def _above(site: BaseSite, build: Build) -> list[str]:
    """The lines of comments right above the FROM of *site*."""
    lines = build.text.splitlines()
    found: list[str] = []
    at = site.stage.head.line - 2
    while at >= 0 and lines[at].lstrip().startswith("#"):
        found.append(lines[at])
        at -= 1
    return found


def _check(site: BaseSite, facts: Facts) -> None:
    heirs = facts.project.usage.heirs if facts.project is not None else ()
    if heirs:
        raise Unmet(f"other builds go on from here ({heirs[0]})")
    workplace = facts.project.usage.workplace if facts.project is not None else None
    if workplace is not None:
        raise Unmet(f"people work in the container that {workplace} builds, with whatever the image holds")
    if site.place is None:
        raise Unmet(site.obstacle or "it cannot be edited")
    others = [one for one in facts.base_sites if one is not site and one.place and one.place.span == site.place.span]
    if others:
        raise Unmet(f"the same build argument chooses the base on line {others[0].line}")


def _check_start(site: BaseSite, build: Build, facts: Facts) -> None:
    """Raise ``Unmet`` where the image brings no program and no start of its own: others work in it or build on it."""
    heirs = facts.graph.heirs(site.stage.index)
    stages = [build.stages[at] for at in facts.graph.chain(max(heirs) if heirs else site.stage.index)]
    usage = facts.project.usage if facts.project is not None else None
    if usage is not None and any(one.starts for one in (*usage.containers, *usage.by_hand)):
        return
    if not any(isinstance(step, Copy | Exec | Healthcheck) for stage in stages for step in stage.steps):
        raise Unmet(
            "it brings no program and starts what the base image starts, so this may be an image to work in or to "
            "build others on"
        )


def _serves(site: BaseSite, build: Build, facts: Facts) -> bool:
    """Whether the build context shows what the container runs, and that is a program: no image to work in."""
    if facts.project is None or facts.project.usage.guessed:
        return False
    # What a program loads that is not followed may start anything.
    if any(doubt.blind or doubt.open for doubt in facts.project.behaviour(build).doubts):
        return False
    heirs = facts.graph.heirs(site.stage.index)
    start = starting(build.stages[max(heirs)] if heirs else site.stage)
    if isinstance(start, str):
        return False
    if not RUNNERS.isdisjoint(posixpath.basename(one.name) for one in start.programs):
        return False
    return any(one.name not in EVERYWHERE for one in start.programs) and len(start.words) > (
        0 if any(one.path for one in start.programs) else 1
    )


def _where(required: Needs, site: BaseSite, image: ImageFacts, build: Build, facts: Facts) -> Step | None:
    """The step behind which what is missing gets installed; None when nothing is. Raises ``Unmet``."""
    if not required.packages:
        return None
    packages = ", ".join(required.packages)
    end = packages_ended(image, facts.today or image.as_of)
    if end is not None or image.deprecated is not None:
        raise Unmet(f"{packages} would have to be installed, which may fail past its end of life")
    if required.first is None:
        return site.stage.head
    stage = next(one for one in build.stages if required.first in one.steps)
    if stage is not site.stage:
        return site.stage.steps[-1] if site.stage.steps else site.stage.head
    state = facts.state(required.first)
    if not state.may_be_root or state.shell is not None:
        raise Unmet(f"{packages} would have to be installed, but line {required.first.line} is not run by root's sh")
    at = stage.steps.index(required.first)
    return stage.steps[at - 1] if at else stage.head


def _change(
    site: BaseSite,
    after: ImageReference,
    required: Needs,
    where: Step | None,
    saving: int | None,
    safety: Safety,
    build: Build,
    facts: Facts,
) -> Change:
    edits = list(site.edits(after))
    claims: list[Claim] = [ChangesBase("slimmed", site.reference.text, after.text)]
    title, reason = f"{site.reference} becomes {after}", "all that the stage runs is known to be in the smaller image"
    if safety is Safety.AGGRESSIVE:
        reason = "all that can be read of what the stage runs is in the smaller image"
    if where is not None:
        head = site.stage.head.origin
        lower = build.text[slice(*head.keyword_span)].islower()
        command = fragment("apt-install", facts.templates, packages=required.packages)
        text = instruction("run" if lower else "RUN", command, facts.templates)
        edits.append(line_behind(where, text, build, facts))
        claims.append(AddsInstruction("RUN", text))
        reason += f", but for {', '.join(required.packages)}, installed here"
    if required.named:
        # What a package's code names it may never call.
        more = f" (and {len(required.named) - 1} more)" if len(required.named) > 1 else ""
        reason += f"; {required.named[0]}{more}, which is not"
    assert site.place is not None
    return Change(
        edits=tuple(edits),
        title=title,
        reason=reason,
        safety=safety,
        claims=tuple(claims),
        line=site.place.line,
        saving=saving,
        evidence=required.named,
    )
