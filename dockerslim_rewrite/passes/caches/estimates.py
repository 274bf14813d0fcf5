"""How many bytes a cleanup is worth, as far as the Dockerfile tells."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.bases import base_head, base_image
from ...analysis.facts import Facts, Use
from ...analysis.shell.operations import Kind
from ...ir.build import Build, Stage
from ...knowledge.savings import go_cache, language_cache, package_lists

_FILE_OPTIONS = ("-r", "--requirement", "-e", "--editable")


def left_behind(uses: Sequence[Use], stage: Stage, build: Build, facts: Facts) -> int | None:
    """The bytes that *uses*, operations of one manager in one RUN of *stage*, leave in lists and caches.

    None where they do not reach the image, or nothing is known.
    """
    if not facts.graph.ships(stage.index):
        return None
    known = uses[0].operation.manager
    if known.name == "apt":
        image = base_image(build, facts, stage)
        return package_lists(image.release if image else None)
    if known.name == "go":
        return go_cache(base_head(build, facts, stage).image.partition(":")[2])
    installs = [use for use in uses if use.operation.kind is Kind.INSTALL]
    found = [language_cache(known.name, _named(use), listed=_listed(use)) for use in installs]
    if found and None not in found:
        return sum(size for size in found if size is not None)
    return known.saving


def _named(use: Use) -> tuple[str, ...]:
    return tuple(word for at in use.operation.operands if (word := use.command.argv[at]))


def _listed(use: Use) -> bool:
    """Whether what to install is written in a file: requirements, a manifest, the project itself."""
    operation = use.operation
    return operation.has_flag(*_FILE_OPTIONS) or all(word.startswith((".", "/")) for word in _named(use))
