"""What the passes that pin base images share: who says what a tag stands for, and the change that writes it down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from ...analysis.bases import catalogued
from ...analysis.facts import Facts
from ...analysis.flow.base_sites import BaseSite
from ...analysis.locked import LockEntry
from ...change import Change, ChangesBase, Safety
from ...ir.build import Build
from ...ir.reference import ImageReference
from ...knowledge.lifetimes import ended
from ...patterns import re
from ...registry.versions import CHANNELS, levels, read_tag
from ..base import Proposals, missed
from .told_releases import written_for_another

#: What files are called that are for whatever version is the newest.
_NEWEST = re.compile(r"(?<![a-z])latest(?![a-z])")
_EDGE = re.compile(r"/alpine/edge/|\balpinelinux\.org/(?:[\w.-]{1,40}/)?edge/")


class Pinned(NamedTuple):
    """The tag that a moving one stands for, and who said so on which day."""

    tag: str
    on: date
    source: str


class Declined(NamedTuple):
    """Why nothing says what a tag stands for."""

    reason: str


def sites(facts: Facts) -> Iterator[BaseSite]:
    """The images that may be pinned: no digest yet, no Windows image. One for each place in the text."""
    return _each(site for site in facts.base_sites if site.reference.digest is None)


def with_digest(facts: Facts) -> Iterator[BaseSite]:
    """The images that have a tag and a digest already. One for each place in the text."""
    return _each(
        site for site in facts.base_sites if site.reference.digest is not None and site.reference.tag is not None
    )


def _each(found: Iterable[BaseSite]) -> Iterator[BaseSite]:
    seen = set()
    for site in found:
        if site.windows:
            continue
        if site.place is not None:
            if site.place.span in seen:
                continue
            seen.add(site.place.span)
        yield site


def tag_of(reference: ImageReference) -> str:
    """The tag in force."""
    return reference.tag.text if reference.tag else "latest"


def names_no_version(reference: ImageReference) -> bool:
    """Whether *reference* stands for the newest version: no tag, ``latest``, or a tag that only names a variant.

    That a tag is only a variant (``alpine``) must be known of the image; a release's name (``bookworm``) and a channel
    that somebody chose (``lts``) are more than that.
    """
    tag = tag_of(reference)
    if tag == "latest":
        return True
    if read_tag(tag).numbers or any(word in CHANNELS for word in tag.split("-")):
        return False
    image = catalogued(reference)
    if image is None or image.parts.version is not None:
        return False
    if image.parts.base is None:
        return image.pin is not None
    return image.distribution != image.name


def name_versions(build: Build, facts: Facts, moves: Callable[[ImageReference], bool], how: str) -> Proposals:
    """Changes of the rule *code* that give every image that *moves* the tag it stands for; missed where none is known.

    *how* says in a remark what is wrong with the image's tag.
    """
    own = facts.project.usage.own if facts.project is not None else frozenset()
    for site in sites(facts):
        if not moves(site.reference):
            continue
        if site.reference.familiar_name in own and facts.lock.find(site.reference) is None:
            # No registry need know it.
            yield missed(
                site.line, f"{site.reference} {how}: this repository builds it, and can give it a tag that does"
            )
            continue
        found = meaning(site, facts)
        if isinstance(found, Declined):
            yield missed(site.line, f"{site.reference} {how}: {found.reason}; {how_to_ask(build)}")
            continue
        if site.place is None:
            yield missed(site.line, f"{site.reference} is not pinned to {found.tag}: {site.obstacle}")
            continue
        given = dict(facts.project.usage.given).get(site.place.argument or "") if facts.project is not None else None
        if given is not None:
            yield missed(
                site.line,
                f"the default of {site.place.argument} stays: each known build gives a value of its own ({given})",
            )
            continue
        if site.reference.tag is not None and _NEWEST.search(_named(build)):
            # Beside it stand files for other versions: this one is there for whatever is newest.
            yield missed(site.line, f"{site.reference} stays: by its name, the file is for the newest version")
            continue
        edge = _moving_packages(site, facts)
        if edge is not None:
            reason = f"line {edge} takes packages of edge, from which a base that stays grows apart"
            yield missed(site.line, f"{site.reference} {how}: {reason}")
            continue
        image = catalogued(site.reference)
        if image is not None and image.deprecated is not None:
            yield missed(
                site.line, f"{site.reference} stays: it {_moves(site.reference, facts)}, so another base is needed"
            )
            continue
        other = written_for_another(site, found.tag, facts)
        if other is not None:
            yield missed(site.line, f"{site.reference} {how}: {other}; name the version that it is to be")
            continue
        after = site.becomes(found.tag, None)
        reason = f"{tag_of(site.reference)} stood for {found.tag} on {found.on}, and {_moves(site.reference, facts)}"
        yield pin(site, after, f"{site.reference} becomes {after}", reason, found.source)


def _named(build: Build) -> str:
    """The name of the file, and of the directory that it lies in."""
    return "/".join((build.document.source.path or "").split("/")[-2:]).lower()


def _moving_packages(site: BaseSite, facts: Facts) -> int | None:
    """The line of a RUN that takes packages of Alpine's rolling branch onto the image at *site*; None for none.

    Source: Alpine Linux, "Repositories": mixing edge with a stable branch works only while both are close.
    """
    stages = (facts.build.stages[at] for at in (site.stage.index, *facts.graph.heirs(site.stage.index)))
    runs = (run for stage in stages for run in stage.runs)
    return next((run.line for run in runs if _EDGE.search(run.origin.logical.text)), None)


def _moves(reference: ImageReference, facts: Facts) -> str:
    """What becomes of a tag: that of a line, or of a product, which has come to its end, stays what it is."""
    image = catalogued(reference)
    if image is None:
        return "moves on"
    if image.deprecated is not None:
        return f"moves no more: {image.name} is {image.deprecated}"
    end = ended(image, facts.today or image.as_of)
    if (
        end is None
        or not end.what.startswith(f"{image.name} ")
        or (end.newer and not read_tag(tag_of(reference)).numbers)
    ):
        # Where other lines go on, a tag without a number goes with them.
        return "moves on"
    return f"moves no more: {end.what} gets no fixes since {end.since}"


def meaning(site: BaseSite, facts: Facts) -> Pinned | Declined:
    """What the tag of *site* stands for: by the lock file, else by the catalogue where that is certain."""
    reference = site.reference
    entry = facts.lock.find(reference)
    if entry is not None:
        lacking = lacks_platform(site, entry)
        if lacking is not None:
            return Declined(lacking)
        if entry.tag == tag_of(reference):
            return Declined("its registry has no version tag for it; --pin digest keeps it all the same")
        if not levels(tag_of(reference), (entry.tag,)):
            return Declined(f"the lock file's {entry.tag} is not a more exact name of the same variant")
        return Pinned(entry.tag, entry.locked.date(), f"the lock file, entry {reference.canonical}")
    image = catalogued(reference)
    if image is None or image.pin is None:
        return Declined("what it stands for is not known here")
    return Pinned(image.pin.tag, image.pin.as_of, image.pin.source)


def lacks_platform(site: BaseSite, entry: LockEntry) -> str | None:
    """Why the locked image is none for the platform that the FROM names; None where it is, or where none is named."""
    platform = site.platform
    if platform is None or "$" in platform or not entry.platforms:
        return None
    wanted = platform.strip("\"'").lower()
    if any(one == wanted or one.startswith(f"{wanted}/") for one in entry.platforms):
        return None
    return f"the lock file knows it for {', '.join(entry.platforms)} only"


def how_to_ask(build: Build) -> str:
    """The command that finds out what the tags in the file stand for."""
    return f"`dockerslim lock {build.document.source.path or 'Dockerfile'}` asks its registry"


def pin(site: BaseSite, after: ImageReference, title: str, reason: str, source: str) -> Change:
    """The change that makes *site* *after*."""
    place = site.place
    assert place is not None
    return Change(
        edits=site.edits(after),
        title=title,
        reason=reason,
        safety=Safety.STANDARD,
        claims=(
            ChangesBase("pinned" if site.reference.digest is None else "refreshed", site.reference.text, after.text),
        ),
        line=place.line,
        evidence=(source,),
    )
