"""DS302: base images pinned to their content."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...analysis.flow.base_sites import BaseSite
from ...analysis.locked import LockEntry
from ...change import Change
from ...ir.build import Build
from ..base import Proposals, missed
from .pinning import how_to_ask, lacks_platform, pin, sites, with_digest


def pin_digest(build: Build, facts: Facts) -> Proposals:
    """Add the digest of the image to a base: `python:3.14@sha256:…`.

    A tag can be pushed again with other content; a digest names one content for ever.

    Off unless selected or asked for with --pin digest or --pin both. The digest comes from the lock file only, which
    `dockerslim lock` fills from the registry; it is that of the index, so the line goes on to build for every platform
    that the image has. The tag stays before it, for readers and for tools that look for updates. Nothing is changed
    about what is built today, which is why it is safe; from tomorrow on the base gets no fixes until `dockerslim lock
    --update` asks for the tag again. A digest that is there already becomes the new one where the lock file knows it as
    the one before; any other digest is somebody's choice and stays. Source: Docker documentation, "Building best
    practices"; OCI image specification.
    """
    for site in sites(facts):
        entry = facts.lock.of_version(site.reference)
        if entry is None:
            yield missed(site.line, f"no digest of {site.reference} is locked; {how_to_ask(build)}")
            continue
        obstacle = lacks_platform(site, entry) or site.obstacle
        if obstacle is not None:
            yield missed(site.line, f"{site.reference} gets no digest: {obstacle}")
            continue
        yield _pinned(site, entry, f"{site.reference} with its digest", "was")
    for site in with_digest(facts):
        entry = facts.lock.renewed(site.reference)
        if entry is None or site.reference.digest is None or site.reference.digest.text == entry.digest:
            continue
        obstacle = lacks_platform(site, entry) or site.obstacle
        if site.reference.digest.text != entry.previous:
            obstacle = "it is not the one that was locked before"
        if obstacle is not None:
            yield missed(site.line, f"the digest of {_by_tag(site)} stays: {obstacle}")
            continue
        yield _pinned(site, entry, f"{_by_tag(site)} with the digest of today", "became")


def _pinned(site: BaseSite, entry: LockEntry, title: str, verb: str) -> Change:
    tag = site.reference.tag.text if site.reference.tag else None
    reason = f"{_by_tag(site)} {verb} {entry.digest[:19]}… on {entry.locked.date()}; a tag can be pushed again"
    source = f"the lock file, locked from {entry.registry}"
    return pin(site, site.becomes(tag, entry.digest), title, reason, source)


def _by_tag(site: BaseSite) -> str:
    """The image as it is written, without its digest."""
    tag = site.reference.tag.text if site.reference.tag else None
    return site.reference.with_version(tag, None)
