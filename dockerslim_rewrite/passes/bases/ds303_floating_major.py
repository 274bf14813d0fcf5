"""DS303: base images with a version that floats far."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ...ir.reference import ImageReference
from ...registry.versions import CHANNELS, read_tag
from ..base import Proposals
from .pinning import name_versions, tag_of


def floating_major(build: Build, facts: Facts) -> Proposals:
    """Give a base image with only a major version, or a channel, the version that it means today.

    `python:3` was Python 3.9 once and is 3.14 today; `node:lts` and `debian:stable` move just so.

    Off unless selected, because who writes `node:22` or `lts` may want just that. The same care as for DS301: the
    version comes from the lock file or from the dated catalogue, begins with the version that is there, keeps the
    variant, and is a tag that exists. Source: the images' own documentation, "Supported tags".
    """
    yield from name_versions(build, facts, _floats, "moves")


def _floats(reference: ImageReference) -> bool:
    tag = tag_of(reference)
    if tag == "latest":
        return False
    found = read_tag(tag)
    if found.numbers:
        return len(found.numbers) == 1 and not found.dated and not found.prerelease
    return any(word in CHANNELS for word in tag.split("-"))
