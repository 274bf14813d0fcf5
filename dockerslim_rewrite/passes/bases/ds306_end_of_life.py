"""DS306: base images that get no fixes any more."""

from __future__ import annotations

from ...analysis.bases import catalogued
from ...analysis.facts import Facts
from ...ir.build import Build
from ...knowledge.lifetimes import ended
from ..base import Proposals, analysis


def end_of_life(build: Build, facts: Facts) -> Proposals:
    """Say which base images are past their end of life: `ubuntu:16.04`, `python:2.7`, `node:20-stretch`, `openjdk`.

    Nobody mends security holes in them any more, and their package mirrors move away: one day `apt-get update` fails.

    Nothing is changed: another version is another program, and to choose it is the author's decision. The remark names
    the lines that still get fixes. It compares the day of the run (or SOURCE_DATE_EPOCH) with the ends of life in the
    catalogue of official images, each of which has its source. Source: the projects' own release schedules, and
    Debian's distro-info-data.
    """
    seen = set()
    for site in facts.base_sites:
        if (site.line, site.reference) in seen:
            continue
        seen.add((site.line, site.reference))
        image = catalogued(site.reference)
        if image is None:
            continue
        end = ended(image, facts.today or image.as_of)
        if end is not None:
            newer = f"; maintained, among others: {', '.join(end.newer)}" if end.newer else ""
            yield analysis(
                site.line, f"{site.reference}: {end.what} gets no fixes since {end.since}{newer}", end.source
            )
        elif image.deprecated is not None:
            yield analysis(site.line, f"{site.reference}: {image.deprecated}", image.source)
