"""DS301: base images without a version."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals
from .pinning import name_versions, names_no_version


def pin_tag(build: Build, facts: Facts) -> Proposals:
    """Give a base image the version that it means today: `FROM python` becomes `FROM python:3.14`.

    Without a version the base is whatever is newest on the day of the build: the same file builds something else next
    year, or breaks. So it is without a tag, with `latest`, and with a tag that only names a variant (`node:alpine`).

    The version comes from the lock file that `dockerslim lock` writes (dockerslim.lock beside the file or above it,
    or --lock FILE), or else from the catalogue of official images that is shipped with the tool, where every entry
    names its source and its day. No tag is made up, none is changed into another version, and the variant stays. What
    nobody is certain of stays as it is: an image that is neither locked nor in the catalogue, one whose registry is
    private and not locked, one that several build arguments choose. An argument's default is edited where choosing
    base images is all that the argument does. Nor is a version written down that the file was not made for: where a
    repository that it adds, or copies a list of, is another release's, where it installs packages that today's has no
    more, or calls `go get` outside of a module. With a lock file no network is needed and the result is always the
    same.

    It is level standard because the newest version may be another one by now than on the day of the source. Source:
    Docker documentation, "Building best practices", pin base image versions; hadolint DL3006, DL3007.
    """
    yield from name_versions(build, facts, names_no_version, "names no version")
