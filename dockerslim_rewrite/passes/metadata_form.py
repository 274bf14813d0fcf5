"""DS619: redundant platforms, protocols of EXPOSE, keys of LABEL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..analysis.facts import Facts
from ..change import Change, Layout, Remark, Safety
from ..ir.build import Build
from ..ir.steps import Label, Listing
from ..text import Edit
from .base import Proposals, analysis, missed, rewrite_pass

_PORT = re.compile(r"[0-9]+(?:-[0-9]+)?/(?P<protocol>[A-Za-z]+)\Z")
_MAPPED = re.compile(r"(?:[0-9.]+:)?[0-9-]*:[0-9-]+(?:/\w+)?\Z")
#: What the OCI and Docker ask of a label's key: lower case, digits, single dots and hyphens inside.
_KEY = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*\Z")
_PREDEFINED = re.compile(r"\$(?:TARGETPLATFORM|\{TARGETPLATFORM\})\Z")


@rewrite_pass(
    "DS619",
    "metadata-form",
    Safety.SAFE,
    ("DL3048", "DL3065", "RedundantTargetPlatform", "ExposeProtoCasing", "ExposeInvalidFormat", "labels/valid-key"),
)
def metadata_form(build: Build, facts: Facts) -> Proposals:
    """Write what EXPOSE and LABEL say in the form that tools expect, and tell what in FROM says nothing.

    `EXPOSE 80/TCP` is 80/tcp in the image. Quotes around a label's key are no part of it. `FROM
    --platform=$TARGETPLATFORM` asks for the platform that is taken anyway.

    Safe because the image's configuration stays the same to the letter. Label keys with capitals or blanks would have
    to be renamed, and whoever reads them would not find them any more: that, host ports in EXPOSE (which have no effect
    there) and redundant platforms are remarks. Source: BuildKit checks RedundantTargetPlatform, ExposeProtoCasing,
    ExposeInvalidFormat; Docker documentation, "Docker object labels", key format.
    """
    for stage in build.stages:
        platform = stage.head.origin.flag("platform")
        if platform is not None and _PREDEFINED.match(platform.strip("\"'")):
            yield analysis("DS619", stage.head.line, f"--platform={platform} is the default and can be left out")
        for step in stage.steps:
            if isinstance(step, Listing) and step.keyword == "EXPOSE":
                yield from _ports(step)
            elif isinstance(step, Label):
                yield from _labels(step)


def _ports(step: Listing) -> Iterator[Change | Remark]:
    logical = step.origin.args_logical
    for match in re.finditer(r"\S+", logical.text):
        word = match[0]
        port = _PORT.match(word)
        if port is not None and port["protocol"] != port["protocol"].lower():
            start = match.start() + port.start("protocol")
            lower = port["protocol"].lower()
            yield Change(
                rule="DS619",
                edits=(Edit(logical.span(start, start + len(lower)), lower),),
                title=f"EXPOSE {word} in lower case",
                reason="this is how it stands in the image",
                safety=Safety.SAFE,
                claims=(Layout(),),
                line=step.line,
            )
        elif _MAPPED.match(word):
            yield analysis("DS619", step.line, f"EXPOSE {word}: a host's port or address has no effect here")


def _labels(step: Label) -> Iterator[Change | Remark]:
    for pair in step.pairs:
        key = pair.key
        bare = key[1:-1] if len(key) > 2 and key[0] == key[-1] and key[0] in "\"'" else key
        if bare != key and _KEY.match(bare) and not pair.legacy:
            logical = step.origin.args_logical
            start = pair.span.start
            yield Change(
                rule="DS619",
                edits=(
                    Edit(logical.span(start, start + 1), ""),
                    Edit(logical.span(start + len(key) - 1, start + len(key)), ""),
                ),
                title=f"label {bare} without quotes",
                reason="the quotes are no part of the key",
                safety=Safety.SAFE,
                claims=(Layout(),),
                line=step.line,
            )
        elif not _KEY.match(bare) and "$" not in bare:
            advice = re.sub(r"[^a-z0-9.-]+", "-", bare.lower()).strip("-.")
            yield missed(
                "DS619", step.line, f"the label {bare} is no valid key ({advice} would be); readers use its name"
            )
