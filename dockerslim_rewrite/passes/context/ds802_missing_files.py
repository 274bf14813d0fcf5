"""DS802: files that are copied and not sent to the build."""

from __future__ import annotations

import posixpath

from ...analysis.facts import Facts
from ...ir.build import Build
from ..base import Proposals, analysis


def missing_files(build: Build, facts: Facts) -> Proposals:
    """Tell which sources of COPY and ADD a build does not get: kept out by .dockerignore, or not in the context.

    Such a build fails, at the earliest when it comes to that line.

    Nothing is changed: whether the file, the line or the ignore file is wrong only its author knows. Safe for that
    reason. Source: Docker documentation, ".dockerignore files", for how patterns match.
    """
    project = facts.project
    if project is None:
        return
    for source, line in project.missing(build):
        path = posixpath.normpath("/" + source).lstrip("/")
        if project.excluded(path):
            yield analysis(line, f"{source} is kept from the build by {project.ignore_path}, so COPY fails")
        else:
            yield analysis(line, f"{source} is not in the build context {project.name}")
