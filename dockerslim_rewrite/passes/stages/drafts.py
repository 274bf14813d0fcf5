"""Splits that were declined, as drafts for people: never part of a result."""

from __future__ import annotations

from collections.abc import Iterator

from ...analysis.facts import Facts
from ...ir.build import Build
from .dotnet_targets import dotnet_targets
from .elixir_targets import elixir_targets
from .go_targets import go_targets
from .java_targets import java_targets
from .language_targets import language_targets
from .native_targets import gcc_targets, native_targets
from .php_targets import php_targets
from .rust_targets import rust_targets
from .sketching import Draft, draft_split
from .split_project import Choose
from .static_targets import serve_targets, static_targets

_RECIPES: tuple[tuple[str, Choose], ...] = (
    ("go", go_targets),
    ("java", java_targets),
    ("native", native_targets),
    ("gcc", gcc_targets),
    ("rust", rust_targets),
    ("dotnet", dotnet_targets),
    ("static", static_targets),
    ("web", static_targets),
    ("serve", serve_targets),
    ("python", language_targets),
    ("node", language_targets),
    ("ruby", language_targets),
    ("php", php_targets),
    ("elixir", elixir_targets),
)


def drafts(build: Build, facts: Facts) -> Iterator[Draft]:
    """The splits of *build* that a recipe would make if what is in the way was not there."""
    for name, choose in _RECIPES:
        draft = draft_split(build, facts, name, choose)
        if draft is not None:
            yield draft
