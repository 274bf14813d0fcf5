"""Plugins of Gradle that read nothing of the project; see ``data/gradle_plugins.toml``."""

from __future__ import annotations

from functools import cache

from .tables import table


@cache
def harmless_plugins() -> frozenset[str]:
    """The plugins' ids."""
    return frozenset(table("gradle_plugins")["plugins"])
