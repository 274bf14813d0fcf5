"""``dockerslim verify``: build both, compare the images."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..regular import read_regular
from ..report.text import printable

if TYPE_CHECKING:
    from ..engine.verify import Candidate, VerifyOptions

EQUIVALENT, DIFFERENT, NOT_BUILT = 0, 1, 2


def verify_command(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="The Dockerfile as it was.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The Dockerfile as it is now.")],
    context: Annotated[
        Path | None, typer.Option(help="The build context; default: as a compose file says, else BEFORE's directory.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="docker, podman or buildah, or a path to one of them.")] = None,
    target: Annotated[str | None, typer.Option(help="The stage to build.")] = None,
    build_arg: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, or NAME from the environment.")] = None,
    network: Annotated[str | None, typer.Option(help="The engine's network for building and running.")] = None,
    smoke: Annotated[str | None, typer.Option(help="A command to run in both: shell, or a JSON array.")] = None,
    smoke_file: Annotated[Path | None, typer.Option(help="A file with that command.")] = None,
    expect: Annotated[list[str] | None, typer.Option(help="Paths that may be gone, as /usr/share/doc/**.")] = None,
    expect_config: Annotated[list[str] | None, typer.Option(help="Fields that may differ, as User, Env.PATH.")] = None,
    fewer_packages: Annotated[bool, typer.Option("--fewer-packages", help="Packages may be gone, with files.")] = False,
    touch: Annotated[Path | None, typer.Option(help="The file in the context to change for warm builds.")] = None,
    warm: Annotated[bool, typer.Option("--warm/--no-warm", help="Build again with a file changed.")] = True,
    control: Annotated[bool, typer.Option("--control/--no-control", help="Build BEFORE twice to know noise.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds that one build may take.")] = 3600.0,
    log: Annotated[Path | None, typer.Option(help="Keep the output of the builds in this file.")] = None,
    format: Annotated[str, typer.Option("--format", help="text, json or markdown.")] = "text",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Build two Dockerfiles and compare the images. Exit 0: equivalent, 1: different, 2: could not be built."""
    from ..engine.announced import Announced
    from ..engine.expectations import removals
    from ..engine.verify import Candidate
    from .builds import BuildRequest

    if format not in ("text", "json", "markdown"):
        raise _refusal(f"unknown format {format!r}; known formats: text, json, markdown")
    request = BuildRequest(
        context=context,
        engine=engine,
        target=target,
        build_args=tuple(build_arg or ()),
        network=network,
        smoke=smoke,
        smoke_file=smoke_file,
        touch=touch,
        control=control,
        warm=warm,
        timeout=timeout,
        log=log,
    )
    try:
        folder, options = request.folder(str(before)), request.options()
        for path in (before, after):
            read_regular(path, 0)
    except OSError as error:
        raise _refusal(f"{error.filename}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise _refusal(str(error)) from None
    expected = removals(expect or (), "announced with --expect")
    candidate = Candidate(after, Announced(expected, frozenset(expect_config or ()), fewer_packages))
    raise typer.Exit(_carry_out(before, candidate, folder, options, format, quiet))


def _carry_out(before: Path, after: Candidate, context: Path, options: VerifyOptions, format: str, quiet: bool) -> int:
    from ..engine.interface import BuildFailed
    from ..report import verify as report
    from .builds import build_both

    outcome = build_both(before, after, context, options, quiet=quiet)
    if outcome is None:
        return NOT_BUILT
    if isinstance(outcome, BuildFailed):
        if format == "text":
            print("\n".join(report.failure_lines(outcome)), file=sys.stderr)
        else:
            print(report.failure_json(outcome) if format == "json" else report.failure_markdown(outcome))
        return NOT_BUILT
    if format == "json":
        print(report.verification_json(outcome))
    elif format == "markdown":
        print(report.verification_markdown(outcome), end="")
    else:
        print("\n".join(report.verification_lines(outcome)))
    return EQUIVALENT if outcome.equivalent else DIFFERENT


def _refusal(message: str) -> typer.Exit:
    print(printable(f"dockerslim: {message}"), file=sys.stderr)
    return typer.Exit(NOT_BUILT)
