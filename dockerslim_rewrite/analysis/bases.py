"""What is known of the system that a stage's commands run on: from the image's name, and from what the file does."""

from __future__ import annotations

from ..ir.build import Build, Stage
from ..ir.reference import ImageReference, InvalidReference, parse
from ..ir.steps import From, Run
from ..knowledge.images import ImageFacts, canonical_name, image_facts, image_facts_of_any
from ..record import record
from ..text.paths import matches
from .facts import Facts
from .packages.cleanup import always_runs

#: Which family of distributions a package manager belongs to.
_FAMILIES = {
    "apt": "debian",
    "apk": "alpine",
    "yum": "rhel",
    "dnf": "rhel",
    "microdnf": "rhel",
    "tdnf": "rhel",
    "zypper": "suse",
    "pacman": "arch",
}
#: What /bin/sh is in a family, where every release agrees. Debian and Ubuntu have bash, but not always as /bin/sh.
_SHELLS = {"alpine": "ash", "rhel": "bash", "suse": "bash", "arch": "bash"}


@record
class System:
    """The system of a stage. ``family`` is as in ``ImageFacts``, None when nothing tells.

    ``shell`` is what ``/bin/sh`` is, None when not known; ``bash`` whether ``/bin/bash`` is surely there; ``evidence``
    says what the knowledge rests on; ``image`` is None for an image that is not in the catalogue.
    """

    family: str | None
    shell: str | None
    bash: bool
    evidence: str
    image: ImageFacts | None


def base_head(build: Build, facts: Facts, stage: Stage) -> From:
    """The FROM that names the image from outside which *stage* stands on."""
    return build.stages[facts.graph.chain(stage.index)[-1]].head


def replaced_base(build: Build, facts: Facts, stage: Stage) -> str | None:
    """The image, or the stage, under *stage* in whose place a build puts a further context; None where none does.

    Source: Docker documentation, "docker buildx build", ``--build-context`` ("Replace a remote dependency").
    """
    further = facts.project.usage.further if facts.project is not None else frozenset()
    if not further:
        return None
    for at in facts.graph.chain(stage.index):
        head = build.stages[at].head
        names = {head.image, head.alias if at != stage.index and head.alias else head.image}
        if facts.graph.bases[at] is None:
            try:
                reference = parse(head.image)
            except InvalidReference:
                continue
            if reference.template:
                continue
            name = reference.familiar_name
            names |= {f"{name}:{reference.tag.text}" if reference.tag and reference.tag.text != "latest" else name}
        found = next((one for one in sorted(names) for pattern in further if matches(one.lower(), pattern)), None)
        if found is not None:
            return found
    return None


def _reference(build: Build, facts: Facts, stage: Stage) -> ImageReference | None:
    """The reference to the image under *stage*; None where an argument, a further context, or nobody, says it."""
    if replaced_base(build, facts, stage) is not None:
        return None
    try:
        reference = parse(base_head(build, facts, stage).image)
    except InvalidReference:
        return None
    return None if reference.template else reference


def base_name(build: Build, facts: Facts, stage: Stage) -> tuple[str, str]:
    """The catalogue's name and the tag of the image under *stage*; empty where an argument, or nobody, says so."""
    reference = _reference(build, facts, stage)
    if reference is None:
        return "", ""
    return canonical_name(reference.familiar_name), reference.tag.text if reference.tag else ""


def catalogued(reference: ImageReference) -> ImageFacts | None:
    """What the catalogue knows of *reference*; None for an image that it does not know.

    Raises ``ValueError`` for a template.
    """
    return image_facts(reference.familiar_name, reference.tag.text if reference.tag else None)


def base_image(build: Build, facts: Facts, stage: Stage) -> ImageFacts | None:
    """What the catalogue knows of the image under *stage*; None for an unknown one or one chosen by an argument."""
    reference = _reference(build, facts, stage)
    if reference is None:
        return None
    if reference.tag is None and reference.digest is not None:
        return image_facts_of_any(reference.familiar_name)
    return catalogued(reference)


def system(build: Build, facts: Facts, stage: Stage) -> System:
    """The system under *stage*, by the catalogue, else by the package manager that its RUNs surely run."""
    image = base_image(build, facts, stage)
    if image is not None and image.family is not None:
        return System(image.family, image.shell, bool(image.bash), f"the image {image.name}", image)
    for at in facts.graph.chain(stage.index):
        for run in build.stages[at].runs:
            script = facts.script(run)
            for use in facts.uses(run):
                family = _FAMILIES.get(use.operation.manager.name)
                if family is not None and script is not None and always_runs(script, use.command):
                    name = use.operation.manager.name
                    bash = family != "alpine"
                    return System(family, _SHELLS.get(family), bash, f"{name} runs on line {run.line}", image)
    return System(None, None, False, "nothing tells which distribution it is", image)


def root_evidence(build: Build, facts: Facts, stage: Stage) -> str | None:
    """Why the base image of *stage* surely starts as root; None when nothing tells.

    Evidence is the catalogue, or a system package manager that surely runs without sudo before any USER.
    """
    image = base_image(build, facts, stage)
    if image is not None and image.user is not None:
        return f"{image.name} starts as root" if image.user in ("root", "0") else None
    for at in facts.graph.chain(stage.index):
        for run in build.stages[at].runs:
            script = facts.script(run)
            if script is None or facts.state(run).user is not None:
                continue
            for use in facts.uses(run):
                known = use.operation.manager.name in _FAMILIES
                if known and "sudo" not in use.operation.wrappers and always_runs(script, use.command):
                    return f"{use.operation.manager.name} works without sudo on line {run.line}"
    return None


def surely_root(run: Run, build: Build, facts: Facts, stage: Stage) -> bool:
    """Whether *run* of *stage* is known to run as root, so that sudo in it adds nothing."""
    state = facts.state(run)
    return state.may_be_root and (state.user is not None or root_evidence(build, facts, stage) is not None)
