"""The Typer application. Commands are declared here and carried out in modules that load when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .lock import lock_command
from .quick import split
from .verify import verify_command

app = typer.Typer(
    name="dockerslim",
    help="Rewrite Dockerfiles: same image, smaller and safer, with a reason for every change.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_Rules = list[str] | None


@app.command("rewrite")
def rewrite_command(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Dockerfiles to rewrite; - is standard input.")],
    output: Annotated[str | None, typer.Option("-o", "--output", help="Write the result to this file.")] = None,
    in_place: Annotated[bool, typer.Option("--in-place", "-i", help="Write each result over its input.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print a unified diff to standard output.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if anything would change.")] = False,
    level: Annotated[str, typer.Option(help="safe, standard or aggressive.")] = "standard",
    select: Annotated[_Rules, typer.Option(help="Only these rules (DS201, DS2, DL3009, …); comma-separated.")] = None,
    ignore: Annotated[_Rules, typer.Option(help="Not these rules; comma-separated.")] = None,
    style: Annotated[str, typer.Option(help="keep edits in place; canonical renders the whole file.")] = "keep",
    templates: Annotated[Path | None, typer.Option(help="A folder with templates of your own.")] = None,
    pin: Annotated[str | None, typer.Option(help="Pin base images to: tag, digest, both or none.")] = None,
    lock: Annotated[
        Path | None, typer.Option("--lock", help="The lock file; else dockerslim.lock beside the file or above it.")
    ] = None,
    dockerignore: Annotated[
        bool, typer.Option("--dockerignore", help="Write or extend the context's .dockerignore, with -o or --in-place.")
    ] = False,
    format: Annotated[str, typer.Option("--format", help="Form of the report: text or json.")] = "text",
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 if a change had to be withdrawn.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Build before and after; write nothing unless the images are equivalent.")
    ] = False,
    context: Annotated[
        Path | None,
        typer.Option(help="The build context; by default what a compose file says, else the folder of the file."),
    ] = None,
    account: Annotated[str, typer.Option(help="NAME:NUMBER of a user that has to be created.")] = "app:10001",
    cleanup: Annotated[
        str, typer.Option(help="Package caches: delete, or cache-mount to keep them outside.")
    ] = "delete",
    flatten: Annotated[
        bool, typer.Option("--flatten", help="One layer, at level aggressive: everything copied into an empty image.")
    ] = False,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Show declined splits of stages as drafts, on standard error.")
    ] = False,
    engine: Annotated[str | None, typer.Option(help="For --verify: docker, podman or buildah.")] = None,
    target: Annotated[str | None, typer.Option(help="For --verify: the stage to build.")] = None,
    build_arg: Annotated[list[str] | None, typer.Option(help="For --verify: NAME=VALUE or NAME.")] = None,
    network: Annotated[str | None, typer.Option(help="For --verify: the network to build and run with.")] = None,
    smoke: Annotated[str | None, typer.Option(help="For --verify: a command to run in both images.")] = None,
    smoke_file: Annotated[Path | None, typer.Option(help="For --verify: a file with that command.")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No report.")] = False,
) -> None:
    """Rewrite Dockerfiles. The result goes to standard output, or where -o or --in-place says.

    With --verify each file that changes is built before and after. Nothing is written unless both images are
    equivalent: the same files, configuration and output of the smoke command, but for what the changes announce.
    Exit 1: the images differ; 2: one of them could not be built. Files that stay as they are need no build.
    """
    from .builds import BuildRequest
    from .rewrite import Request, complain, run

    building = BuildRequest(
        context=context,
        engine=engine,
        target=target,
        build_args=tuple(build_arg or ()),
        network=network,
        smoke=smoke,
        smoke_file=smoke_file,
        warm=False,
    )
    if not verify and building != BuildRequest(context=context, warm=False):
        complain("options that say how to build are for --verify")
        raise typer.Exit(2)
    raise typer.Exit(
        run(
            Request(
                paths=tuple(paths),
                output=output,
                in_place=in_place,
                diff=diff,
                check=check,
                level=level,
                select=_split(select),
                ignore=_split(ignore),
                style=style,
                templates=templates,
                pin=pin,
                lock=lock,
                format=format,
                strict=strict,
                quiet=quiet,
                context=context,
                account=account,
                dockerignore=dockerignore,
                cleanup=cleanup,
                flatten=flatten,
                suggest=suggest,
                verify=building if verify else None,
            )
        )
    )


@app.command("rules")
def rules_command(
    format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """List the rules: code, level, what they do, and the findings of other tools that they answer."""
    from .rules import list_rules

    raise typer.Exit(list_rules(format))


@app.command("explain")
def explain_command(
    rule: Annotated[str, typer.Argument(help="A rule: DS201, its name, or a code that it answers (DL3009).")],
) -> None:
    """Explain a rule: what it does, why it is safe, with examples."""
    from .rules import explain

    raise typer.Exit(explain(rule))


@app.command("ir")
def ir_command(
    path: Annotated[str, typer.Argument(help="A Dockerfile; - is standard input.")],
) -> None:
    """Print the program that a Dockerfile describes, as JSON."""
    from .ir import print_ir

    raise typer.Exit(print_ir(path))


app.command("lock")(lock_command)
app.command("verify")(verify_command)


def _version(value: bool) -> None:
    if value:
        from .. import __version__

        typer.echo(f"dockerslim-rewrite {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Rewrite Dockerfiles: same image, smaller and safer, with a reason for every change."""


def _split(values: list[str] | None) -> tuple[str, ...]:
    return tuple(part for value in values or () for part in split(value))
