"""DS619: redundant platforms, protocols of EXPOSE, keys of LABEL."""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.facts import Facts
from ...change import Change, ChangesFlag, Layout, Remark, Safety
from ...ir.build import Build
from ...ir.steps import Arg, From, Label, Listing
from ...patterns import re
from ...text import Edit
from ..base import Proposals, missed
from .label_keys import bare_key, is_valid_key

_PORT = re.compile(r"[0-9]+(?:-[0-9]+)?/(?P<protocol>[A-Za-z]+)\Z")
_MAPPED = re.compile(r"(?:[0-9.]+:)?[0-9-]*:[0-9-]+(?:/\w+)?\Z")
_PREDEFINED = re.compile(r"\$(?:TARGETPLATFORM|\{TARGETPLATFORM\})\Z")


def metadata_form(build: Build, facts: Facts) -> Proposals:
    """Write what EXPOSE and LABEL say in the form that tools expect, and leave out what in FROM says nothing.

    `EXPOSE 80/TCP` is 80/tcp in the image, and of `EXPOSE 8080:80` only 80 gets there. Quotes around a label's key are
    no part of it. `FROM --platform=$TARGETPLATFORM` asks for the platform that is taken anyway.

    Safe because the image's configuration stays the same to the letter. Source: BuildKit checks
    RedundantTargetPlatform, ExposeProtoCasing, ExposeInvalidFormat; Docker documentation, "Docker object labels", key
    format.
    """
    for stage in build.stages:
        yield from _platform(stage.head, build)
        for step in stage.steps:
            if isinstance(step, Listing) and step.keyword == "EXPOSE":
                yield from _ports(step)
            elif isinstance(step, Label):
                yield from _labels(step)


def _platform(head: From, build: Build) -> Iterator[Change | Remark]:
    value = head.origin.flag("platform")
    if value is None or not _PREDEFINED.match(value):
        return
    if any(
        isinstance(step, Arg) and any(pair.key == "TARGETPLATFORM" for pair in step.pairs) for step in build.preamble
    ):
        yield missed(head.line, f"--platform={value} stays: ARG TARGETPLATFORM stands above")
        return
    flag = next(flag for flag in head.origin.flags if flag.name == "platform")
    logical = head.origin.logical
    behind = re.compile(r"[ \t]*").match(logical.text, flag.span.end)
    assert behind is not None
    yield Change(
        edits=(Edit.delete(logical.before(flag.span.start), logical.before(behind.end())),),
        title=f"FROM {head.image} without --platform={value}",
        reason="it is the platform that is taken anyway",
        safety=Safety.SAFE,
        claims=(ChangesFlag("FROM", "platform", value, None),),
        line=head.line,
    )


def _ports(step: Listing) -> Iterator[Change | Remark]:
    logical = step.origin.args_logical
    for match in re.finditer(r"\S+", logical.text):
        word = match[0]
        port = _PORT.match(word)
        if port is not None and port["protocol"] != port["protocol"].lower():
            start = match.start() + port.start("protocol")
            lower = port["protocol"].lower()
            yield Change(
                edits=(Edit(logical.span(start, start + len(lower)), lower),),
                title=f"EXPOSE {word} in lower case",
                reason="this is how it stands in the image",
                safety=Safety.SAFE,
                claims=(Layout(),),
                line=step.line,
            )
        elif _MAPPED.match(word):
            yield Change(
                edits=(Edit(logical.span(match.start(), match.start() + word.rindex(":") + 1), ""),),
                title=f"EXPOSE {word.rpartition(':')[2]} without what belongs to the host",
                reason="only the container's port gets into the image",
                safety=Safety.SAFE,
                claims=(Layout(),),
                line=step.line,
            )


def _labels(step: Label) -> Iterator[Change]:
    for pair in step.pairs:
        bare = bare_key(pair.key)
        if bare != pair.key and is_valid_key(bare) and not pair.legacy:
            logical = step.origin.args_logical
            start, end = pair.span.start, pair.span.start + len(pair.key)
            yield Change(
                edits=(Edit(logical.span(start, start + 1), ""), Edit(logical.span(end - 1, end), "")),
                title=f"label {bare} without quotes",
                reason="the quotes are no part of the key",
                safety=Safety.SAFE,
                claims=(Layout(),),
                line=step.line,
            )
