"""The Typer application. Commands are declared here and carried out in modules that load when called."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..record import evolve
from .baseline import baseline_command
from .batch import batch_app, cache_app
from .config import config_app
from .covered import files_command
from .listing import builds_command
from .lock import lock_command
from .options import from_table
from .prove import prove_command
from .review import review_command
from .rewrite import Request, complain
from .server import server_command
from .verify import verify_command

app = typer.Typer(
    name="dockerslim",
    help="Rewrite Dockerfiles: same image, smaller and safer, with a reason for every change.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command("rewrite")
@from_table(Request)
def rewrite_command(
    call: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Dockerfiles to rewrite; - is standard input.")],
    **values: Any,
) -> None:
    """Rewrite Dockerfiles. The result goes to standard output, or where -o or --in-place says.

    With --verify each file that changes is built before and after. Nothing is written unless both images are
    equivalent: the same files, configuration and output of the smoke command, but for what the changes announce.
    Exit 1: the images differ; 2: one of them could not be built. Files that stay as they are need no build.

    With --prove what cannot be read is shown by building first, as `dockerslim prove` does.
    """
    from .builds import BuildRequest
    from .rewrite import run

    building = BuildRequest(
        context=values["context"],
        build_args=values.pop("build_arg") or (),
        **{name: values.pop(name) for name in ("engine", "target", "network", "smoke", "smoke_file")},
        warm=False,
    )
    verify, prove = values.pop("verify"), values.pop("prove")
    if not (verify or prove) and building != BuildRequest(context=values["context"], warm=False):
        complain("options that say how to build are for --verify and --prove")
        raise typer.Exit(2)
    given = {name: value for name, value in values.items() if value is not None}
    typed = frozenset(name for name in given if _typed(call, name))
    request = Request(paths=tuple(paths), **given, given=typed)
    chosen = {name: building for name, wanted in (("verify", verify), ("prove", prove)) if wanted}
    raise typer.Exit(run(evolve(request, **chosen)))


def _typed(call: typer.Context, name: str) -> bool:
    """Whether the option *name* was typed, as opposed to having its default."""
    source = call.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


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


app.add_typer(batch_app, name="batch")
app.add_typer(cache_app, name="cache")
app.command("files")(files_command)
app.command("builds")(builds_command)
app.add_typer(config_app, name="config")
app.command("baseline")(baseline_command)
app.command("lock")(lock_command)
app.command("prove")(prove_command)
app.command("review")(review_command)
app.command("server")(server_command)
app.command("verify")(verify_command)


def _version(value: bool) -> None:
    if value:
        from .. import __version__

        typer.echo(f"dockerslim-rewrite {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("-V", "--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Rewrite Dockerfiles: same image, smaller and safer, with a reason for every change."""
