"""Keys of labels: which may get another name."""

from __future__ import annotations

from collections import Counter

from ...change import Renames
from ...ir.build import Build
from ...ir.steps import Label
from ..core.observe import value
from ..core.verdict import Unsound
from ..shell.claims import Licences

#: The keys of labels that say what MAINTAINER says.
AUTHORS = frozenset(("org.opencontainers.image.authors", "maintainer"))
#: Keys that say something to people alone, and may lose their capitals.
_WORDS = frozenset(
    (
        "architecture", "author", "authors", "description", "distribution", "licence", "license", "maintainer",
        "maintainers", "name", "release", "summary", "title", "url", "vendor", "version", "website",
    )
)  # fmt: skip


def renamed(licences: Licences) -> dict[str, str]:
    """The keys of labels that may change, with what they become; a claim of any other change is left aside."""
    pairs = [(claim.before, claim.after) for claim in licences.of(Renames) if claim.keyword == "LABEL"]
    return {before: after for before, after in pairs if {before, after} == AUTHORS or _loses_capitals(before, after)}


def _loses_capitals(before: str, after: str) -> bool:
    return before != after and before.lower() == after and after in _WORDS


def check_labels(old: Build, new: Build, licences: Licences) -> None:
    """Raise ``Unsound`` where a label that got another name met one that had it already."""
    names = renamed(licences)
    if not names:
        return
    before, after = _keys(old), _keys(new)
    for name in set(names.values()):
        had = [key for key in before if names.get(key, key) == name]
        if len(had) > 1 or sum(before[key] for key in had) != after[name]:
            raise Unsound(f"two labels became {name}")


def _keys(build: Build) -> Counter[str]:
    """How often each key of a label stands in *build*."""
    escape = build.document.escape
    steps = (step for step in build if isinstance(step, Label))
    return Counter("".join(value(pair.key, escape)) for step in steps for pair in step.pairs)
