"""DS302: base images pinned to their content."""

from __future__ import annotations

from ..analysis.facts import Facts
from ..change import Safety
from ..ir.build import Build
from .base import Proposals, missed, rewrite_pass
from .pinning import how_to_ask, lacks_platform, pin, sites


@rewrite_pass("DS302", "pin-digest", Safety.STANDARD, optional=True)
def pin_digest(build: Build, facts: Facts) -> Proposals:
    """Add the digest of the image to a base: `python:3.14@sha256:…`.

    A tag can be pushed again with other content; a digest names one content for ever.

    Off unless selected or asked for with --pin digest or --pin both. The digest comes from the lock file only, which
    `dockerslim lock` fills from the registry; it is that of the index, so the line goes on to build for every platform
    that the image has. The tag stays before it, for readers and for tools that look for updates. Nothing is changed
    about what is built today, which is why it is safe; from tomorrow on the base gets no fixes until `dockerslim lock
    --update` refreshes the digest. Source: Docker documentation, "Building best practices"; OCI image specification.
    """
    for site in sites(facts):
        entry = facts.lock.of_version(site.reference)
        if entry is None:
            yield missed("DS302", site.line, f"no digest of {site.reference} is locked; {how_to_ask(build)}")
            continue
        obstacle = lacks_platform(site, entry) or site.obstacle
        if obstacle is not None:
            yield missed("DS302", site.line, f"{site.reference} gets no digest: {obstacle}")
            continue
        tag = site.reference.tag.text if site.reference.tag else None
        after = site.becomes(tag, entry.digest)
        yield pin(
            "DS302",
            site,
            after,
            f"{site.reference} with its digest",
            f"{site.reference} was {entry.digest[:19]}… on {entry.locked.date()}; a tag can be pushed again",
            f"the lock file, locked from {entry.registry}",
        )
