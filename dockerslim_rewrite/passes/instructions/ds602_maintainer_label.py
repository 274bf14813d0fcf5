"""DS602: MAINTAINER."""

from __future__ import annotations

from ...analysis.facts import Facts
from ...change import Change, ReplacesInstruction, Safety
from ...ir.build import Build
from ...ir.steps import Label, Value
from ...render.instructions import instruction
from ...text import Edit
from ..base import Proposals, missed
from .lines import blanks_behind

KEY = "org.opencontainers.image.authors"


def maintainer_label(build: Build, facts: Facts) -> Proposals:
    """Say who maintains the image in a label instead of MAINTAINER.

    MAINTAINER has been deprecated since Docker 1.13; labels are what tools read, and
    `org.opencontainers.image.authors` is the OCI image specification's key for it.

    Safe because nothing but the image's metadata changes: the same text, in one place instead of another. Quotes
    around the whole text, which MAINTAINER would keep as part of the name, are taken as quotes. Source: OCI image
    specification, annotations; Dockerfile reference, MAINTAINER.
    """
    escape = build.document.escape
    for stage in build.stages:
        labelled = [step for step in stage.steps if isinstance(step, Label) and _has_key(step)]
        for step in stage.steps:
            if not isinstance(step, Value) or step.keyword != "MAINTAINER" or not step.value:
                continue
            later = next((one for one in stage.steps if one.keyword == "MAINTAINER" and one.index > step.index), None)
            if later is not None:
                yield missed(step.line, f"the MAINTAINER on line {later.line} takes its place; remove this one")
                continue
            if labelled:
                line = labelled[0].line
                yield missed(step.line, f"line {line} sets {KEY} already; remove one of them", f"line {line}")
                continue
            if step.origin.comments:
                yield missed(step.line, "comments stand inside MAINTAINER")
                continue
            span = step.origin.keyword_span
            keyword = "label" if build.text[span.start : span.end].islower() else "LABEL"
            value = quoted(authors(step.value), escape)
            logical = step.origin.args_logical
            text = instruction(keyword, f"{KEY}={value}", facts.templates)
            text = text.replace(" ", " " * blanks_behind(step, keyword, facts), 1)
            yield Change(
                edits=(Edit.replace(span.start, logical.after(len(logical.text)), text),),
                title="MAINTAINER becomes a label",
                reason=f"MAINTAINER is deprecated; {KEY} is the key that tools read",
                safety=Safety.SAFE,
                claims=(ReplacesInstruction("MAINTAINER", "LABEL"),),
                line=step.line,
            )


def authors(text: str) -> str:
    """The name in a MAINTAINER's *text*: quotes around the whole of it are no part of a name."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text


def quoted(value: str, escape: str) -> str:
    """*value* in double quotes such that BuildKit reads exactly it."""
    out = []
    for char in value:
        if char in ('"', escape, "$"):
            out.append(escape)
        out.append(char)
    return f'"{"".join(out)}"'


def _has_key(step: Label) -> bool:
    return any(pair.key.strip("\"'") == KEY for pair in step.pairs)
