"""DS630: keys of labels in lower case."""

from __future__ import annotations

import re

from ...analysis.facts import Facts
from ...change import Change, Renames, Safety
from ...ir.build import Build
from ...ir.steps import Label
from ...text import Edit
from ..base import Proposals, missed
from .label_keys import bare_key, is_valid_key

#: Keys that only tell people something; others, such as RUN and INSTALL, are read by programs under their very name.
_TELLING = frozenset(
    (
        "architecture", "author", "authors", "description", "distribution", "licence", "license", "maintainer",
        "maintainers", "name", "release", "summary", "title", "url", "vendor", "version", "website",
    )
)  # fmt: skip


def label_case(build: Build, facts: Facts) -> Proposals:
    """Write labels of people's words, such as `Version` or `MAINTAINER`, in lower case.

    Docker asks for lower case in the keys of labels. Whoever looks for the label by its old name finds it no more, so
    this is level aggressive, and not done where another label has that name already. Other keys with capitals or
    blanks stay, with a remark: programs read labels such as `RUN` and `INSTALL`. Source: Docker documentation, "Docker
    object labels", key format; hadolint DL3048.
    """
    keys = [bare_key(pair.key) for step in build if isinstance(step, Label) for pair in step.pairs]
    for stage in build.stages:
        for step in stage.steps:
            for pair in step.pairs if isinstance(step, Label) else ():
                bare = bare_key(pair.key)
                if is_valid_key(bare) or "$" in bare:
                    continue
                lower = bare.lower()
                if lower not in _TELLING or sum(one.lower() == lower for one in set(keys)) > 1:
                    advice = re.sub(r"[^a-z0-9.-]+", "-", lower).strip("-.")
                    yield missed(
                        step.line, f"the label {bare} is not a valid key ({advice} would be); readers use its name"
                    )
                    continue
                start = pair.span.start
                yield Change(
                    edits=(Edit(step.origin.args_logical.span(start, start + len(pair.key)), lower),),
                    title=f"label {bare} becomes {lower}",
                    reason="keys of labels are written in lower case",
                    safety=Safety.AGGRESSIVE,
                    claims=(Renames("LABEL", bare, lower),),
                    line=step.line,
                )
