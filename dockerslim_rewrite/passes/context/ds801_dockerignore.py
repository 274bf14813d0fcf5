"""DS801: what a .dockerignore could keep out of the build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...analysis.facts import Facts
from ...analysis.project import FileRole
from ...ir.build import Build
from ..base import Proposals, analysis
from .sizes import shown

if TYPE_CHECKING:
    from ...context.ignore_file import IgnoreFile

#: Fewer files, and fewer bytes, slow no build down.
_FILES = 100
_BYTES = 1_000_000


def dockerignore(build: Build, facts: Facts) -> Proposals:
    """Tell what a .dockerignore would keep out of the build, and write it with `--dockerignore`.

    A build is sent the whole context first. Version control data, installed dependencies, virtual environments and
    caches make that slow, take part in `COPY . .`, and let every commit or test run invalidate the build cache.

    It is another file than the Dockerfile, so it is written only when asked for. Nothing goes in that a COPY, an ADD or
    a bind mount names; version control data stay where a command or a package's version asks for them, installed
    dependencies where nothing installs them anew, and secrets where a file of the project names them. Safe because
    what is written is read again and must keep out just that. Source: Docker documentation, ".dockerignore files".
    """
    project = facts.project
    if project is None or not build.stages:
        return
    from ...context.ignore_file import ignore_file

    found = ignore_file(build, project)
    if found is None or not _worth(found):
        return
    names = ", ".join(item.path + ("/" if item.folder else "") for item in found.items[:5])
    more = f" and {len(found.items) - 5} more" if len(found.items) > 5 else ""
    counted = f"{found.files} file{'' if found.files == 1 else 's'}"
    there = project.ignore_path
    written = "writes the file that keeps them out" if there is None else f"adds to {there} what keeps them out"
    yield analysis(
        build.stages[0].head.line,
        f"a build is sent {counted} ({shown(found.size)}) that it does not need: {names}{more}; "
        f"--dockerignore {written}",
        *(f"{item.path}: {item.role.value}, {shown(item.size)}" for item in found.items),
    )


def _worth(found: IgnoreFile) -> bool:
    """Whether what is kept out costs anything: it is large, or it changes although the image does not."""
    matters = (FileRole.VERSION_CONTROL, FileRole.SECRET, FileRole.DEPENDENCIES, FileRole.ENVIRONMENT)
    # .gitignore alone is not the history.
    costs = (item for item in found.items if item.folder or item.role is not FileRole.VERSION_CONTROL)
    return found.files >= _FILES or found.size >= _BYTES or any(item.role in matters for item in costs)
