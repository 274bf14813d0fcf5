"""Where releases of Elixir programs can run: a small image of the language, which has all that Erlang is linked to."""

from __future__ import annotations

import posixpath

from ...analysis.packages.listed import Unmet
from ...analysis.runtime.linked import links
from ...analysis.shell.operations import operation
from ...change import Safety
from ...patterns import re
from .runtime_needs import CERTIFICATES, needed_packages
from .slim_variants import slim_variant
from .split_project import Project, Target, is_small

_SCRIPT = re.compile(r"/.*/bin/[a-z][a-z0-9_]*\Z")


def elixir_targets(project: Project) -> list[Target] | str:
    """The very image that the build stands on if it is small, else its slim variant, or why neither may do."""
    calls = [operation(call.argv) for call in project.facts.calls(project.stage)]
    if not any(one is not None and one.manager.name == "hex" and one.subcommand == "release" for one in calls):
        return "nothing here builds a release"
    for started in project.starting.programs:
        path = posixpath.normpath(posixpath.join(project.folder or "/", started.name))
        if not started.path or not _SCRIPT.match(path) or not project.shipping.covers(path):
            return f"{started.keyword} starts {started.name}, which is not known to be a release that was built here"
    image = project.image
    packages = needed_packages(project, image.release)
    if isinstance(packages, str):
        return packages
    base = project.stage.head.image
    if is_small(image):
        why = f"compilers and tools are needed to build only; {base} stays"
        return [Target(base, Safety.STANDARD, why, packages=packages)]
    variant = slim_variant(project)
    if variant is None:
        return "no slim variant of the full image is known for this tag"
    try:
        links(project.stage, project.build, project.facts, project.shipping.states)
    except Unmet as reason:
        return f"the full image has compilers and libraries of its own, and {reason}"
    why = f"compilers are needed to build only; {variant} is the same version, and has what Erlang is linked to"
    # The slim image of Erlang takes them out again when it is built.
    wanted = tuple(sorted({*packages, CERTIFICATES}))
    return [Target(variant, Safety.AGGRESSIVE, why, packages=wanted)]
