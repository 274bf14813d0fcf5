"""How people and engines of workflows start containers; see ``data/run_commands.toml``."""

from __future__ import annotations

from functools import cache

from ..patterns import re
from .tables import table


@cache
def run_command() -> re.Pattern[str]:
    """The beginning of a command that runs an image, in running text."""
    return re.compile(table("run_commands")["command"])


@cache
def run_options() -> tuple[frozenset[str], frozenset[str]]:
    """The options whose value is the next word, long ones and letters."""
    data = table("run_commands")
    return frozenset(data["values"]), frozenset(data["short"])


@cache
def workflow_image() -> re.Pattern[str]:
    """Where a workflow names an image, or a variable for one, as ``image``."""
    return re.compile(table("run_commands")["image"])
