"""``python -m dockerslim_rewrite.report.rule_table``: the table of rules as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from ..change import Safety
from ..passes import Pass, rules

#: What each group is for, in the order in which the page lists them.
GROUPS = {
    "size": "fewer bytes in the image",
    "security": "less that an attacker can use",
    "cache": "less to do in the next build",
    "correctness": "builds and images that do what they say",
    "buildkit": "what BuildKit itself warns about at build time",
    "lint": "style that only a linter asks for; off unless it is selected",
}


def level_of(one: Pass) -> str:
    """The level at which *one* acts, in words: the lowest and, where it is another one, the highest of its changes."""
    if one.level is None or one.ceiling is None:
        return "remark"
    return one.level.label if one.level is one.ceiling else f"{one.level.label} to {one.ceiling.label}"


def page() -> str:
    """The page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Rules"
    yield ""
    levels = ", ".join(f"`{level.label}`" for level in Safety)
    yield "Made from the table of rules by `make rules`. `dockerslim explain DS201` shows a rule with its cases."
    yield f"Levels are {levels}: a rule acts from the one that is named here. A *remark* changes nothing."
    for group, meaning in GROUPS.items():
        yield ""
        yield f"## {group}: {meaning}"
        yield ""
        yield "| rule | level | what it does | answers |"
        yield "|---|---|---|---|"
        for one in rules():
            if one.group == group:
                level = f"{level_of(one)}, on request" if one.optional else level_of(one)
                summary = one.summary.replace("|", "\\|")
                yield f"| {one.code} {one.name} | {level} | {summary} | {', '.join(one.answers)} |"


if __name__ == "__main__":
    print(page(), end="")
