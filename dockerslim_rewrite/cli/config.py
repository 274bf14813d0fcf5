"""``dockerslim config``: what holds for a file, and who says so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..report.text import printable

config_app = typer.Typer(help="Look at the configuration.", no_args_is_help=True, rich_markup_mode=None)


@config_app.command("show")
def show_command(
    path: Annotated[Path, typer.Argument(help="A Dockerfile.")] = Path("Dockerfile"),
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Read no configuration.")] = False,
) -> None:
    """Show what is configured for a file, with the place that says so, and how the repository builds it."""
    raise typer.Exit(show(path, config, isolated=isolated))


@config_app.command("schema")
def schema_command() -> None:
    """Print the JSON schema of the configuration, for editors."""
    from ..workspace.configuration.schema import FILE

    typer.echo(FILE.read_text("utf-8"), nl=False)


def show(path: Path, config: Path | None, *, isolated: bool) -> int:
    """Print what holds for the file *path*; the exit code."""
    from ..workspace.configuration.keys import keys
    from ..workspace.configuration.resolve import Chosen, configuration
    from ..workspace.uses import workspace_for
    from .request import Request

    try:
        configured = configuration(config, isolated=isolated)
        configured.check(path)
        chosen = configured.settings_for(path)
        context = configured.context_for(path)
        excluded = configured.excluded(str(path))
        arguments = configured.build_args_for(path)
    except ValueError as error:
        print(f"dockerslim: {printable(str(error))}", file=sys.stderr)
        return 2
    defaults = dict(Request.__defaults__)  # type: ignore[attr-defined]
    for one in keys().values():
        if one.name is None:
            continue
        found = chosen.get(one.name, Chosen(defaults.get(one.name), "default"))
        print(printable(f"{one.key} = {_shown(found.value)}  # {found.origin}"))
    for name, value in arguments.items():
        print(printable(f"build-args.{name} = {_shown(value)}"))
    if excluded is not None:
        print(printable(f"# {excluded}"))
    for project in workspace_for(path).projects(path, context) if path.is_file() else ():
        target = f", stage {project.usage.target}" if project.usage.target else ""
        builds = ", ".join(map(str, project.usage.builds))
        said = "as configured" if context is not None else f"asked for at {builds}" if builds else project.found
        print(printable(f"# built with context {project.name}{target}: {said}"))
    return 0


def _shown(value: object) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"'
