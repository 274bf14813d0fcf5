"""``dockerslim files``: which Dockerfiles are covered, and which are skipped and why."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..report.text import printable


def files_command(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH...]", help="Files and directories.")] = None,
    python: Annotated[bool, typer.Option("--python", help="Python modules with Dockerfiles in them.")] = False,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Read no configuration.")] = False,
    format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """List the Dockerfiles that `rewrite` would take, and those that it would skip, with the reason."""
    raise typer.Exit(list_files(tuple(paths or (".",)), python, config, format, isolated=isolated))


def list_files(paths: tuple[str, ...], python: bool, config: Path | None, format: str, *, isolated: bool) -> int:
    """Print what is covered to standard output, and in text what is skipped to standard error; the exit code."""
    from ..workspace.configuration.resolve import configuration
    from ..workspace.configuration.unmatched import unmatched
    from ..workspace.discovery import Covered, discover, files_of, is_missing

    try:
        if format not in ("text", "json"):
            raise ValueError(f"unknown format {format!r}; known formats: text, json")
        configured = configuration(config, isolated=isolated)
        found = list(discover(paths, python=python, excluded=configured.excluded))
        missing = next((one.path for one in found if isinstance(one, Covered) and is_missing(one)), None)
        if missing is not None:
            raise ValueError(f"{missing}: no such file")
        slips = list(unmatched(configured, [path for path in paths if os.path.isdir(path)], files_of(found)))
    except ValueError as error:
        print(f"dockerslim: {printable(str(error))}", file=sys.stderr)
        return 2
    for slip in slips:
        print(printable(f"dockerslim: {slip}"), file=sys.stderr)
    if format == "json":
        covered = [one.path for one in found if isinstance(one, Covered)]
        skipped = [
            {"path": one.path, "reason": one.reason, "directory": one.folder}
            for one in found
            if not isinstance(one, Covered)
        ]
        print(json.dumps({"covered": covered, "skipped": skipped}, indent=2, ensure_ascii=False))
        return 0
    for one in found:
        if isinstance(one, Covered):
            print(printable(one.path))
        else:
            kind = "/" if one.folder else ""
            print(printable(f"skipped: {one.path}{kind}: {one.reason}"), file=sys.stderr)
    return 0
