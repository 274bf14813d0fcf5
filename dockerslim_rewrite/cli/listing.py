"""``dockerslim builds``: who builds which Dockerfile, and how."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..report.text import printable


def builds_command(
    path: Annotated[Path, typer.Argument(help="A directory of the repository, or one Dockerfile.")] = Path(),
    format: Annotated[str, typer.Option("--format", help="text, json, mermaid or dot.")] = "text",
) -> None:
    """List the builds that compose files, Bake, workflows, scripts and manifests ask for, each with where it stands."""
    raise typer.Exit(list_builds(path, format))


def list_builds(path: Path, format: str) -> int:
    """Print the builds at or below *path*; the exit code."""
    from ..report.builds import FORMATS
    from ..workspace.uses import workspace_for

    if format not in FORMATS:
        known = ", ".join(FORMATS)
        print(printable(f"dockerslim: unknown format {format!r}; known formats: {known}"), file=sys.stderr)
        return 2
    if not path.exists():
        print(f"dockerslim: {printable(str(path))}: no such file or directory", file=sys.stderr)
        return 2
    workspace = workspace_for(path)
    builds = workspace.graph.builds
    inner = workspace.repository.relative(Path(path).resolve()) or ""
    if path.is_file():
        builds = tuple(build for build in builds if build.dockerfile == inner)
    elif inner:
        prefix = inner + "/"
        builds = tuple(
            build
            for build in builds
            if f"{build.dockerfile or ''}".startswith(prefix) or build.place.path.startswith(prefix)
        )
    sys.stdout.write(FORMATS[format](builds, workspace.repository.is_file))
    for file, reason in workspace.repository.complaints.items():
        print(printable(f"dockerslim: {file}: {reason}"), file=sys.stderr)
    return 0
