"""Where a rule is explained: its page where pages are published, else the one that is installed with the program."""

from __future__ import annotations

import re
from functools import cache

from ..passes import Pass, rules
from ..report.findings import page_of
from ..report.fixtures import fixture_folder


@cache
def _by_code() -> dict[str, Pass]:
    return {one.code: one for one in rules()}


def rule_of(code: str) -> Pass | None:
    """The rule *code*; None for what the program says of itself."""
    return _by_code().get(code)


def page(code: str) -> str | None:
    """The address of the page of the rule *code*: published, or of the file with its examples; None for no rule."""
    published = page_of(code)
    rule = rule_of(code)
    if published is not None or rule is None:
        return published
    folder = fixture_folder()
    file = None if folder is None else folder / f"{rule.name}.md"
    return file.as_uri() if file is not None and file.is_file() else None


def explained(code: str) -> str:
    """What the rule *code* does, in its first paragraph; empty for no rule."""
    rule = rule_of(code)
    if rule is None:
        return ""
    return re.sub(r"``([^`]*)``", r"`\1`", rule.doc.split("\n\n")[0].replace("\n", " "))
